import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createFileWriter, EncoderNotFoundError, UnsupportedError } from "../mod.ts";
import { missingEncoders, missingMuxers, missingPixelFormat } from "./support/features.ts";
import { TemporaryFolder } from "./support/media.ts";
import { open } from "./support/opening.ts";
import { assertFails } from "./support/messages.ts";
import { test } from "./support/test.ts";

test("createFileWriter: an unknown codec is refused with the nearest family", async () => {
  for (const [codec, meant] of [["h265", "hevc"], ["vp99", "vp9"], ["x264", "h264"], ["H264", "h264"]]) {
    await assertFails(() => open(codec!, "a.mp4"), {
      type: EncoderNotFoundError,
      code: "ENCODER_NOT_FOUND",
      operation: `find an encoder for ${codec}`,
      says: [
        `Cannot encode "${codec}": `,
        "neither a codec family nor a video encoder",
        `Did you mean "${meant}"?`,
      ],
    });
  }
});

test(
  "createFileWriter: an unknown encoder is refused with the nearest encoder",
  { skip: missingEncoders("libx264") },
  async () => {
    await assertFails(() => open("libx246", "a.mp4"), {
      type: EncoderNotFoundError,
      code: "ENCODER_NOT_FOUND",
      says: ['Cannot encode "libx246": ', 'Did you mean "libx264"?'],
    });
  },
);

test("createFileWriter: a codec like none is refused with the families, also where its name is that of an object's property", async () => {
  for (const codec of ["zzzzzz", "aac", "toString", "constructor", "__proto__"]) {
    const error = await assertFails(() => open(codec, "a.mp4"), {
      type: EncoderNotFoundError,
      code: "ENCODER_NOT_FOUND",
      says: [`Cannot encode "${codec}": `],
    });
    assert(!error.message.includes("Did you mean undefined") && !error.message.includes("{}"), error.message);
  }
  const { message } = await assertFails(() => open("zzzzzz", "a.mp4"), {
    type: EncoderNotFoundError,
    says: [],
  });
  for (const family of ["h264", "hevc", "ffv1", "gif"]) assertStringIncludes(message, family);
});

test("createFileWriter: an audio encoder is not a video encoder", async () => {
  await assertFails(() => open("pcm_s16le", "a.mov"), {
    type: EncoderNotFoundError,
    code: "ENCODER_NOT_FOUND",
    says: ['"pcm_s16le"', "video encoder"],
  });
});

test(
  "createFileWriter: an encoder whose device is not there is refused in libav's words",
  { skip: existsSync("/dev/dri") ? "a device may encode" : missingEncoders("h264_vaapi") },
  async () => {
    await assertFails(() => open("h264_vaapi", "a.mp4"), {
      type: UnsupportedError,
      says: ["Cannot open encoder h264_vaapi: cannot open a device for vaapi: ", "driver"],
    });
  },
);

/** Encoders, containers that do not take what they make, and containers that do. */
const misfits:
  readonly (readonly [encoder: string, codec: string, name: string, muxer: string, others: string[]])[] = [
    ["libx264", "h264", "a.webm", "webm", ["mp4", "matroska"]],
    ["libx264", "h264", "a.gif", "gif", ["mp4", "matroska"]],
    ["libx264", "h264", "a.wav", "wav", ["mp4", "matroska"]],
    ["mpeg4", "mpeg4", "a.webm", "webm", ["mp4", "matroska", "avi"]],
    ["libvpx-vp9", "vp9", "a.mxf", "mxf", ["webm", "matroska"]],
    ["ffv1", "ffv1", "a.webm", "webm", ["matroska", "avi"]],
    ["huffyuv", "huffyuv", "a.mp4", "mp4", ["avi"]],
    ["gif", "gif", "a.mp4", "mp4", ["mov", "gif"]],
    // Muxers that would write these, and nothing could read them.
    ["gif", "gif", "a.mkv", "matroska", ["mov", "gif"]],
    ["libvpx-vp9", "vp9", "a.ts", "mpegts", ["webm", "matroska"]],
    ["mpeg2video", "mpeg2video", "a.h264", "h264", ["mpegts", "matroska"]],
    ["ffv1", "ffv1", "a.mpg", "mpeg", ["matroska", "avi"]],
    ["mjpeg", "mjpeg", "a.webm", "webm", ["mov", "avi"]],
    ["huffyuv", "huffyuv", "a.wtv", "wtv", ["avi"]],
  ];

test(
  "createFileWriter: an encoder of pixels packed in bits is not said to need a device, where its container refuses it",
  {
    skip: missingEncoders("xbm"),
  },
  async () => {
    const { message } = await assertFails(() => open("xbm", "a.mkv"), {
      type: UnsupportedError,
      says: ["xbm"],
    });
    assert(!/device|software/.test(message), message);
  },
);

for (const [encoder, codec, name, muxer, others] of misfits) {
  test(
    `createFileWriter: a codec that the container does not take is refused with containers that do: ${encoder} in ${name}`,
    {
      skip: missingEncoders(encoder) || missingMuxers(muxer),
    },
    async () => {
      const { hint } = await assertFails(() => open(encoder, name), {
        type: UnsupportedError,
        code: "CODEC_NOT_FOR_CONTAINER",
        operation: `write ${codec} into ${muxer}`,
        says: [`Cannot write ${codec} (made by ${encoder}) into ${muxer}: the container does not take it`],
      });
      const offered = hint!.replace(`Containers that take ${codec}: `, "").split(", ");
      for (const other of others) assert(offered.includes(other), `${codec}: ${hint}`);
      assert(!offered.includes(muxer), hint!);
    },
  );
}

test("pixelFormat: one of VP9 that mp4 cannot describe is refused, and one that it can is not", {
  skip: missingPixelFormat("libvpx-vp9", "yuv440p"),
}, async () => {
  await assertFails(() => open("vp9", "a.mp4", { pixelFormat: "yuv440p" }), {
    type: UnsupportedError,
    code: "PIXEL_FORMAT",
    says: [
      "Cannot write VP9 in yuv440p into mp4: it has no name for that pixel format",
      "yuv444p",
      "matroska",
    ],
  });
  for (
    const [name, pixelFormat] of [["a.mp4", "yuv422p"], ["a.mp4", "yuv444p"], ["a.mkv", "yuv440p"]] as const
  ) {
    await open("vp9", name, { pixelFormat });
  }
});

test("createFileWriter: an unknown extension is refused with how to go on", async () => {
  await assertFails(() => open("mpeg4", "a.qqqqqq"), {
    type: UnsupportedError,
    code: "MUXER_NOT_FOUND",
    operation: "choose the container",
    says: [
      "Cannot determine the container of ",
      "a.qqqqqq",
      'no container has the extension ".qqqqqq"',
      ".mp4",
      "format",
    ],
  });
  const { message } = await assertFails(() => open("mpeg4", "a.mp5"), {
    type: UnsupportedError,
    code: "MUXER_NOT_FOUND",
    says: ['".mp5"'],
  });
  assertStringIncludes(message, "mp4", `the nearest for people is a container of video: ${message}`);
});

test("createFileWriter: a path without an extension is refused with how to go on", async () => {
  for (const name of ["video", "two.dots.", ".hidden"]) {
    await assertFails(() => open("mpeg4", name), {
      type: UnsupportedError,
      code: "MUXER_NOT_FOUND",
      operation: "choose the container",
      says: ["Cannot determine the container of ", name, "extension", ".mp4", "format"],
    });
  }
});

test("format: an unknown one is refused, with a near one where there is one", async () => {
  await assertFails(() => open("mpeg4", "a", { format: "matroskaa" }), {
    type: UnsupportedError,
    code: "MUXER_NOT_FOUND",
    operation: "choose the container",
    says: ['Cannot write the format "matroskaa": ', 'Did you mean "matroska"?'],
  });
  await assertFails(() => open("mpeg4", "a.mp4", { format: "zzzzzz" }), {
    type: UnsupportedError,
    code: "MUXER_NOT_FOUND",
    says: ['Cannot write the format "zzzzzz": ', "no muxer of that name"],
  });
});

test("createFileWriter: the extension of a single image is refused with how to write animations", async () => {
  for (const [codec, name] of [["png", "a.png"], ["mjpeg", "a.jpg"], ["bmp", "a.bmp"]] as const) {
    await assertFails(() => open(codec, name), {
      type: UnsupportedError,
      code: "MUXER_NOT_FOUND",
      operation: "choose the container",
      says: ["Cannot tell how to write ", name, "single images", "image2", ".gif"],
    });
  }
});

test("createFileWriter: after all these errors the folder of a good writer holds its file alone", async () => {
  using folder = new TemporaryFolder();
  mkdirSync(folder.file("in"));
  await assertRejects(() => createFileWriter("h265", folder.file("in/a.mp4"), 25), EncoderNotFoundError);
  const writer = await createFileWriter("mpeg4", folder.file("in/a.mp4"), 25);
  await writer.write({ data: new Uint8Array(64 * 48 * 4), width: 64, height: 48 });
  await writer.close();
  assertEquals(readdirSync(folder.file("in")), ["a.mp4"]);
});
