import { copyFileSync, existsSync, statSync } from "node:fs";
import { assert, assertEquals } from "@std/assert";
import {
  type AudioWriterOptions,
  createAudioWriter,
  createFileWriter,
  recoverFile,
  UnsupportedError,
  type WriterOptions,
} from "../mod.ts";
import { imageFile, pictureBytes, streamsOf } from "./support/attached.ts";
import { listen, sine } from "./support/audio.ts";
import { missingEncoders, missingMuxers } from "./support/features.ts";
import { assertSameBytes, barFrame, decode, frameTimes, TemporaryFolder } from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { assertOrdinary } from "./support/record.ts";
import { testsOf } from "./support/test.ts";

const { isLong, test, testBoth } = testsOf(import.meta.url);

const images = { png: imageFile("png"), jpg: imageFile("jpg") };

/** Fifty frames, two seconds, and audio where there is a track. */
async function record(path: string, options: WriterOptions): Promise<void> {
  const writer = await createFileWriter("mpeg4", path, 25, options);
  for (let index = 0; index < 50; index++) {
    await writer.write(barFrame(index % 20));
    if (options.audio !== undefined) await writer.writeAudio(sine({ count: 1920, sampleRate: 48000 }));
  }
  await writer.close();
}

/** Fails unless a file has its video first, this cover last, and no other picture. */
function assertCover(path: string, image: Uint8Array): void {
  const streams = streamsOf(path);
  assertEquals(streams.map(({ isPicture }) => isPicture), streams.map((_, at) => at === streams.length - 1));
  assertEquals(streams[0]!.codec, "mpeg4");
  const { codec, name, mimeType } = streams.at(-1)!;
  const [isPng, isMatroska] = [image === images.png, path.endsWith(".mkv")];
  assertEquals(codec, isPng ? "png" : "mjpeg");
  if (isMatroska) {
    assertEquals([name, mimeType], isPng ? ["cover.png", "image/png"] : ["cover.jpg", "image/jpeg"]);
  }
  assertSameBytes(pictureBytes(path), image, "the cover");
}

const recordings: readonly WriterOptions[] = [
  {},
  { thread: "main" },
  { crashSafe: false },
  {
    audio: {},
    chapters: [{ title: "Start", start: 0 }, { title: "End", start: 1 }],
    metadata: { title: "Waves" },
  },
];

for (const [row, name] of ["a.mp4", "a.m4v", "a.mkv"].entries()) {
  for (const [column, options] of recordings.entries()) {
    testBoth(
      `cover: comes back from ${name} byte for byte, behind the video (${JSON.stringify(options)})`,
      async () => {
        using folder = new TemporaryFolder();
        const path = folder.file(name), plain = folder.file(`plain_${name}`);
        await record(plain, options);
        for (
          const image of isLong ? Object.values(images) : [[images.png, images.jpg][(row + column) % 2]!]
        ) {
          await record(path, { ...options, cover: { image } });
          assertCover(path, image);
          assertOrdinary(path);
          assertSameBytes(decode(path, "gray"), decode(plain, "gray"), "the video");
          assertEquals(frameTimes(path), frameTimes(plain));
          if (options.audio !== undefined) assertEquals(listen(path), listen(plain));
          assertEquals((await recoverFile(path)).frames, 50);
          assertCover(path, image);
          assertEquals(decode(path, "gray").length, 50 * 160 * 90);
        }
      },
    );
  }
}

for (
  const [codec, name, encoder, muxer] of [
    ["aac", "a.m4a", "aac", "ipod"],
    ["mp3", "a.mp3", "libmp3lame", "mp3"],
    ["flac", "a.flac", "flac", "flac"],
    ["opus", "a.mka", "libopus", "matroska"],
  ] as const
) {
  testBoth(`cover: comes back from ${name}, an audio file`, {
    skip: missingEncoders(encoder) || missingMuxers(muxer),
  }, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file(name), plain = folder.file(`plain_${name}`);
    const write = async (path: string, options: AudioWriterOptions): Promise<void> => {
      const writer = await createAudioWriter(codec, path, { format: muxer, ...options });
      for (let index = 0; index < 50; index++) {
        await writer.write(sine({ from: index * 1920, count: 1920, sampleRate: 48000 }));
      }
      await writer.close();
    };
    await write(plain, {});
    for (const image of isLong ? Object.values(images) : [images.jpg]) {
      for (const thread of isLong ? ["worker", "main"] as const : ["worker"] as const) {
        await write(path, { cover: { image }, thread });
        assertEquals(streamsOf(path).map(({ isPicture }) => isPicture), [false, true]);
        assertSameBytes(pictureBytes(path, 0), image, "the cover");
        assertEquals(listen(path), listen(plain));
      }
    }
  });
}

test("recoverFile: a recording that was cut off has its cover in mkv, and none in mp4", async () => {
  using folder = new TemporaryFolder();
  for (const name of ["a.mp4", "a.mkv"]) {
    const path = folder.file(name), cut = folder.file(`cut_${name}`);
    const options = {
      cover: { image: images.png },
      audio: { from: { silence: true } },
      thread: "main",
    } as const;
    const writer = await createFileWriter("mpeg4", path, 25, options);
    for (let index = 0; index < 50; index++) await writer.write(barFrame(index % 20));
    copyFileSync(path, cut);
    await writer.close();
    const { frames } = await recoverFile(cut);
    assert(frames > 25, `${frames} frames were recovered`);
    assertEquals(decode(cut, "gray").length, frames * 160 * 90);
    if (name === "a.mkv") assertCover(cut, images.png);
    else assertEquals(streamsOf(cut).map(({ codec }) => codec), ["mpeg4", "audio"]);
    assertCover(path, images.png);
  }
});

test("cover: its memory is the caller's again once the writer is open, whatever it is", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const shared = new SharedArrayBuffer(images.png.length);
  const within = new Uint8Array(images.png.length + 9);
  const views = [
    new Uint8Array(shared),
    new Uint8Array(new ArrayBuffer(images.png.length)),
    within.subarray(5, 5 + images.png.length),
  ];
  for (const [index, bytes] of views.entries()) {
    bytes.set(images.png);
    const image = [shared, bytes.buffer, new DataView(within.buffer, 5, images.png.length)][index]!;
    const writer = await createFileWriter("mpeg4", path, 25, { cover: { image } });
    bytes.fill(0);
    await writer.write(barFrame(0));
    await writer.close();
    assertCover(path, images.png);
  }
});

test("cover: lets packets go to the file as they come", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const options = { cover: { image: images.png }, crashSafe: false, thread: "main" } as const;
  const writer = await createFileWriter("mjpeg", path, 25, options);
  const data = new Uint8Array(320 * 180 * 4).map((_, index) => index * index % 251);
  for (let index = 0; index < 75; index++) await writer.write({ data, width: 320, height: 180 });
  // libavformat waits a second for the picture's stream, and the file has a buffer.
  const { bytes } = writer.stats;
  const written = statSync(path).size;
  await writer.close();
  assert(written > bytes / 2, `${written} of ${bytes} bytes were written`);
});

test("cover: is refused at open where the file would lose it", async () => {
  using folder = new TemporaryFolder();
  const cover = { image: images.png };
  const refused: readonly (readonly [string, WriterOptions, string, string])[] = [
    ["a.mov", {}, "into mov: it does not keep it", "matroska"],
    ["a.avi", {}, "into avi: it does not keep it", "matroska"],
    ["a.nut", {}, "into nut: it does not keep it", "mp4"],
    ["a.mp4", { formatOptions: { movflags: "+frag_keyframe" } }, "these formatOptions", "matroska"],
    ["a.mp4", { formatOptions: { movflags: "+use_metadata_tags" } }, "these formatOptions", "matroska"],
    ["a.mp4", { metadata: { scene: "4" } }, "beside tags under keys of their own", "matroska"],
  ];
  for (const [name, options, problem, hint] of refused) {
    const path = folder.file(name);
    await assertFails(() => createFileWriter("mpeg4", path, 25, { ...options, cover }), {
      type: UnsupportedError,
      code: "COVER",
      operation: `write a cover into ${name.slice(2)}`,
      says: ["Cannot write a cover into ", problem, hint],
    });
    assert(!existsSync(path));
  }
  await assertFails(() => createAudioWriter("pcm", folder.file("a.wav"), { cover }), {
    type: UnsupportedError,
    code: "COVER",
    says: ["into wav: it does not keep it", "matroska"],
  });
  await assertFails(() => createFileWriter("vp8", folder.file("a.webm"), 25, { cover }), {
    type: UnsupportedError,
    code: "COVER",
    says: ["into webm"],
  });
});

test("cover: a file that is not a whole PNG or JPEG is refused when the writer opens", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const broken = images.png.slice();
  broken[60]! ^= 1;
  const refused: readonly (readonly [unknown, string])[] = [
    [images.png, "option cover: it is "],
    ["cover.png", 'option cover: it is "cover.png"'],
    [{ data: images.png }, "{ image: its bytes }"],
    [{ image: images.png, data: images.png }, "{ image: its bytes }"],
    [{ image: "cover.png" }, 'Cannot use the cover: it is "cover.png"'],
    [{ image: new Uint8Array() }, "Cannot use the cover: it is empty"],
    [{ image: new Uint8Array(500) }, "Cannot use the cover: its data starts with 00 00 00 00"],
    [{ image: images.png.subarray(0, 500) }, "Cannot use the cover: its PNG data is broken or cut off"],
    [{ image: images.jpg.subarray(0, 500) }, "Cannot use the cover: its JPEG data is broken or cut off"],
    [{ image: broken }, "Cannot use the cover: its PNG data is broken"],
    [{ image: imageFile("webp") }, "it is a WebP file, but must be a PNG or JPEG file"],
  ];
  for (const thread of ["worker", "main"] as const) {
    for (const [cover, part] of refused) {
      const open = () =>
        createFileWriter("mpeg4", path, 25, { cover: cover as { image: Uint8Array }, thread });
      await assertFails(open, { type: TypeError, says: [part] });
    }
    await assertFails(
      () => createFileWriter("mpeg4", path, 25, { cover: { image: new Uint8Array(2 ** 28) }, thread }),
      { type: RangeError, says: ["it has 268435456 bytes", "268435392"] },
    );
  }
  assert(!existsSync(path));
});
