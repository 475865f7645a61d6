import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createFileWriter, OptionError, UnsupportedError, type WriterOptions } from "../mod.ts";
import { encoderTraits } from "../src/codecs/encoder_traits.ts";
import { missingEncoders } from "./support/features.ts";
import { TemporaryFolder } from "./support/media.ts";
import { assertFails, assertReadable } from "./support/messages.ts";
import { open } from "./support/opening.ts";
import { test } from "./support/test.ts";

test("encoderOptions: an unknown option is refused with the nearest", async () => {
  await assertFails(() => open("mpeg4", "a.avi", { encoderOptions: { qmaxx: 5 } }), {
    type: OptionError,
    code: "OPTION_NOT_FOUND",
    operation: "set encoder option qmaxx",
    says: ['Cannot set encoder option "qmaxx": mpeg4 has no such option', 'Did you mean "qmax"?'],
  });
});

test(
  "encoderOptions: an unknown option of libx264 is refused with the nearest",
  { skip: missingEncoders("libx264") },
  async () => {
    await assertFails(() => open("h264", "a.mp4", { encoderOptions: { crff: 20 } }), {
      type: OptionError,
      code: "OPTION_NOT_FOUND",
      operation: "set encoder option crff",
      says: ['Cannot set encoder option "crff": libx264 has no such option', 'Did you mean "crf"?'],
    });
  },
);

test("encoderOptions: an option that only decoders have is unknown to an encoder", async () => {
  // skip_frame is an AVOption of every AVCodecContext, for decoding.
  await assertFails(() => open("mpeg4", "a.avi", { encoderOptions: { skip_frame: "all" } }), {
    type: OptionError,
    code: "OPTION_NOT_FOUND",
    says: ['"skip_frame"'],
  });
});

test("formatOptions: an unknown option is refused with the nearest", async () => {
  await assertFails(() => open("mpeg4", "a.mp4", { formatOptions: { movflag: "faststart" } }), {
    type: OptionError,
    code: "OPTION_NOT_FOUND",
    operation: "set muxer option movflag",
    says: ['Cannot set muxer option "movflag": mp4 has no such option', 'Did you mean "movflags"?'],
  });
});

test("formatOptions: an invalid value is refused with what the option takes", async () => {
  await assertFails(() => open("mpeg4", "a.mp4", { formatOptions: { movflags: "+fasstart" } }), {
    type: OptionError,
    code: "EINVAL",
    operation: "set muxer option movflags",
    says: ["Cannot set muxer option movflags of mp4 to ", '"+fasstart"', "faststart, "],
  });
});

test("encoderOptions: a value that is not a number is refused with the range", async () => {
  await assertFails(() => open("mpeg4", "a.avi", { encoderOptions: { qmin: "abc" } }), {
    type: OptionError,
    code: "EINVAL",
    operation: "set encoder option qmin",
    says: ["Cannot set encoder option qmin of mpeg4 to ", '"abc"', "qmin takes a value from -1 to 69"],
  });
});

test("encoderOptions: a value that is not a number is refused with the one limit that there is", {
  skip: missingEncoders("libx264"),
}, async () => {
  const { message } = await assertFails(() => open("h264", "a.mp4", { encoderOptions: { crf: "abc" } }), {
    type: OptionError,
    code: "EINVAL",
    operation: "set encoder option crf",
    says: ["Cannot set encoder option crf of libx264 to ", '"abc"', "crf takes a value from -1"],
  });
  assert(!message.includes("e+38"), `FLT_MAX is no limit that helps anybody: ${message}`);
});

test("encoderOptions: a value out of range is refused with the range", async () => {
  await assertFails(() => open("mpeg4", "a.avi", { encoderOptions: { qmin: 500 } }), {
    type: OptionError,
    code: "ERANGE",
    operation: "set encoder option qmin",
    says: ["Cannot set encoder option qmin of mpeg4 to ", '"500"', "qmin takes a value from -1 to 69"],
  });
});

test("preset, tune, profile: one that the encoder lacks is refused with those that it has", {
  skip: missingEncoders("libx264"),
}, async () => {
  for (
    const [name, value, known] of [
      ["preset", "fastest", "veryfast, faster, fast"],
      ["tune", "fim", "film, animation"],
      ["profile", "hi", "baseline, main, high"],
    ] as const
  ) {
    await assertFails(() => open("libx264", "a.mp4", { [name]: value }), {
      type: OptionError,
      code: "EINVAL",
      operation: "configure encoder libx264",
      says: [`Cannot use the ${name} "${value}": encoder libx264 has no such ${name}`, known],
    });
  }
});

test(
  "encoderOptions: a preset that the encoder lacks is refused as well",
  { skip: missingEncoders("libx264") },
  async () => {
    await assertFails(() => open("libx264", "a.mp4", { encoderOptions: { preset: "fastest" } }), {
      type: OptionError,
      operation: "configure encoder libx264",
      says: ['Cannot use the preset "fastest"', "libx264", "veryfast"],
    });
  },
);

test("preset: is refused for an encoder without presets", async () => {
  await assertFails(() => open("mpeg4", "a.avi", { preset: "fast" }), {
    type: OptionError,
    code: "OPTION_NOT_FOUND",
    says: ['"preset"', "mpeg4 has no such option"],
  });
});

test("quality: a number off the encoder's scale is refused with the scale", async () => {
  for (const quality of [0, 32, -1, 1e9]) {
    await assertFails(() => open("mpeg4", "a.avi", { quality }), {
      type: OptionError,
      code: "EINVAL",
      operation: "configure encoder mpeg4",
      says: [`Cannot use the quality ${quality}: `, "encoder mpeg4 goes from 1 to 31"],
    });
  }
});

test(
  "quality: a number off libx264's scale is refused with the scale",
  { skip: missingEncoders("libx264") },
  async () => {
    for (const quality of [-1, 52, 99]) {
      await assertFails(() => open("h264", "a.mp4", { quality }), {
        type: OptionError,
        says: [`Cannot use the quality ${quality}: the crf of encoder libx264 goes from 0 to 51`],
      });
    }
  },
);

test("quality: a level that the encoder lacks is refused with those that it has", async () => {
  await assertFails(() => open("mpeg4", "a.avi", { quality: "lossless" }), {
    type: OptionError,
    says: ['Cannot use the quality "lossless": encoder mpeg4 has no such level', "low, medium, high"],
  });
  for (const quality of [5, "high"] as const) {
    await assertFails(() => open("ffv1", "a.mkv", { quality }), {
      type: OptionError,
      says: [
        `Cannot use the quality ${JSON.stringify(quality)}: encoder ffv1 is lossless`,
        "Leave quality out",
      ],
    });
  }
});

test("pixelFormat: an unknown one, or one that the encoder does not take, is refused with those that it takes", async () => {
  await assertFails(() => open("mpeg4", "a.avi", { pixelFormat: "yuv42p" }), {
    type: UnsupportedError,
    code: "PIXEL_FORMAT",
    operation: "choose a pixel format for mpeg4",
    says: ['Cannot use the pixel format "yuv42p": ', 'Did you mean "yuv420p"?'],
  });
  for (const pixelFormat of ["rgba", "vaapi", "monow"]) {
    await assertFails(() => open("mpeg4", "a.avi", { pixelFormat }), {
      type: UnsupportedError,
      code: "PIXEL_FORMAT",
      operation: "choose a pixel format for mpeg4",
      says: [
        `Cannot use the pixel format ${pixelFormat}: encoder mpeg4 does not take it`,
        "It takes yuv420p",
      ],
    });
  }
});

test("oddSize: an odd size is refused where asked for", { skip: missingEncoders("libx264") }, async () => {
  await assertFails(() => open("libx264", "a.mp4", { width: 63, height: 48, oddSize: "error" }), {
    type: UnsupportedError,
    code: "ODD_SIZE",
    says: ["odd width 63", "pad"],
  });
});

test("width: a size that the encoder refuses is refused at open where it is known then", async () => {
  const error = await assertFails(() => open("mpeg1video", "a.avi", { width: 10_000, height: 16 }), {
    type: UnsupportedError,
    operation: "open encoder mpeg1video",
    says: ["Cannot open encoder mpeg1video for 10000x16 yuv420p"],
  });
  // Nothing is printed at "quiet", so nothing there tells more.
  assert(!error.message.includes("printed on stderr"), error.message);
});

test("color: an unknown one is refused with those that exist", async () => {
  for (
    const [color, shown, known] of [
      ["bt710", '"bt710"', "bt709"],
      [{ matrix: "bt710" }, '"bt710"', "bt709"],
      [{ matrix: "toString" }, '"toString"', "bt709"],
      [{ range: "full" }, '"full"', '"pc"'],
      [{ primaries: "xx" }, 'primaries "xx"', "bt709"],
      [{ transfer: "pq" }, 'transfer "pq"', "smpte2084"],
    ] as const
  ) {
    const error = await assertRejects(() => open("mpeg4", "a.avi", { color: color as never }), RangeError);
    assertReadable(error);
    assertStringIncludes(error.message, shown);
    assertStringIncludes(error.message, known);
  }
});

test("profile: a codec that only takes certain sizes opens before its frames are known", {
  skip: missingEncoders("dnxhd"),
}, async () => {
  // DNxHD proper knows 1920x1080 and a few more; nobody said that the frames are of another size.
  using folder = new TemporaryFolder();
  const options = { profile: "dnxhd", bitrate: "120M", logLevel: "quiet" } as const;
  const writer = await createFileWriter("dnxhd", folder.file("a.mov"), 25, options);
  await writer.write({ data: new Uint8Array(1920 * 1080 * 4), width: 1920, height: 1080 });
  assertEquals((await writer.close()).frames, 1);
});

test("bitrate: what dnxhd refuses is said of the frames' own size", {
  skip: missingEncoders("dnxhd"),
}, async () => {
  using folder = new TemporaryFolder();
  const options = { bitrate: "4M", logLevel: "quiet" } as const;
  const writer = await createFileWriter("dnxhd", folder.file("a.mov"), 25, options);
  const error = await assertRejects(
    () => writer.write({ data: new Uint8Array(1280 * 720 * 4), width: 1280, height: 720 }),
    UnsupportedError,
  );
  await writer.abort();
  assertStringIncludes(error.message, "Cannot open encoder dnxhd for 1280x720");
  assertStringIncludes(error.hint!, "dnxhd takes 1280x720");
});

test("createFileWriter: no encoder refuses what avwriter tells it by default, or for a level of quality that it knows", async () => {
  const refused: string[] = [];
  for (const [encoder, { levels = {} }] of Object.entries(encoderTraits)) {
    for (const quality of [undefined, ...Object.keys(levels)] as WriterOptions["quality"][]) {
      const options = { format: "matroska", width: 640, height: 360, ...(quality && { quality }) };
      await open(encoder, "a.mkv", options).catch((error) => {
        if (error instanceof OptionError) refused.push(`${encoder} ${quality}: ${error.message}`);
      });
    }
  }
  assertEquals(refused, []);
});

const withoutQuickSync = missingEncoders("h264_qsv");
// ENOSYS, "Function not implemented", where there is no such device.
const systemError: UnsupportedError | null = withoutQuickSync === false
  ? await open("h264_qsv", "a.mkv").then(() => null, (error) => error)
  : null;

test("UnsupportedError: the code of a system error has its name", {
  skip: withoutQuickSync || systemError === null && "this machine has a device for h264_qsv",
}, () => {
  const { code } = systemError!;
  assert(!code.startsWith("AVERROR"), code);
});
