import { assertEquals } from "@std/assert";
import { missingEncoders } from "./support/features.ts";
import { TemporaryFolder } from "./support/media.ts";
import { testsOf } from "./support/test.ts";
import {
  allTimeCases,
  containers,
  judgeTimes,
  makeTone,
  nameOf,
  readTimes,
  timings,
  writeTimeCase,
} from "./support/timelines.ts";

const { isAll, testBoth } = testsOf(import.meta.url);

/**
 * `deno task test:times` writes all thousand of them. The quick run takes one in so many, so that each choice
 * still meets each other one.
 */
const every = isAll ? 1 : 29;
const chosen = allTimeCases().filter((_, index) => index % every === 0);

for (const [container, { codec }] of Object.entries(containers)) {
  const skip = missingEncoders(codec === "vp9" ? "libvpx-vp9" : "libx264");
  for (const timing of timings) {
    const cases = chosen.filter((one) => one.container === container && one.timing === timing);
    if (cases.length === 0) continue;
    testBoth(`timestamp: frames of ${container}, ${timing}, are at their times whatever lies beside`, {
      skip,
    }, async () => {
      using folder = new TemporaryFolder();
      const tone = folder.file("tone.wav");
      makeTone(tone);
      const complaints: Record<string, string[]> = {};
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
