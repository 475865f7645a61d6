import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { didYouMean, nearestName } from "../src/nearest.ts";

const options = ["crf", "preset", "tune", "profile", "qp", "bitrate", "x264-params"];

test("nearestName: a letter more, less or other still finds the name", () => {
  assertEquals(nearestName("crff", options), "crf");
  assertEquals(nearestName("cr", options), "crf");
  assertEquals(nearestName("crg", options), "crf");
  assertEquals(nearestName("presett", options), "preset");
  assertEquals(nearestName("prset", options), "preset");
  assertEquals(nearestName("x264params", options), "x264-params");
});

test("nearestName: case does not count", () => {
  assertEquals(nearestName("BitRate", options), "bitrate");
  assertEquals(nearestName("CRF", options), "crf");
});

test("nearestName: the nearest of several wins, the first of equals", () => {
  assertEquals(nearestName("aac", ["abc", "acc"]), "abc");
  assertEquals(nearestName("h264", ["h263", "h264"]), "h264");
});

test("nearestName: two letters swapped are one mistake", () => {
  assertEquals(nearestName("libx246", ["libx265", "libx264", "libx262"]), "libx264");
  assertEquals(nearestName("vp9", ["pv9"]), "pv9");
});

test("nearestName: another word finds nothing", () => {
  assertEquals(nearestName("resolution", options), null);
  assertEquals(nearestName("zzzz", options), null);
  assertEquals(nearestName("crf", []), null);
  // Half of the letters wrong.
  assertEquals(nearestName("crxx", options), null);
});

test("nearestName: a name that is far too long is answered at once", () => {
  const start = performance.now();
  assertEquals(
    nearestName("x".repeat(100_000), Array.from({ length: 500 }, (_, index) => `option${index}`)),
    null,
  );
  assert(performance.now() - start < 500, `${performance.now() - start} ms`);
});

test("didYouMean: the question names the name, or is null", () => {
  assertEquals(didYouMean("crff", options), 'Did you mean "crf"?');
  assertEquals(didYouMean("zzzz", options), null);
});
