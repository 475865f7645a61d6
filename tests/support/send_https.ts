/**
 * A program that sends video by HTTPS and prints what became of it: `send_https.ts ADDRESS`.
 *
 * @module
 */
import process from "node:process";
import { createStreamWriter } from "../../mod.ts";
import { writeCounted } from "./counted.ts";

const audio = { codec: "aac", sampleRate: 48_000, channels: 1 };
try {
  const options = { preset: "ultrafast", keyFrameInterval: 1, audio } as const;
  const writer = await createStreamWriter("libx264", process.argv[2]!, 30, options);
  await writeCounted(writer, 135);
  await writer.close();
  console.log(JSON.stringify(writer.stats.outputs![0]));
} catch (error) {
  console.log(String(error));
}
