/**
 * Tags, chapters and covers of audio files: they come back, or are refused when the writer opens.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { assert, assertEquals } from "@std/assert";
import { type AudioWriterOptions, createAudioWriter, createFileWriter, UnsupportedError } from "../mod.ts";
import { imageFile, pictureBytes, streamsOf } from "./support/attached.ts";
import { listen, sine } from "./support/audio.ts";
import { missingEncoders, missingMuxers } from "./support/features.ts";
import { assertSameBytes, barFrame, TemporaryFolder } from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testBoth } = testsOf(import.meta.url);

/** Two seconds of a tone. */
async function record(codec: string, path: string, options: AudioWriterOptions = {}): Promise<void> {
  const writer = await createAudioWriter(codec, path, options);
  for (let from = 0; from < 96_000; from += 9600) {
    await writer.write(sine({ from, count: 9600, sampleRate: 48_000 }));
  }
  await writer.close();
}

/** What ffprobe tells of a file: its tags in lower case, and its chapters. */
function probeFile(path: string): { tags: Record<string, string>; chapters: unknown[] } {
  const { stdout, stderr, status } = spawnSync("ffprobe", [
    ...["-v", "error", "-show_streams", "-show_format", "-show_chapters", "-of", "json", path],
  ], { encoding: "utf8" });
  assertEquals([status, stderr.trim()], [0, ""], path);
  const { streams: [stream], format, chapters } = JSON.parse(stdout);
  const tags = Object.entries({ ...stream.tags, ...format.tags } as Record<string, string>);
  return {
    tags: Object.fromEntries(tags.map(([key, value]) => [key.toLowerCase(), value])),
    chapters: chapters.map((
      { start_time, end_time, tags }: { start_time: string; end_time: string; tags: { title: string } },
    ) => [tags.title, Number(start_time), Number(end_time)]),
  };
}

const files = [
  { codec: "mp3", encoder: "libmp3lame", file: "a.mp3", muxer: "mp3", takesAny: true, takesCover: true },
  { codec: "flac", encoder: "flac", file: "a.flac", muxer: "flac", takesAny: true, takesCover: true },
  { codec: "opus", encoder: "libopus", file: "a.opus", muxer: "opus", takesAny: true, takesCover: true },
  { codec: "opus", encoder: "libopus", file: "a.ogg", muxer: "ogg", takesAny: true, takesCover: true },
  { codec: "flac", encoder: "flac", file: "b.ogg", muxer: "ogg", takesAny: true, takesCover: true },
  { codec: "vorbis", encoder: "libvorbis", file: "a.oga", muxer: "oga", takesAny: true, takesCover: true },
  { codec: "aac", encoder: "aac", file: "a.m4a", muxer: "ipod", takesAny: true, takesCover: true },
  { codec: "pcm", encoder: "pcm_s16be", file: "a.aiff", muxer: "aiff", takesAny: true, takesCover: true },
  { codec: "pcm", encoder: "pcm_s16le", file: "a.wav", muxer: "wav", takesAny: false, takesCover: false },
  { codec: "pcm", encoder: "pcm_s16le", file: "a.caf", muxer: "caf", takesAny: true, takesCover: false },
] as const;

const common = { title: 'Grüße aus 日本 "x"', artist: "Ana & Zoë", album: "Waves", date: "2024", track: "3" };

for (const { codec, encoder, file, muxer, takesAny, takesCover } of some(files, 4)) {
  const skip = missingEncoders(encoder) || missingMuxers(muxer);
  testBoth(`metadata: titles and artists come back from ${file} with ${codec}`, { skip }, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file(file), plain = folder.file(`plain_${file}`);
    await record(codec, plain);
    const metadata = takesAny ? { ...common, mykey: "some text" } : common;
    await record(codec, path, { metadata, thread: "main" });
    const { tags } = probeFile(path);
    for (const [key, value] of Object.entries(metadata)) assertEquals(tags[key], value, key);
    assertEquals(listen(path), listen(plain));
    if (takesAny) return;
    await assertFails(() => record(codec, path, { metadata: { mykey: "x" } }), {
      type: UnsupportedError,
      code: "TAG_NOT_FOR_CONTAINER",
      says: [`Cannot write the tag "mykey" into ${muxer}: it does not keep it`, "matroska"],
    });
  });

  testBoth(`cover: comes back from ${file} with ${codec}, or is refused at open`, { skip }, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file(file);
    for (const image of [imageFile("png"), imageFile("jpg")]) {
      const write = (): Promise<void> =>
        record(codec, path, { cover: { image }, metadata: { title: "Waves" } });
      if (!takesCover) {
        await assertFails(write, {
          type: UnsupportedError,
          code: "COVER",
          says: [`a cover into ${muxer}: `],
        });
        continue;
      }
      await write();
      assertEquals(streamsOf(path).map(({ isPicture }) => isPicture), [false, true]);
      assertSameBytes(pictureBytes(path, 0), image, "the cover");
      assertEquals(probeFile(path).tags.title, "Waves");
    }
  });
}

test("cover: comes back from ogv beside audio, once", {
  skip: missingEncoders("libtheora") || missingEncoders("libvorbis"),
}, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.ogv");
  const image = imageFile("jpg");
  const options = { cover: { image }, metadata: { title: "Waves" }, audio: { codec: "vorbis" } } as const;
  const writer = await createFileWriter("libtheora", path, 25, options);
  for (let index = 0; index < 10; index++) {
    await writer.write(barFrame(index));
    await writer.writeAudio(sine({ from: index * 1920, count: 1920, sampleRate: 48_000 }));
  }
  await writer.close();
  assertEquals(streamsOf(path).filter(({ isPicture }) => isPicture).length, 1);
  assertSameBytes(pictureBytes(path), image, "the cover");
});

const chapters = [
  { title: "Start", start: 0 },
  { title: "Über den Wolken: 雲の上", start: 0.5, end: 1 },
  { title: "End", start: 1.25 },
  { title: "Never", start: 3 },
];

for (
  const { codec, encoder, file, muxer } of some([
    { codec: "mp3", encoder: "libmp3lame", file: "a.mp3", muxer: "mp3" },
    { codec: "pcm", encoder: "pcm_s16be", file: "a.aiff", muxer: "aiff" },
    { codec: "aac", encoder: "aac", file: "a.m4a", muxer: "ipod" },
    { codec: "opus", encoder: "libopus", file: "a.mka", muxer: "matroska" },
  ], 2)
) {
  const skip = missingEncoders(encoder) || missingMuxers(muxer);
  testBoth(`chapters: come back from ${file}, an audio file, as far as it goes`, { skip }, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file(file), plain = folder.file(`plain_${file}`);
    await record(codec, plain);
    const options: readonly AudioWriterOptions[] = [
      { chapters },
      { chapters, thread: "main", crashSafe: false },
      {
        chapters,
        metadata: { title: "Waves" },
        ...(muxer === "aiff" ? {} : { cover: { image: imageFile("jpg") } }),
      },
      ...(muxer === "mp3" ? [{ chapters, formatOptions: { metadata_header_padding: 100 } }] : []),
    ];
    for (const each of options) {
      await record(codec, path, { format: muxer, ...each });
      const found = probeFile(path);
      assertEquals(
        found.chapters.map((chapter) => (chapter as unknown[]).slice(0, 2)),
        chapters.slice(0, 3).map(({ title, start }) => [title, start]),
      );
      const [, , end] = found.chapters[2] as [string, number, number];
      // The encoder's delay may count.
      assert(Math.abs(end - 2) < 0.05, `the last chapter ends at ${end} s`);
      if (each.metadata !== undefined) assertEquals(found.tags.title, "Waves");
      assertEquals(listen(path), listen(plain));
    }
  });
}

test(
  "chapters: mp3 has them while it is recorded, too",
  { skip: missingEncoders("libmp3lame") },
  async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mp3"), cut = folder.file("cut.mp3");
    const writer = await createAudioWriter("mp3", path, { chapters, thread: "main" });
    await writer.write(sine({ count: 48_000, sampleRate: 48_000 }));
    const recorded = readFileSync(path);
    await writer.abort();
    assert(recorded.length > 1000, "nothing is written before the end");
    writeFileSync(cut, recorded);
    const found = probeFile(cut).chapters.map((chapter) => (chapter as unknown[]).slice(0, 2));
    assertEquals(found, chapters.map(({ title, start }) => [title, start]));
  },
);

for (
  const { codec, encoder, file, muxer } of [
    { codec: "flac", encoder: "flac", file: "a.flac", muxer: "flac" },
    { codec: "opus", encoder: "libopus", file: "a.ogg", muxer: "ogg" },
    { codec: "pcm", encoder: "pcm_s16le", file: "a.wav", muxer: "wav" },
    { codec: "wmav2", encoder: "wmav2", file: "a.wma", muxer: "asf" },
  ] as const
) {
  test(`chapters: are refused at open where they would not come back: ${file}`, {
    skip: missingEncoders(encoder),
  }, async () => {
    using folder = new TemporaryFolder();
    await assertFails(() => createAudioWriter(codec, folder.file(file), { chapters }), {
      type: UnsupportedError,
      code: "CHAPTERS",
      says: [`Cannot write chapters into ${muxer}: it does not keep them`, "matroska"],
    });
  });
}
