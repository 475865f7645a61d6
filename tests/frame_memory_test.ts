import { fileURLToPath } from "node:url";
import { assert } from "@std/assert";
import { TemporaryFolder } from "./support/media.ts";
import { runScript } from "./support/processes.ts";
import { test } from "./support/test.ts";

const script = fileURLToPath(new URL("support/memory.ts", import.meta.url));

for (const thread of ["worker", "main"] as const) {
  test(`acquire: growing sizes leave memory level, large frames nothing once closed (thread: ${thread})`, () => {
    using folder = new TemporaryFolder();
    const { status, stdout, stderr } = runScript(script, [folder.path, thread]);
    if (status !== 0) throw new Error(`The program ended with ${status}: ${stderr}`);
    const { before, afterGrowing, afterLarge } = JSON.parse(stdout.trim().split("\n").at(-1)!);
    // The largest of 60 sizes has 4.6 MB. A ring for each of them has over 100 MB.
    assert(afterGrowing - before < 80, `${afterGrowing - before} MB were added`);
    // One of these frames has 76 MB.
    for (const [index, megabytes] of afterLarge.entries()) {
      assert(megabytes - before < 70, `${megabytes - before} MB were left by writer ${index}`);
    }
  });
}
