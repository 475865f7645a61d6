/**
 * A program that transcodes a file and kills itself meanwhile: run by tests. Its parameters are the paths,
 * and, for two passes, the share of the work after which it does that.
 *
 * @module
 */
import process from "node:process";
import { transcode } from "../../recipes.ts";

const [input, output, share] = process.argv.slice(2);
const options = share === undefined ? {} : { passes: 2, bitrate: "500k" } as const;
await transcode(input!, output!, share === undefined ? "ffv1" : "libx264", {
  ...options,
  onProgress: ({ finished }) => {
    if (share === undefined || finished! > Number(share)) process.kill(process.pid, "SIGKILL");
  },
});
