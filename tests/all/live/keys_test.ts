import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { missingEncoders } from "../../support/features.ts";
import { TemporaryFolder } from "../../support/media.ts";
import { runScript } from "../../support/processes.ts";
import { test } from "../../support/test.ts";

const script = fileURLToPath(new URL("../../support/fuzz_keys.ts", import.meta.url));

/** What every key has in it, as text and in base64, wherever in its groups of three bytes it begins. */
const marks: readonly string[] = [
  "s3cr3t",
  ...[0, 1, 2].map((before) =>
    btoa(`${"x".repeat(before)}s3cr3t`).slice(before === 0 ? 0 : before + 1).slice(0, 5)
  ),
];

test("createStreamWriter, outputs: of 216 addresses with keys, none is told, whatever becomes of them", {
  skip: missingEncoders("libx264", "libvpx"),
}, () => {
  let told = "";
  for (const seed of ["1", "2", "3"]) {
    using folder = new TemporaryFolder();
    const { status, stdout, stderr } = runScript(script, [folder.path, "72", seed]);
    assertEquals([status, stdout.trim().split("\n").at(-1)], [0, "72 addresses"], stderr.slice(-500));
    told += `${stdout}${stderr}`;
  }
  for (const mark of marks) {
    const at = told.indexOf(mark);
    assert(at < 0, `${mark}: ${told.slice(Math.max(0, at - 200), at + 100)}`);
  }
  // It does print what became of them, and libav's lines.
  const outcomes = ["Connection refused", "answers 403", "answers 404", "401 Unauthorized"];
  for (const says of [...outcomes, "libx264"]) assert(told.includes(says), says);
});
