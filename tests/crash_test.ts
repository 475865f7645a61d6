import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import { TemporaryFolder } from "./support/media.ts";
import { runScript } from "./support/processes.ts";
import { testsOf } from "./support/test.ts";

const { isLong, testBoth } = testsOf(import.meta.url);

testBoth("createFileWriter: no frame, option or order of calls ends the process", () => {
  using folder = new TemporaryFolder();
  const script = fileURLToPath(new URL("support/nasty.ts", import.meta.url));
  const { status, signal, stdout, stderr } = runScript(script, [folder.path, isLong ? "40" : "16"]);
  const last = stdout.trim().split("\n").at(-1);
  assertEquals({ status, signal, last }, { status: 0, signal: null, last: "survived" }, stderr.slice(-2000));
});
