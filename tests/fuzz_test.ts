import { assert, assertEquals } from "@std/assert";
import { fuzz } from "../tools/fuzz/fuzz.ts";
import { thisRuntime } from "../tools/fuzz/runtimes.ts";
import { testsOf } from "./support/test.ts";

const { isLong, testBoth } = testsOf(import.meta.url);

/** The slice of cases that runs with the other tests: `tools/fuzz/run.ts` plays any others. */
const first = 1;
const count = isLong ? 150 : 30;

testBoth(
  "createFileWriter: random options, sizes, formats, rates and buffers end as a right file or a clear error",
  async () => {
    const requests = Array.from({ length: count }, (_, index) => ({ seed: first + index }));
    const { passed, failures, tally } = await fuzz({ runtime: thisRuntime(), requests });
    const told = failures.map(({ request, case: test, what, complaints }) =>
      JSON.stringify({ request, what, complaints, case: test })
    );
    assertEquals(told, []);
    assertEquals(passed, count);
    // Else every case might end as an error, and nobody would know.
    const files = tally["a file"] ?? 0;
    assert(files > count / 5, `only ${files} of ${count} cases came to a file: ${JSON.stringify(tally)}`);
  },
);
