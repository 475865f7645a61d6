import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { requireEncoders } from "../support/features.ts";
import { TemporaryFolder } from "../support/media.ts";
import {
  allTimeCases,
  containers,
  judgeTimes,
  makeTone,
  nameOf,
  readTimes,
  timings,
  writeTimeCase,
} from "../support/timelines.ts";

const all = allTimeCases();

for (const [container, { codec }] of Object.entries(containers)) {
  for (const timing of timings) {
    const name =
      `timestamps: every frame is at its time in ${container}, ${timing}, with all that may lie beside`;
    test(name, async () => {
      if (!requireEncoders({ name }, codec === "vp9" ? "libvpx-vp9" : "libx264")) return;
      using folder = new TemporaryFolder();
      const tone = folder.file("tone.wav");
      makeTone(tone);
      const complaints: Record<string, string[]> = {};
      const cases = all.filter((one) => one.container === container && one.timing === timing);
      for (const [index, timeCase] of cases.entries()) {
        const path = folder.file(`a.${container}`);
        await writeTimeCase(path, timeCase, index % 8 === 0 ? "worker" : "main", tone);
        const found = judgeTimes(timeCase, readTimes(path));
        if (found.length > 0) complaints[nameOf(timeCase)] = found;
      }
      assertEquals(complaints, {});
    });
  }
}
