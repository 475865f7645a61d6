import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { address, loadNative } from "../ffi/mod.ts";
import { invert, packRational, rationalText, unpackRational } from "../src/libav/rational.ts";

test("packRational: a fraction is packed as C passes AVRational by value: numerator in the low 32 bits", () => {
  assertEquals(packRational({ num: 30000, den: 1001 }), 0x000003e9_00007530n);
  assertEquals(packRational({ num: 0, den: 1 }), 1n << 32n);
  assertEquals(packRational({ num: -1, den: 2 }), 0x00000002_ffffffffn);
  assertEquals(packRational({ num: 2 ** 31 - 1, den: 2 ** 31 - 1 }), 0x7fffffff_7fffffffn);
});

test("unpackRational: a packed fraction comes back as it was, signs included", () => {
  for (
    const fraction of [{ num: 30000, den: 1001 }, { num: -1, den: 2 }, { num: 1, den: -2 }, {
      num: 0,
      den: 1,
    }]
  ) {
    assertEquals(unpackRational(packRational(fraction)), fraction);
  }
});

test("packRational: the loaded libavcodec reads both fractions of a call as they were packed", () => {
  const { avcodec, fields } = loadNative();
  const packet = avcodec.av_packet_alloc();
  fields.set(packet, "AVPacket", "pts", 7n);
  avcodec.av_packet_rescale_ts(
    packet,
    packRational({ num: 1001, den: 30000 }),
    packRational({ num: 1, den: 90000 }),
  );
  assertEquals(fields.get(packet, "AVPacket", "pts"), 21021n);
  avcodec.av_packet_free(BigUint64Array.of(address(packet)));
});

test("invert: a frame rate inverted is its time base", () => {
  assertEquals(invert({ num: 30000, den: 1001 }), { num: 1001, den: 30000 });
  assertEquals(rationalText({ num: 1001, den: 30000 }), "1001/30000");
});
