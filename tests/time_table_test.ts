import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { requireEncoders } from "./support/features.ts";
import { TemporaryFolder } from "./support/media.ts";
import {
  allTimeCases,
  containers,
  judgeTimes,
  makeTone,
  nameOf,
  readTimes,
  type TimeCase,
  writeTimeCase,
} from "./support/timelines.ts";

/** Few enough of all for a quick run, so that each choice still meets each other one: `tests/long` has them all. */
const chosen = allTimeCases().filter((_, index) => index % 17 === 0);

for (const [container, { codec }] of Object.entries(containers)) {
  const name = `timestamps: every frame is at its time in ${container}, whatever lies beside`;
  test(name, async () => {
    if (!requireEncoders({ name }, codec === "vp9" ? "libvpx-vp9" : "libx264")) return;
    using folder = new TemporaryFolder();
    const tone = folder.file("tone.wav");
    makeTone(tone);
    const complaints: Record<string, string[]> = {};
    for (const [index, timeCase] of chosen.filter((one: TimeCase) => one.container === container).entries()) {
      const path = folder.file(`${index}.${container}`);
      await writeTimeCase(path, timeCase, index % 2 === 0 ? "worker" : "main", tone);
      const found = judgeTimes(timeCase, readTimes(path));
      if (found.length > 0) complaints[nameOf(timeCase)] = found;
    }
    assertEquals(complaints, {});
  });
}
