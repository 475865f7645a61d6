import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import { missingEncoders } from "./support/features.ts";
import { TemporaryFolder } from "./support/media.ts";
import { runScript } from "./support/processes.ts";
import type { EndlessRequest } from "./support/endless_writer.ts";
import { test } from "./support/test.ts";

const files = [
  ["h264", "libx264", "mp4"],
  ["hevc", "libx265", "mp4"],
  ["vp9", "libvpx-vp9", "webm"],
  ["av1", "libsvtav1", "mp4"],
  // libavcodec's own threads read the frames.
  ["png", "png", "mov"],
] as const;

for (const [codec, encoder, extension] of files) {
  const skip = missingEncoders(encoder) || !("Worker" in globalThis) && "there are no web workers";
  test(`createFileWriter, ${codec}: five workers terminated while they write leave the program alive`, {
    skip,
  }, () => {
    using folder = new TemporaryFolder();
    const script = fileURLToPath(new URL("support/terminate_writers.ts", import.meta.url));
    const requests: EndlessRequest[] = Array.from({ length: 5 }, (_, index) => ({
      codec,
      path: folder.file(`${index}.${extension}`),
      options: { thread: index % 2 === 0 ? "worker" : "main", logLevel: "quiet" },
    }));
    const { status, signal, stdout, stderr } = runScript(script, [JSON.stringify(requests)]);
    assertEquals({ status, signal, stdout: stdout.trim() }, { status: 0, signal: null, stdout: "5" }, stderr);
  });
}
