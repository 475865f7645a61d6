import { test } from "node:test";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type FrameRate, parseFrameRate } from "../src/video/frame_rate.ts";

const ntsc: readonly (readonly [number, number])[] = [
  [14.985, 15],
  [23.976, 24],
  [23.98, 24],
  [23.976023976, 24],
  [29.97, 30],
  [29.97002997, 30],
  [47.952, 48],
  [59.94, 60],
  [59.9400599400599, 60],
  [119.88, 120],
  [239.76, 240],
];

test("parseFrameRate: a number near an NTSC rate is the exact NTSC fraction", () => {
  for (const [rate, base] of ntsc) {
    assertEquals(parseFrameRate(rate), { num: base * 1000, den: 1001 }, String(rate));
  }
});

test("parseFrameRate: any other number is the simplest fraction that is that number", () => {
  const cases: readonly (readonly [number, number, number])[] = [
    [30, 30, 1],
    [24, 24, 1],
    [1, 1, 1],
    [240, 240, 1],
    [1000, 1000, 1],
    [12.5, 25, 2],
    [0.5, 1, 2],
    [0.1, 1, 10],
    [0.001, 1, 1000],
    [7.25, 29, 4],
    [33.333333, 33333333, 1000000],
    [29.5, 59, 2],
    [100 / 3, 100, 3],
    [1 / 3600, 1, 3600],
    [1 / 86400, 1, 86400],
    [1 / 7, 1, 7],
    [24 / 7, 24, 7],
    [1e-7, 1, 10_000_000],
    [12.345678, 6172839, 500000],
  ];
  for (const [rate, num, den] of cases) assertEquals(parseFrameRate(rate), { num, den }, String(rate));
});

test("parseFrameRate: a fraction as a string or as two integers is taken as it is, in lowest terms", () => {
  assertEquals(parseFrameRate("24000/1001"), { num: 24000, den: 1001 });
  assertEquals(parseFrameRate("30000/1001"), { num: 30000, den: 1001 });
  assertEquals(parseFrameRate("60/2"), { num: 30, den: 1 });
  assertEquals(parseFrameRate("1/2"), { num: 1, den: 2 });
  assertEquals(parseFrameRate({ num: 24000, den: 1001 }), { num: 24000, den: 1001 });
  assertEquals(parseFrameRate({ num: 50, den: 4 }), { num: 25, den: 2 });
  assertEquals(parseFrameRate({ num: 2 ** 31 - 1, den: 1 }), { num: 2 ** 31 - 1, den: 1 });
  // Too large as written, but not in lowest terms.
  assertEquals(parseFrameRate({ num: 2 ** 32, den: 2 ** 28 }), { num: 16, den: 1 });
});

/** Rates that are none, with what the error shows of them and says about them. */
const refused: readonly (readonly [unknown, string, string])[] = [
  [NaN, "NaN", "finite"],
  [Infinity, "Infinity", "finite"],
  [-Infinity, "-Infinity", "finite"],
  [0, "0", "above 0"],
  [-0, "0", "above 0"],
  [-1, "-1", "above 0"],
  [-29.97, "-29.97", "above 0"],
  [2 ** 31, "2147483648", "2147483647"],
  [1e300, "1e+300", "2147483647"],
  ["", '""', "fraction"],
  ["30", '"30"', "fraction"],
  ["abc", '"abc"', "fraction"],
  ["30/", '"30/"', "fraction"],
  ["/1001", '"/1001"', "fraction"],
  ["30000/1001/1", '"30000/1001/1"', "fraction"],
  ["-30/1", '"-30/1"', "fraction"],
  ["1.5/1", '"1.5/1"', "fraction"],
  ["1e3/1", '"1e3/1"', "fraction"],
  [" 30/1", '" 30/1"', "fraction"],
  ["30/1\n", '"30/1\\n"', "fraction"],
  ["30/0", '"30/0"', "above 0"],
  ["0/1", '"0/1"', "above 0"],
  ["4294967297/4294967296", '"4294967297/4294967296"', "2147483647"],
  [{ num: 0, den: 1 }, '{"num":0,"den":1}', "above 0"],
  [{ num: -30, den: 1 }, '{"num":-30,"den":1}', "above 0"],
  [{ num: 30, den: 0 }, '{"num":30,"den":0}', "above 0"],
  [{ num: 29.97, den: 1 }, '{"num":29.97,"den":1}', "whole"],
  [{ num: 30 }, '{"num":30}', "whole"],
  [{}, "{}", "whole"],
  [[30, 1], "[30,1]", "whole"],
];

test("parseFrameRate: an invalid rate is refused with its value, the reason and what would be right", () => {
  for (const [rate, shown, reason] of refused) {
    const { message } = assertThrows(() => parseFrameRate(rate as FrameRate), RangeError, undefined, shown);
    assertStringIncludes(message, `Cannot use the frame rate ${shown}: `);
    assertStringIncludes(message, reason);
    assertStringIncludes(message, "30000/1001");
  }
});

test("parseFrameRate: a rate that is too low is not called 0 or less", () => {
  for (const rate of [1e-10, 1e-12, Number.MIN_VALUE]) {
    const { message } = assertThrows(() => parseFrameRate(rate), RangeError);
    assertStringIncludes(message, `Cannot use the frame rate ${rate}: `);
    assertEquals(message.includes("must be above 0"), false, message);
  }
});

test("parseFrameRate: a rate of another type is a TypeError of avwriter's own", () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  for (const rate of [null, undefined, true, 30n, Symbol("30"), () => 30]) {
    const { message } = assertThrows(() => parseFrameRate(rate as never), TypeError);
    assertStringIncludes(message, "Cannot use a frame rate of type ");
    assertStringIncludes(message, "give a number");
  }
  // typeof null is "object", which tells nobody anything.
  assertStringIncludes(assertThrows(() => parseFrameRate(null as never), TypeError).message, "null");
  for (const rate of [{ num: 30n, den: 1n }, cyclic]) {
    const { message } = assertThrows(() => parseFrameRate(rate as never), Error);
    assertStringIncludes(message, "Cannot use the frame rate ");
  }
});
