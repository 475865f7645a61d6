import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import {
  createFileWriter,
  ReadError,
  recoverFile,
  type SubtitleCue,
  type SubtitleOptions,
  UnsupportedError,
  type VideoWriter,
  WriteError,
  WriterClosedError,
  type WriterOptions,
} from "../mod.ts";
import { undisposedObjects } from "../src/libav/owned.ts";
import { imageFile, pictureBytes, streamsOf } from "./support/attached.ts";
import { listen, probeAudio, sine } from "./support/audio.ts";
import { missingEncoders } from "./support/features.ts";
import { realClip } from "./support/footage.ts";
import { assertSameBytes, barFrame, decode, lightOptions, probe, TemporaryFolder } from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { toldSeconds } from "./support/record.ts";
import { convertSubtitles, cuesOf, probeSubtitles, type ReadCue } from "./support/subtitles.ts";
import { testsOf } from "./support/test.ts";

const { isLong, some, test, testBoth, testLong } = testsOf(import.meta.url);

/** A writer for bars at 25 frames a second. */
function open(path: string, options: WriterOptions): Promise<VideoWriter> {
  const codec = path.endsWith(".webm") ? "vp8" : "mpeg4";
  return createFileWriter(codec, path, 25, { ...lightOptions(codec), ...options });
}

/** Bars of so many seconds, with nothing beside them but what the track says, and cues. */
async function record(
  path: string,
  seconds: number,
  options: WriterOptions,
  cues: readonly SubtitleCue[] = [],
): Promise<void> {
  const writer = await open(path, options);
  for (const cue of cues) await writer.writeSubtitle(cue);
  for (let index = 0; index < seconds * 25; index++) await writer.write(barFrame(index % 20));
  await writer.close();
}

/** Fails unless a track has these cues, to a thousandth of a second. */
function assertCues(found: readonly ReadCue[], expected: readonly SubtitleCue[], what = "the track"): void {
  assertEquals(found.map(({ text }) => text), expected.map(({ text }) => text), what);
  for (const [index, { start, end }] of expected.entries()) {
    assertAlmostEquals(found[index]!.start, start, 0.00101, `${what}, start of ${index}`);
    assertAlmostEquals(found[index]!.end, end, 0.00101, `${what}, end of ${index}`);
  }
}

const kinds: readonly (readonly [name: string, codec: string, options: WriterOptions])[] = [
  ["a.mp4", "mov_text", {}],
  ["a.mp4", "mov_text", { crashSafe: false }],
  ["a.mkv", "subrip", { crashSafe: false, audio: { codec: "flac" } }],
  ["a.mp4", "mov_text", { audio: { from: { silence: true } }, thread: "main" }],
  ["a.mkv", "ass", { thread: "main" }],
  ["a.m4v", "mov_text", {}],
  ["a.webm", "webvtt", {}],
  ["a.mkv", "subrip", {}],
  ["a.mov", "mov_text", { thread: "main" }],
];

/** A file beside the cover. */
const attachments = [{ name: "notes.txt", data: new TextEncoder().encode("Notes.") }];

/** Texts that notations of subtitles could take for something else. */
const texts: readonly string[] = [
  "Plain.",
  "Two\nlines",
  "a < b && c > d; x<y>z </p>",
  "{curly} {\\i1}not italic{\\i0} } {",
  "C:\\new\\Nice\\hello \\{ \\\\",
  "an empty\n\nline, and \u00A0 another",
  "😀 👩‍👩‍👧 e\u0301",
  "שלום, עולם! مرحبا 123",
  "&amp; &lt; 100 % 1 --> 2, a,b,c,d,e,f,g,h,i",
  "日本語の字幕",
  "x".repeat(16384),
];

for (const [name, codec, options] of some(kinds, 4)) {
  testBoth(
    `writeSubtitle: plain texts come back as they were from ${codec} in ${name} (${JSON.stringify(options)})`,
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file(name);
      // Now one right after the other, now a pause; the first at 0.
      const cues = texts.map((text, index) => ({
        text,
        start: index * 0.5,
        end: index * 0.5 + (index % 3 === 0 ? 0.5 : 0.123),
      }));
      const subtitles = { codec, language: "fra", title: "Été", default: true } as SubtitleOptions;
      await record(path, 6, { ...options, subtitles }, cues);
      assertCues(cuesOf(path), cues);
      const [track] = probeSubtitles(path);
      assertEquals([track!.codec_name, track!.tags!.language], [codec, "fra"]);
      assertEquals(track!.tags![/m[op4]/.test(name) ? "handler_name" : "title"], "Été");
      assertEquals([track!.disposition.default, track!.disposition.forced], [1, 0]);
      // The last packet of audio may go on a little.
      assertAlmostEquals(toldSeconds(path), 6, options.audio === undefined ? 1e-6 : 0.05);
      assertEquals(decode(path, "gray").length, 150 * 160 * 90);
    },
  );
}

const styled = "Hear <i>this</i> and <b>that</b>:\n<u><i>both</i></u>";

for (const [name, codec, options] of some(kinds, 3)) {
  testBoth(
    `writeSubtitle: styles and lines come back from ${codec} in ${name} (${JSON.stringify(options)})`,
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file(name);
      const subtitles = { codec } as SubtitleOptions;
      await record(path, 3, { ...options, subtitles }, [
        { text: styled, start: 1, end: 2 },
        { text: "😀<i>è</i>n", start: 2.5, end: 3 },
      ]);
      // ffmpeg closes tags in an order of its own.
      const told = convertSubtitles(path, "srt").replaceAll("\r", "").replace(
        "<i><u>both</u></i>",
        "<u><i>both</i></u>",
      )
        .replace("<u><i>both</u></i>", "<u><i>both</i></u>").replace(
          "<i><u>both</i></u>",
          "<u><i>both</i></u>",
        );
      assertStringIncludes(told, `00:00:01,000 --> 00:00:02,000\n${styled}\n`);
      assertStringIncludes(told, "00:00:02,500 --> 00:00:03,000\n😀<i>è</i>n\n");
    },
  );
}

testBoth(
  "writeSubtitle: other markup of SubRip is kept in subrip and left out elsewhere, and tags alone show nothing",
  async () => {
    const cues = [
      { text: "<b></b>", start: 0, end: 1 },
      { text: '{\\an8}<font color="#ff0000">Red</font> <s>alert</s>', start: 1, end: 1.5 },
    ];
    for (
      const [name, codec] of some([["a.mkv", "subrip"], ["b.mkv", "ass"], ["a.mp4"], ["a.webm"]] as const, 2)
    ) {
      using folder = new TemporaryFolder();
      const path = folder.file(name);
      await record(path, 2, { subtitles: codec === undefined ? {} : { codec } }, cues);
      const text = codec === "subrip" ? cues[1]!.text : "Red alert";
      assertCues(cuesOf(path), [{ text, start: 1, end: 1.5 }], name);
    }
  },
);

/** The same three cues in each notation, from a second on. */
const files: Readonly<Record<string, string>> = {
  "film.srt": "1\r\n00:00:01,000 --> 00:00:02,000\r\nOne <i>day</i>\r\nin Łódź\r\n\r\n" +
    '2\r\n00:00:02,000 --> 00:00:02,750\r\n{\\an8}Two & <font color="#ff0000">three</font>\r\n\r\n' +
    "3\r\n00:00:04,040 --> 00:00:05,000\r\n4 < 5\r\n",
  "film.vtt": "WEBVTT\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:fred\n\nNOTE nothing\n\n" +
    "first\n00:01.000 --> 00:02.000 line:10% align:start\n<v Ana>One <i>day</i>\nin Łódź</v>\n\n" +
    "00:02.000 --> 00:02.750\nTwo &amp; <c.red>three</c>\n\n00:04.040 --> 00:05.000\n4 &lt; 5\n",
  "film.ass": "[Script Info]\nScriptType: v4.00+\nPlayResX: 640\n\n[V4+ Styles]\n" +
    "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, " +
    "Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, " +
    "MarginR, MarginV, Encoding\n" +
    "Style: Fancy,Times,30,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1\n\n[Events]\n" +
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n" +
    "Dialogue: 0,0:00:01.00,0:00:02.00,Fancy,,0,0,0,,One {\\i1}day{\\i0}\\Nin Łódź\n" +
    "Dialogue: 0,0:00:02.00,0:00:02.75,Fancy,,0,0,0,,{\\pos(20,30)\\c&H0000ff&}Two & three\n" +
    "Dialogue: 0,0:00:03.00,0:00:03.50,Fancy,,0,0,0,,{\\p1}m 0 0 l 100 0 100 100{\\p0}\n" +
    "Dialogue: 0,0:00:04.04,0:00:05.00,Fancy,,0,0,0,,4 < 5\n",
};

/** What the files say. */
const said: readonly SubtitleCue[] = [
  { text: "One day\nin Łódź", start: 1, end: 2 },
  { text: "Two & three", start: 2, end: 2.75 },
  { text: "4 < 5", start: 4.04, end: 5 },
];

/** The three notations, and one container for each in the quick run. */
const fileTargets = Object.keys(files).flatMap((file) =>
  ([["a.mp4"], ["a.mov"], ["a.mkv"], ["a.webm"], ["b.mkv", "ass"]] as const).map((target) => ({
    file,
    target,
  }))
);

for (const { file, target: [name, codec] } of some(fileTargets, 6)) {
  testBoth(
    `subtitles.from: all of ${file} comes back from ${name}${codec === undefined ? "" : ` in ${codec}`}`,
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file(name);
      const from = folder.file(file);
      writeFileSync(from, files[file]!);
      await record(path, 6, {
        subtitles: { from, language: "pol", ...(codec === undefined ? {} : { codec }) },
      });
      // What is copied keeps its markup, a drawing and a style that WebVTT and SubRip have not.
      const found = cuesOf(path).filter(({ text }) => !/^m 0 0/.test(text))
        .map((cue) => ({
          ...cue,
          text: cue.text.replace(/\{\\an8\}|<\/?font[^>]*>/g, "").replaceAll("\r", ""),
        }));
      assertCues(found, said);
      assertStringIncludes(convertSubtitles(path, "srt"), "One <i>day</i>");
      const [track] = probeSubtitles(path);
      const usual = { mp4: "mov_text", mov: "mov_text", webm: "webvtt", mkv: "subrip" }[name.split(".")[1]!];
      const isAss = file === "film.ass" && name === "a.mkv";
      assertEquals([track!.codec_name, track!.tags!.language], [codec ?? (isAss ? "ass" : usual), "pol"]);
      assertAlmostEquals(probe(path).duration, 6, 1e-6);
    },
  );
}

test("subtitles.from: an ASS file in mkv and a WebVTT file in webm keep their styles and places", async () => {
  using folder = new TemporaryFolder();
  for (const [name, content] of Object.entries(files)) writeFileSync(folder.file(name), content);
  const mkv = folder.file("a.mkv");
  await record(mkv, 6, { subtitles: { from: pathToFileURL(folder.file("film.ass")) } });
  const ass = convertSubtitles(mkv, "ass");
  assertStringIncludes(ass, "Style: Fancy,Times,30");
  assertStringIncludes(ass, "0:00:02.00,0:00:02.75,Fancy,,0,0,0,,{\\pos(20,30)\\c&H0000ff&}Two & three");
  const webm = folder.file("a.webm");
  await record(webm, 6, { subtitles: { from: folder.file("film.vtt") } });
  const vtt = execFileSync("ffmpeg", [
    "-v",
    "error",
    "-i",
    webm,
    "-map",
    "0:s",
    "-c",
    "copy",
    "-f",
    "webvtt",
    "-",
  ], {
    encoding: "utf8",
  });
  assertStringIncludes(
    vtt,
    "first\n00:01.000 --> 00:02.000 line:10% align:start\n<v Ana>One <i>day</i>\nin Łódź</v>",
  );
});

testBoth("subtitles.from: files leave nothing behind in memory", async () => {
  using folder = new TemporaryFolder();
  const before = undisposedObjects();
  for (const [file, content] of Object.entries(files)) {
    const from = folder.file(file);
    writeFileSync(from, content);
    for (const name of some(["a.mkv", "a.mp4", "a.webm"], 2)) {
      await record(folder.file(name), 1, { subtitles: { from }, thread: "main" });
      const aborted = await open(folder.file(name), { subtitles: { from }, thread: "main" });
      await aborted.abort();
    }
  }
  const broken = folder.file("broken.srt");
  writeFileSync(
    broken,
    "1\n00:00:01,000 --> 00:00:02,000\nFine\n\n2\n00:00:03,000 --> 00:00:04,000\n\xFF\n",
    "latin1",
  );
  const options = {
    subtitles: [{ from: folder.file("film.srt") }, { from: broken }],
    thread: "main",
  } as const;
  await assertFails(() => open(folder.file("a.mkv"), options), { type: ReadError, says: ["UTF-8"] });
  assertEquals(undisposedObjects(), before);
});

test("subtitles.language: comes back from mov, by the letters that QuickTime's numbers are known by", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mov");
  const languages = ["deu", "fre", "zho", "swe", "eng"];
  const tracks = languages.map((language) => ({ language }));
  const writer = await open(path, { audio: tracks, subtitles: tracks });
  for (const track of languages.keys()) {
    await writer.writeAudio({ ...sine({ count: 4800, sampleRate: 48000 }), track });
  }
  await writer.write(barFrame(0));
  await writer.close();
  const known = ["ger", "fra", "chi", "sve", "eng"];
  assertEquals(probeSubtitles(path).map(({ tags }) => tags!.language), known);
  assertEquals(probeAudio(path).map(({ tags }) => tags!.language), known);
});

for (const name of ["a.mp4", "b.mkv"]) {
  test(`writeSubtitle: cues stay in their track beside audio without a sample in ${name}`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file(name);
    const cues = [{ text: "Silence", start: 0.25, end: 0.75 }, { text: "still", start: 0.75, end: 2 }];
    await record(
      path,
      2,
      { audio: [{}, {}], subtitles: [{}, {}] },
      cues.map((cue) => ({ ...cue, track: 1 })),
    );
    assertEquals(cuesOf(path, 0), []);
    assertCues(cuesOf(path, 1), cues);
    assertEquals(decode(path, "gray").length, 50 * 160 * 90);
  });
}

/** Cues of which each begins before the one before ends. */
const overlapping: readonly SubtitleCue[] = [
  { text: "A", start: 1, end: 4 },
  { text: "B", start: 2, end: 3 },
  { text: "C", start: 2, end: 5 },
  { text: "D", start: 5, end: 5.5 },
];

testBoth(
  "writeSubtitle: cues that overlap are shown together in mp4, each by itself in mkv and webm",
  async () => {
    const together = [["a.mp4", {}], ["b.mp4", { crashSafe: false }], ["a.mov", {}]] as const;
    for (const [name, options] of some(together, 3)) {
      using folder = new TemporaryFolder();
      const path = folder.file(name);
      await record(path, 6, { ...options, subtitles: {} }, overlapping);
      assertCues(cuesOf(path), [
        { text: "A", start: 1, end: 2 },
        { text: "A\nB\nC", start: 2, end: 3 },
        { text: "A\nC", start: 3, end: 4 },
        { text: "C", start: 4, end: 5 },
        { text: "D", start: 5, end: 5.5 },
      ], name);
    }
    for (const name of some(["a.mkv", "a.webm"], 2)) {
      using folder = new TemporaryFolder();
      const path = folder.file(name);
      await record(path, 6, { subtitles: {} }, overlapping);
      assertCues(cuesOf(path), overlapping, name);
    }
  },
);

for (const name of some(["a.mp4", "a.mov", "a.mkv", "a.webm"], 4)) {
  testBoth(
    `subtitles: video, audio and two tracks of subtitles are as long and as late as they should be in ${name}`,
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file(name);
      const subtitles: SubtitleOptions[] = [{ language: "eng" }, { language: "fra", default: true }];
      const writer = await open(path, {
        audio: [{ language: "eng" }, { from: { silence: true } }],
        subtitles,
      });
      const [english, french]: SubtitleCue[][] = [[], []];
      for (let index = 0; index < 250; index++) {
        const start = index / 25;
        // One track comes at its time, the other late.
        if (index % 25 === 5) english!.push({ text: `at ${start}`, start, end: start + 0.6 });
        if (index % 50 === 5) french!.push({ text: `à ${start}`, start, end: start + 1.5, track: 1 });
        if (index % 25 === 5) await writer.writeSubtitle(english!.at(-1)!);
        if (index % 50 === 45) await writer.writeSubtitle(french!.at(-1)!);
        await writer.write(barFrame(index % 20));
        await writer.writeAudio(sine({ from: index * 1920, count: 1920, sampleRate: 48000 }));
      }
      await writer.close();
      const tracks = probeSubtitles(path);
      assertEquals(tracks.map(({ index }) => index), [3, 4]);
      assertEquals(tracks.map(({ tags }) => tags!.language), ["eng", "fra"]);
      assertEquals(tracks.map(({ disposition }) => disposition.default), [0, 1]);
      assertCues(cuesOf(path, 0), english!, "English");
      assertCues(cuesOf(path, 1), french!, "French");
      assertEquals(probe(path).frames, 250);
      assertEquals(probeAudio(path).length, 2);
      assertAlmostEquals(listen(path).length / 48000, 10, 0.03);
      assertAlmostEquals(toldSeconds(path), 10, 0.03);
    },
  );
}

for (
  const [name, codec, rest] of some(
    [["a.mkv", "subrip", { attachments }], ["a.mp4", "mov_text", {}]] as const,
    2,
  )
) {
  testBoth(`subtitles: stand between audio and cover in ${name}, also once it is recovered`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file(name);
    const image = imageFile("png");
    // Longer than libavformat waits for another packet of a picture.
    const cues = [{ text: "Long", start: 0.4, end: 4 }, { text: "Short", start: 4.5, end: 5 }];
    await record(path, 6, {
      ...rest,
      cover: { image },
      audio: { from: { silence: true } },
      subtitles: [{}, {}],
    }, cues);
    for (const _ of ["as it was closed", "as it was recovered"]) {
      const streams = streamsOf(path);
      const [video, audio, first, second, ...files] = streams.map(({ codec }) => codec);
      assertEquals([video, audio, first, second], ["mpeg4", "audio", "subtitle", "subtitle"]);
      assertEquals(files.toSorted(), name === "a.mp4" ? ["png"] : ["attachment", "png"]);
      assertEquals(probeSubtitles(path).map((track) => track.codec_name), [codec, codec]);
      assertCues(cuesOf(path), cues);
      assertEquals(cuesOf(path, 1), []);
      assertSameBytes(pictureBytes(path), image, "the cover");
      assertEquals(decode(path, "gray").length, 150 * 160 * 90);
      assertEquals((await recoverFile(path)).frames, 150);
    }
  });
}

for (const name of some(["a.mp4", "a.mov", "a.mkv", "a.webm"], 2)) {
  testBoth(
    `subtitles: a track without cues keeps nobody waiting in ${name}, and closes to a whole file`,
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file(name);
      const cutOff = folder.file(`cut-${name}`);
      const writer = await open(path, { subtitles: [{}, {}], thread: "main" });
      for (let index = 0; index < 150; index++) await writer.write(barFrame(index % 20));
      copyFileSync(path, cutOff);
      // All but what the encoder and the muxer hold is there already.
      assert(decode(cutOff, "gray").length / (160 * 90) >= 100, "the recording does not go on");
      await writer.writeSubtitle({ text: "Late", start: 1, end: 2, track: 1 });
      await writer.close();
      assertEquals(cuesOf(path, 0), []);
      assertCues(cuesOf(path, 1), [{ text: "Late", start: 1, end: 2 }]);
      assertEquals(probe(path).frames, 150);
      assertAlmostEquals(probe(path).duration, 6, 1e-6);
    },
  );
}

const cutting = [
  ["a.mp4", {}],
  ["b.mp4", { crashSafe: false }],
  ["a.mov", {}],
  ["a.mkv", {}],
  // An encoder that holds nothing back.
  ["a.webm", {}],
] as const;

for (const [name, options] of some(cutting, 3)) {
  testBoth(
    `subtitles: what goes beyond the end of the video is cut off in ${name} (${JSON.stringify(options)})`,
    {
      skip: missingEncoders(name === "a.webm" ? "libvpx" : "libx264"),
    },
    async () => {
      const codec = name === "a.webm" ? "vp8" : "h264";
      using folder = new TemporaryFolder();
      const path = folder.file(name);
      const from = folder.file("film.srt");
      writeFileSync(
        from,
        "1\n00:00:03,500 --> 00:00:09,000\nFile\n\n2\n00:00:20,000 --> 00:00:21,000\nNever\n",
      );
      const writer = await createFileWriter(codec, path, 25, {
        ...options,
        ...lightOptions(codec),
        subtitles: [{}, { from }],
      });
      await writer.writeSubtitle({ text: "Before", start: 1, end: 2 });
      await writer.writeSubtitle({ text: "Over", start: 3.5, end: 8 });
      await writer.writeSubtitle({ text: "Beyond", start: 4, end: 8 });
      for (let index = 0; index < 100; index++) await writer.write(barFrame(index % 20));
      await writer.close();
      assertCues(cuesOf(path, 0), [{ text: "Before", start: 1, end: 2 }, {
        text: "Over",
        start: 3.5,
        end: 4,
      }]);
      assertCues(cuesOf(path, 1), [{ text: "File", start: 3.5, end: 4 }]);
      assertAlmostEquals(probe(path).duration, 4, 1e-6);
      assertAlmostEquals(toldSeconds(path), 4, 0.0011);
    },
  );
}

for (const name of some(["a.mp4", "a.mov", "a.mkv"], 2)) {
  testBoth(
    `recoverFile: a recording into ${name} that is cut off plays, and has its subtitles once it is recovered`,
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file(name);
      const cutOff = folder.file(`cut-${name}`);
      const writer = await open(path, {
        audio: { from: { silence: true } },
        subtitles: [{ language: "eng" }, {}],
      });
      const cues: SubtitleCue[] = [];
      for (let index = 0; index < 250; index++) {
        const start = index / 25;
        if (index % 25 === 0) {
          // Now one right after the other, now a pause.
          cues.push({ text: `At ${start}`, start, end: start + (start % 2 === 0 ? 1 : 0.4) });
          await writer.writeSubtitle(cues.at(-1)!);
        }
        await writer.write(barFrame(index % 20));
      }
      copyFileSync(path, cutOff);
      await writer.abort();
      assert(decode(cutOff, "gray").length / (160 * 90) >= 190, "the recording does not go on");
      const { frames } = await recoverFile(cutOff);
      assert(frames >= 190, `${frames} frames`);
      const found = cuesOf(cutOff);
      // A text of mp4 waits for the next one, which may overlap.
      assert(found.length >= 7, `${found.length} subtitles`);
      assertCues(found.slice(0, 7), cues.slice(0, 7));
      assertEquals(probeSubtitles(cutOff).map(({ tags }) => tags?.language === "eng"), [true, false]);
      // The mp4 family has a first track that is shown.
      const shown = name === "a.mkv" ? [0, 0] : [1, 0];
      assertEquals(probeSubtitles(cutOff).map(({ disposition }) => disposition.default), shown);
    },
  );
}

test("subtitles.forced: forced tracks say so where the container can, and are refused where it cannot", async () => {
  for (const name of ["a.mkv", "a.webm", "a.mp4", "a.mov"]) {
    using folder = new TemporaryFolder();
    const path = folder.file(name);
    const options = { subtitles: [{ language: "eng" }, { language: "eng", forced: true }] };
    try {
      await record(path, 1, options, [{ text: "Signs", start: 0, end: 1, track: 1 }]);
    } catch (error) {
      assert(name !== "a.mkv" && name !== "a.webm", `${error}`);
      await assertFails(() => open(path, options), {
        type: UnsupportedError,
        code: "SUBTITLES",
        says: ["forced", name.slice(2), "mkv"],
      });
      assert(!existsSync(path));
      continue;
    }
    assert(name !== "a.mov");
    assertEquals(probeSubtitles(path).map(({ disposition }) => disposition.forced), [0, 1], name);
  }
});

test("subtitles.codec: containers and codecs that do not go together are refused when the writer opens", async () => {
  using folder = new TemporaryFolder();
  const refused: readonly (readonly [string, SubtitleOptions, string, string])[] = [
    ["a.avi", {}, "SUBTITLES", "mkv"],
    ["a.ts", {}, "SUBTITLES", "mpegts"],
    ["a.mp4", { codec: "subrip" }, "CODEC_NOT_FOR_CONTAINER", "mov_text"],
    ["a.webm", { codec: "ass" }, "CODEC_NOT_FOR_CONTAINER", "webvtt"],
    ["a.mkv", { codec: "mov_text" }, "CODEC_NOT_FOR_CONTAINER", "subrip and ass"],
  ];
  for (const [name, subtitles, code, part] of refused) {
    const path = folder.file(name);
    await assertFails(() => open(path, { subtitles }), { type: UnsupportedError, code, says: [part] });
    assert(!existsSync(path));
  }
});

test("subtitles.from: a file that is missing, broken or holds no subtitles is refused with a clear error when the writer opens", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const contents: Readonly<Record<string, string | Uint8Array>> = {
    "empty.srt": "",
    "prose.srt": "It was a dark and stormy night.\n",
    "noise.srt": Uint8Array.from({ length: 4000 }, (_, index) => index * 7919 >> 3),
    "empty.vtt": "WEBVTT\n\n",
    "playlist.srt": "#EXTM3U\n#EXTINF:1,\nfilm.srt\n",
    "latin.srt": Uint8Array.from(
      [..."1\n00:00:01,000 --> 00:00:02,000\nd\xE9j\xE0 vu\n"],
      (c) => c.charCodeAt(0),
    ),
  };
  for (const [name, content] of Object.entries(contents)) {
    const from = folder.file(name);
    writeFileSync(from, content);
    await assertFails(() => open(path, { subtitles: { from } }), {
      type: ReadError,
      operation: "read subtitles",
      says: [`Cannot read subtitles from ${from}: `],
    });
  }
  await assertFails(() => open(path, { subtitles: { from: folder.file("none.srt") } }), {
    type: ReadError,
    code: "ENOENT",
    says: ["none.srt", "there is no such file"],
  });
  await assertFails(() => open(path, { subtitles: { from: folder.path } }), {
    type: ReadError,
    says: ["regular file"],
  });
  assert(!existsSync(path));
});

test("subtitles.from: a file in UTF-16 or with a byte order mark is read", async () => {
  using folder = new TemporaryFolder();
  const from = folder.file("film.srt");
  const path = folder.file("a.mkv");
  const content = "\uFEFF1\r\n00:00:00,500 --> 00:00:01,000\r\nŁódź 😀,\r\nby night\r\n";
  const little = Buffer.from(content, "utf16le");
  for (const bytes of [Buffer.from(content), little, Buffer.from(little).swap16()]) {
    writeFileSync(from, bytes);
    await record(path, 1, { subtitles: { from } });
    assertCues(cuesOf(path), [{ text: "Łódź 😀,\nby night", start: 0.5, end: 1 }]);
  }
});

test("subtitles: invalid options are refused by name", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const refused: readonly (readonly [unknown, string])[] = [
    ["film.srt", 'a track is "film.srt"'],
    [[null], "a track is null"],
    [{ langauge: "eng" }, '"language"'],
    [{ language: "English" }, "three letters"],
    [{ codec: "srt" }, '"subrip"'],
    [{ default: 1 }, "true or false"],
    [{ forced: "yes" }, "true or false"],
    [{ title: "" }, "subtitles.title"],
    [{ from: "" }, "read subtitles from the path"],
    [{ from: 5 }, "read subtitles from the path"],
    [{ from: new URL("https://example.org/film.srt") }, "Cannot read subtitles from https://example.org"],
  ];
  for (const [subtitles, part] of refused) {
    await assertFails(() => open(path, { subtitles: subtitles as SubtitleOptions }), {
      type: TypeError,
      says: [part],
    });
  }
});

for (const thread of ["worker", "main"] as const) {
  test(`writeSubtitle: invalid cues are refused, and the writer goes on (${thread})`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv");
    const from = folder.file("film.srt");
    writeFileSync(from, files["film.srt"]!);
    const writer = await open(path, { subtitles: [{}, { from }], thread });
    const good = { text: "Good", start: 0.5, end: 1 };
    await writer.writeSubtitle(good);
    const refused: readonly (readonly [unknown, typeof TypeError | typeof RangeError, string])[] = [
      [undefined, TypeError, "{ text, start, end, track? }"],
      [null, TypeError, "null"],
      ["text", TypeError, '"text"'],
      [{ ...good, begin: 1 }, TypeError, "begin"],
      [{ ...good, text: "" }, TypeError, "non-empty"],
      [{ ...good, text: 5 }, TypeError, "its text is 5"],
      [{ ...good, text: "a\0b" }, TypeError, "NUL"],
      [{ ...good, text: "a\uD83D" }, TypeError, "whole characters"],
      [{ ...good, text: "x".repeat(16385) }, RangeError, "16385"],
      [{ ...good, start: "0" }, TypeError, 'its start is "0"'],
      [{ ...good, start: -1 }, RangeError, "its start is -1"],
      [{ ...good, end: NaN }, RangeError, "NaN"],
      [{ ...good, end: Infinity }, RangeError, "Infinity"],
      [{ ...good, end: 0.5 }, RangeError, "ends at 0.5 s"],
      [{ ...good, start: 0.4 }, RangeError, "starts at 0.4 s"],
      [{ ...good, track: 2 }, RangeError, "from 0 to 1"],
      [{ ...good, track: 0.5 }, RangeError, "from 0 to 1"],
      [{ ...good, track: 1 }, TypeError, "film.srt"],
    ];
    for (const [cue, type, part] of refused) {
      await assertFails(() => writer.writeSubtitle(cue as SubtitleCue), { type, says: [part] });
    }
    await writer.writeSubtitle({ ...good, text: "Too" });
    for (let index = 0; index < 50; index++) await writer.write(barFrame(index % 20));
    await writer.close();
    assertCues(cuesOf(path), [good, { ...good, text: "Too" }]);
    await assertFails(() => writer.writeSubtitle(good), {
      type: WriterClosedError,
      says: ["write a subtitle"],
    });
  });

  testBoth(
    `writeSubtitle: cues without a frame make no file, and too many of them are refused (${thread})`,
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file("a.mp4");
      const cue = { text: "Alone", start: 0, end: 1 };
      const lone = await open(path, { subtitles: {}, thread });
      await lone.writeSubtitle(cue);
      await assertFails(() => lone.close(), {
        type: WriteError,
        code: "NO_FRAME",
        says: ["subtitles", "Write at least one frame"],
      });
      const none = await open(path, { thread });
      await assertFails(() => none.writeSubtitle(cue), { type: TypeError, says: ["{ subtitles: {} }"] });
      await none.close();
      if (!isLong) return;
      const many = await open(path, { subtitles: {}, thread });
      await assertFails(async () => {
        for (let start = 0; start < 5000; start++) {
          await many.writeSubtitle({ text: "字".repeat(16384), start, end: start + 1 });
        }
      }, { type: WriteError, code: "NO_FRAME", says: ["64 MiB"] });
      assert(!existsSync(path));
      const crowded = await open(path, { subtitles: {}, thread });
      await assertFails(async () => {
        for (;;) await crowded.writeSubtitle({ text: "x".repeat(8000), start: 1, end: 2 });
      }, { type: UnsupportedError, code: "SUBTITLES", says: ["21845", "mkv"] });
    },
  );
}

/** How long the first video, the first audio and all of a file are, in seconds. */
function durations(path: string): number[] {
  const packets = (stream: string): number => {
    const text = execFileSync("ffprobe", [
      ...[
        "-v",
        "error",
        "-select_streams",
        stream,
        "-show_entries",
        "packet=pts_time,duration_time",
        "-of",
        "csv=p=0",
      ],
      path,
    ], { encoding: "utf8" });
    const ends = text.trim().split("\n").map((line) => {
      const [start, length] = line.split(",").map(Number);
      return start! + (length || 0);
    });
    return Math.max(...ends);
  };
  return [packets("v:0"), packets("a:0"), toldSeconds(path)];
}

for (const name of ["a.mp4", "a.mkv", "a.webm"]) {
  testLong(
    `subtitles: a clip of NASA's, split and written again to ${name}, has its tracks, lengths and text`,
    {
      skip: !existsSync(realClip) && "NASA's clip is not at hand" ||
        missingEncoders(name === "a.webm" ? "libvpx" : "libx264"),
    },
    async () => {
      const codec = name === "a.webm" ? "vp8" : "h264";
      using folder = new TemporaryFolder();
      const [video, audio, text] = ["frames.rgba", "audio.f32", "text.srt"].map((part) => folder.file(part));
      const clip = folder.file("clip.mp4");
      execFileSync("ffmpeg", [
        ...[
          "-v",
          "error",
          "-i",
          realClip,
          "-map",
          "0:v:1",
          "-map",
          "0:a:1",
          "-map",
          "0:s:0",
          "-c",
          "copy",
          clip,
        ],
      ]);
      const split = (...options: string[]): void =>
        void execFileSync("ffmpeg", ["-v", "error", "-i", clip, ...options]);
      split("-map", "0:v", "-f", "rawvideo", "-pix_fmt", "rgba", video!);
      split("-map", "0:a", "-f", "f32le", "-ac", "2", "-ar", "48000", audio!);
      split("-map", "0:s", "-f", "srt", text!);
      const path = folder.file(name);
      const [width, height] = [480, 270];
      const [frames, samples] = [readFileSync(video!), readFileSync(audio!)];
      const subtitles = { from: text!, language: "eng" };
      const writer = await createFileWriter(codec, path, "30000/1001", {
        audio: {},
        subtitles,
        preset: "veryfast",
        ...lightOptions(codec),
      });
      const data = new Float32Array(
        samples.buffer.slice(samples.byteOffset, samples.byteOffset + samples.length),
      );
      const frameBytes = width * height * 4;
      for (let at = 0, from = 0; at < frames.length; at += frameBytes) {
        await writer.write({ data: frames.subarray(at, at + frameBytes), width, height });
        const to = Math.min(data.length, Math.round((at / frameBytes + 1) * 1601.6) * 2);
        await writer.writeAudio({ data: data.subarray(from, to), channels: 2, sampleRate: 48000 });
        from = to;
        if (at + frameBytes >= frames.length && to < data.length) {
          await writer.writeAudio({ data: data.subarray(to), channels: 2, sampleRate: 48000 });
        }
      }
      await writer.close();
      const [was, is] = [durations(clip), durations(path)];
      assertAlmostEquals(is[0]!, was[0]!, 1 / 29, "the video");
      assertAlmostEquals(is[1]!, was[1]!, 1024 / 48000 + 0.001, "the audio");
      // A text that is longer than the video does not make it longer.
      const end = Math.max(is[0]!, is[1]!);
      assertAlmostEquals(is[2]!, end, 0.03);
      const spoken = cuesOf(clip).map((cue) => ({ ...cue, end: Math.min(cue.end, was[0]!) }));
      assertEquals(spoken.length, 4);
      assertCues(cuesOf(path), spoken);
      assertEquals([probe(path).frames, probeAudio(path).length], [390, 1]);
    },
  );
}
