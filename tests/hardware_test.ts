/**
 * Encoders of devices: which are tried, in which order, and what is told of those that refuse. No such device
 * is needed: decisions are tested with a table of answers, refusals with the libraries.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createFileWriter, EncoderNotFoundError, OptionError, UnsupportedError } from "../mod.ts";
import {
  deviceNeeds,
  deviceTraits,
  isDeviceEncoder,
  requireDeviceOptions,
} from "../src/codecs/device_encoders.ts";
import { encoderTraits } from "../src/codecs/encoder_traits.ts";
import { candidates, type CodecFamily, deviceFamilies, families } from "../src/codecs/families.ts";
import { firstThatOpens } from "../src/codecs/first_that_opens.ts";
import { rateModesOf } from "../src/codecs/rate_modes.ts";
import { missingEncoders, type SkipReason } from "./support/features.ts";
import { assertSameBytes, barFrame, decode, psnr, TemporaryFolder, writeBars } from "./support/media.ts";
import { test } from "./support/test.ts";

const details = { code: "EIO", operation: "open an encoder", hint: "Try another" };

/** What an encoder answers when it is opened. */
const answers = {
  opens: (name: string): string => name,
  absent: (): null => null,
  refuses: (): never => {
    throw new UnsupportedError("Input/output error", details);
  },
  option: (): never => {
    throw new OptionError("Option not found", details);
  },
} as const;
type Answer = keyof typeof answers;

const reasons = { absent: "not built", refuses: "Input/output error", option: "Option not found" } as const;

/** Answers of a device's encoder and of one in software, and who is chosen; an error's class otherwise. */
const table:
  readonly (readonly [device: Answer, software: Answer, chosen: string | typeof OptionError | null])[] = [
    ["opens", "opens", "h264_nvenc"],
    ["opens", "absent", "h264_nvenc"],
    ["absent", "opens", "libx264"],
    ["refuses", "opens", "libx264"],
    ["option", "opens", "libx264"],
    ["absent", "absent", null],
    ["refuses", "absent", null],
    ["refuses", "refuses", null],
    ["refuses", "option", OptionError],
    ["option", "option", OptionError],
  ];

for (const [device, software, chosen] of table) {
  test(`firstThatOpens: a device's encoder ${device}, one in software ${software}`, () => {
    const quiet: string[] = [];
    let isQuiet = false;
    const choose = (): ReturnType<typeof firstThatOpens<string>> =>
      firstThatOpens<string>(["h264_nvenc", "libx264"], {
        open: (name) => {
          if (isQuiet) quiet.push(name);
          return answers[isDeviceEncoder(name) ? device : software](name);
        },
        absence: "not built",
        isOptional: isDeviceEncoder,
        quietly: (action) => {
          isQuiet = true;
          try {
            return action();
          } finally {
            isQuiet = false;
          }
        },
      });
    if (chosen === OptionError) {
      assertThrows(choose, OptionError);
      return;
    }
    const { opened, rejected, error } = choose();
    assertEquals(opened, chosen);
    assertEquals(quiet, ["h264_nvenc"]);
    const reason = (name: string, answer: "absent" | "refuses" | "option"): string =>
      reasons[answer] + (isDeviceEncoder(name) || answer === "absent" ? "" : `. ${details.hint}`);
    const expected = ([["h264_nvenc", device], ["libx264", software]] as const).flatMap(([name, answer]) =>
      answer === "opens" || opened === "h264_nvenc" ? [] : [{ name, reason: reason(name, answer) }]
    );
    assertEquals(rejected, expected);
    assertEquals(error !== null, software === "refuses");
  });
}

test("candidates: devices come first under auto, alone under require, and not at all otherwise", () => {
  for (const family of Object.keys(families) as CodecFamily[]) {
    const devices = deviceFamilies[family] ?? [];
    assertEquals(candidates(family, "mp4"), families[family]);
    assertEquals(candidates(family, "mp4", "off"), families[family]);
    assertEquals(candidates(family, "mp4", "auto"), [...devices, ...families[family]]);
    assertEquals(candidates(family, "mp4", "require"), devices);
    assert(devices.every(isDeviceEncoder) && !families[family].some(isDeviceEncoder));
    assertEquals(devices, [...new Set(devices)]);
  }
  assertEquals(candidates("h264_nvenc", "mp4", "off"), ["h264_nvenc"]);
});

/** What each interface gets: a device, frames in its memory or in ordinary memory. */
const needs = [
  ["h264_nvenc", null],
  ["hevc_qsv", { type: "qsv", name: "hw_any" }],
  ["h264_vaapi", { type: "vaapi", pixelFormat: "vaapi", pixels: ["nv12", "p010le"] }],
  ["av1_vulkan", { type: "vulkan", pixelFormat: "vulkan", pixels: ["nv12", "p010le"] }],
  ["h264_videotoolbox", null],
  ["av1_amf", null],
  ["h264_mf", null],
  ["h264_v4l2m2m", null],
  ["libx264", null],
] as const;

test("deviceNeeds: devices where encoders do not open them by themselves, and NV12", () => {
  for (const [name, expected] of needs) assertEquals(deviceNeeds(name), expected);
  for (const names of Object.values(deviceFamilies)) {
    for (const name of names) assertEquals(deviceTraits(name).formats?.[0], "nv12");
  }
  // JPEG and VP8 have 8 bits, and so has H.264 of devices.
  const deep = ["hevc", "vp9", "av1"];
  for (const codec of ["h264", "mjpeg", "vp8", "mpeg2", ...deep]) {
    const expected = deep.includes(codec) ? ["p010le"] : undefined;
    for (const name of ["vaapi", "qsv"]) assertEquals(deviceTraits(`${codec}_${name}`).deepFormats, expected);
  }
  // Media Foundation has encoders in software, too.
  assertEquals(deviceTraits("h264_mf").defaults, { hw_encoding: true });
  assertEquals(deviceTraits("libx264"), {});
});

test("deviceTraits: what decoders of JPEG and VP8 assume holds for a device's streams, too", () => {
  for (const [codec, software] of [["mjpeg", "mjpeg"], ["vp8", "libvpx"]] as const) {
    const { isFullRange, onlyMatrices } = encoderTraits[software]!;
    for (const name of deviceFamilies[codec]!) {
      const traits = deviceTraits(name);
      assertEquals([name, traits.isFullRange, traits.onlyMatrices], [name, isFullRange, onlyMatrices]);
    }
  }
  assertEquals([deviceTraits("vp9_vaapi").onlyMatrices, deviceTraits("h264_qsv").isFullRange], [
    undefined,
    undefined,
  ]);
});

test("requireDeviceOptions: options that let an interface work in software are refused", () => {
  const refused = [
    ["h264_mf", "hw_encoding", 0],
    ["hevc_mf", "hw_encoding", false],
    ["h264_mf", "hw_encoding", "auto"],
    ["h264_videotoolbox", "allow_sw", 1],
    ["hevc_videotoolbox", "require_sw", "true"],
  ] as const;
  for (const [name, option, value] of refused) {
    const error = assertThrows(() => requireDeviceOptions(name, { [option]: value }), OptionError);
    assert(error.message.includes(option), error.message);
  }
  const taken = [
    ["h264_mf", "hw_encoding", true],
    ["h264_videotoolbox", "allow_sw", "off"],
    ["h264_videotoolbox", "require_sw", 0],
    ["h264_nvenc", "allow_sw", 1],
  ] as const;
  for (const [name, option, value] of taken) requireDeviceOptions(name, { [option]: value });
});

/** Whether a device may be there, which would then be used. */
const hasDevice = ["/dev/dri", "/dev/nvidiactl", "/dev/video11"].some((path) => existsSync(path));

test('hardware: "auto" falls back to software, and tells every refusal', {
  skip: hasDevice ? "a device may encode" : missingEncoders("libx264", "h264_vaapi"),
}, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const options = { hardware: "auto", quality: "high", preset: "veryfast" } as const;
  const writer = await createFileWriter("h264", path, 25, options);
  await writeBars(writer, 5);
  const { name, rejected } = writer.encoder!;
  assertEquals(name, "libx264");
  assertEquals(rejected.map((one) => one.name), candidates("h264", "mp4", "require"));
  for (const { name, reason } of rejected) assert(reason.length > 10, `${name}: ${reason}`);
  assert(psnr(decode(path, "rgba").subarray(0, 160 * 90 * 4), barFrame(0).data) > 30);
});

test('hardware: "require" refuses software, in the words of each encoder', {
  skip: hasDevice ? "a device may encode" : missingEncoders("h264_vaapi"),
}, async () => {
  using folder = new TemporaryFolder();
  for (const codec of ["h264", "libx264", "gif"]) {
    const path = folder.file(`${codec}.mov`);
    const error = await assertRejects(
      () => createFileWriter(codec, path, 25, { hardware: "require" }),
      EncoderNotFoundError,
    );
    assertEquals(error.code, "HARDWARE_NOT_FOUND");
    if (codec !== "h264") continue;
    for (const name of candidates(codec, "mov", "require")) {
      assert(error.message.includes(`\n- ${name}: `), error.message);
    }
    assert(error.message.includes("cannot open a device for vaapi: "), error.message);
    assert(!existsSync(path));
  }
});

test("hardware: what the container can't hold is told as without a device", {
  skip: missingEncoders("h264_vaapi", "libx264"),
}, async () => {
  using folder = new TemporaryFolder();
  for (const hardware of ["off", "auto", "require"] as const) {
    const error = await assertRejects(
      () => createFileWriter("h264", folder.file("a.webm"), 25, { hardware }),
      UnsupportedError,
    );
    assertEquals([hardware, error.code], [hardware, "CODEC_NOT_FOR_CONTAINER"]);
  }
});

test("maxBitrate: what a device makes of a quality without a limit is refused", {
  skip: missingEncoders("h264_vaapi"),
}, async () => {
  using folder = new TemporaryFolder();
  const options = { quality: 20, maxBitrate: 1_000_000, width: 64, height: 64 };
  const error = await assertRejects(
    () => createFileWriter("h264_vaapi", folder.file("a.mp4"), 25, options),
    UnsupportedError,
  );
  assertEquals(error.code, "RATE_CONTROL");
  assert(error.message.includes("bitrate with maxBitrate"), error.message);
  for (const name of ["vp9_qsv", "hevc_vaapi"]) assertEquals(rateModesOf(name).cappedQuality, undefined);
  assert(rateModesOf("h264_nvenc").cappedQuality !== undefined);
});

test('hardware: "auto" passes devices by that would lose alpha', {
  skip: missingEncoders("vp9_vaapi", "libvpx-vp9"),
}, async () => {
  using folder = new TemporaryFolder();
  const cases = [
    ["a.webm", 128, undefined, true],
    ["b.webm", 255, undefined, false],
    ["c.webm", 128, "discard", false],
    ["d.mp4", 128, undefined, false],
  ] as const;
  for (const [name, opacity, alpha, isPassedBy] of cases) {
    const options = { hardware: "auto", logLevel: "quiet", ...(alpha && { alpha }) } as const;
    const writer = await createFileWriter("vp9", folder.file(name), 25, options);
    await writer.write({ data: new Uint8Array(64 * 64 * 4).fill(opacity), width: 64, height: 64 });
    await writer.close();
    const { rejected, pixelFormat } = writer.encoder!;
    const reason = rejected.find((one) => one.name === "vp9_vaapi")?.reason ?? "";
    assertEquals([name, reason.includes("alpha that libvpx-vp9 keeps")], [name, isPassedBy]);
    if (isPassedBy) assertEquals(pixelFormat, "yuva420p");
  }
});

/** The reason where no program runs on a Vulkan device; Mesa's drivers have one in software (lavapipe). */
async function missingVulkan(): Promise<SkipReason> {
  const missing = missingEncoders("ffv1_vulkan");
  if (missing !== false) return missing;
  using folder = new TemporaryFolder();
  try {
    const options = { width: 64, height: 64, logLevel: "quiet" } as const;
    await (await createFileWriter("ffv1_vulkan", folder.file("a.mkv"), 25, options)).abort();
    return false;
  } catch (error) {
    return (error as Error).message;
  }
}

const noVulkan = await missingVulkan();

for (const thread of ["worker", "main"] as const) {
  test(`hardware: frames get into a Vulkan device's memory bit for bit, thread ${thread}`, {
    skip: noVulkan,
  }, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv");
    const width = 320, height = 192, count = 30;
    const pixels = new Uint8Array(width * height * 4);
    const frames = new Uint8Array(pixels.length * count);
    const writer = await createFileWriter("ffv1_vulkan", path, 25, { thread });
    for (let index = 0; index < count; index++) {
      for (let at = 0; at < pixels.length; at++) pixels[at] = at * 7 + index * 13;
      frames.set(pixels, index * pixels.length);
      await writer.write({ data: pixels, width, height, format: "bgra" });
    }
    assertEquals((await writer.close()).frames, count);
    assertSameBytes(decode(path, "bgra"), frames, "the frames in the file");
  });
}
