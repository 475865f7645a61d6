import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { missingEncoders } from "./support/features.ts";
import { TemporaryFolder } from "./support/media.ts";
import { runScript } from "./support/processes.ts";
import { play } from "./support/record.ts";
import type { AfterTermination } from "./support/write_after_termination.ts";
import type { EndlessRequest } from "./support/endless_writer.ts";
import { testsOf } from "./support/test.ts";

const { some, testBoth } = testsOf(import.meta.url);

const files = [
  ["h264", "libx264", "mp4"],
  ["hevc", "libx265", "mp4"],
  ["vp9", "libvpx-vp9", "webm"],
  ["av1", "libsvtav1", "mp4"],
  // libavcodec's own threads read the frames.
  ["png", "png", "mov"],
] as const;

for (const [codec, encoder, extension] of some(files, 4)) {
  const skip = missingEncoders(encoder);
  testBoth(`createFileWriter, ${codec}: five workers terminated while they write leave the program alive`, {
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

for (const thread of ["worker", "main"] as const) {
  testBoth(`recoverFile, ${thread}: the file of a terminated worker is repaired or refused, at once`, () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv");
    const script = fileURLToPath(new URL("support/write_after_termination.ts", import.meta.url));
    const request: EndlessRequest = { codec: "mpeg4", path, options: { thread, logLevel: "quiet" } };
    const { status, signal, stdout, stderr } = runScript(script, [JSON.stringify(request)]);
    assertEquals({ status, signal }, { status: 0, signal: null }, stderr);
    const { recovered, written } = JSON.parse(stdout) as AfterTermination;
    assert(recovered === "IN_USE" || recovered > 0, stdout);
    assert(written === "IN_USE" || written === 3, stdout);
    if (written === 3) assertEquals(play(path, { width: 160, fps: 30 }).frames, 3);
    else assert(statSync(path).size > 0, "a refusal leaves what was there");
  });
}
