/**
 * Recipes that decode and encode, judged by what the ffmpeg program makes of the same files.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { createFileReader, createFileWriter, ReadError } from "../mod.ts";
import { gif, spriteSheet, thumbnails, transcode, type TranscodeProgress, trim } from "../recipes.ts";
import { convertClip, frameHashes, makeClip, unevenClip } from "./support/clips.ts";
import { missingEncoders } from "./support/features.ts";
import { frameTimes, TemporaryFolder } from "./support/media.ts";
import { runScript } from "./support/processes.ts";
import { testsOf } from "./support/test.ts";

const { isAll, test, testAll, testBoth, testLong } = testsOf(import.meta.url);

const folder = new TemporaryFolder();
after(() => folder[Symbol.dispose]());
const skip = missingEncoders("ffv1", "flac", "png");

const tone = ["-f", "lavfi", "-i", "sine=440:sample_rate=44100:duration=2"];
const lossless = ["-c:v", "ffv1", "-c:a", "flac", "-pix_fmt", "yuv420p"];

let clipPath: string | null = null;
/** Two seconds of bars at 25 frames per second and a tone, nothing of which is lost. */
function clip(): string {
  return clipPath ??= makeClip(folder.file("clip.mkv"), "25", 2, ...tone, ...lossless);
}

/** The hash of all samples of a file, as 16-bit integers; `filter` picks some. */
function samplesHash(path: string, filter = "anull"): string {
  const args = ["-v", "error", "-i", path, "-vn", "-af", filter, "-f", "md5", "-"];
  return execFileSync("ffmpeg", args, { encoding: "utf8" }).trim();
}

/** What ffprobe says of a file. */
function probe(path: string, entries: string): string[] {
  const args = ["-v", "error", "-show_entries", entries, "-of", "default=nw=1", path];
  return execFileSync("ffprobe", args, { encoding: "utf8" }).trim().split("\n");
}

const parts = [[0.52, 1.4], [0.5, 1.3], [0, 1], [1.96, Infinity]] as const;

testBoth("trim: an exact part has the frames and samples of its time, and no others", { skip }, async () => {
  const input = clip();
  const output = folder.file("exact.mkv");
  const all = frameHashes(input);
  for (const [start, end] of isAll ? parts : parts.slice(0, 1)) {
    const { frames, encoder } = await trim(input, output, start, end, { exact: true });
    const expected = all.slice(Math.ceil(start * 25), Math.min(50, Math.ceil(end * 25)));
    assertEquals([frames, encoder], [expected.length, "ffv1"]);
    assertEquals(frameHashes(output), expected);
    const last = Math.min(2, end) * 44100;
    const samples = `atrim=start_sample=${Math.round(start * 44100)}:end_sample=${Math.round(last)}`;
    assertEquals(samplesHash(output), samplesHash(input, samples), `${start} to ${end}`);
  }
  assertEquals(readdirSync(folder.path).filter((name) => name.includes("avwriter")), []);
});

testAll(
  "trim: an exact part of every container and codec has the frames of its time",
  { skip: missingEncoders("libx264", "libx265", "aac") },
  async () => {
    const cases = [
      ["mp4", "libx264", "yuv420p"],
      ["ts", "libx264", "yuv420p"],
      ["mkv", "libx265", "yuv420p10le"],
      ["mkv", "ffv1", "yuv422p10le"],
    ] as const;
    for (const [extension, codec, format] of cases) {
      const options = ["-c:v", codec, "-g", "12", "-pix_fmt", format, "-c:a", "aac"];
      const input = makeClip(folder.file(`of-${codec}.${extension}`), "30000/1001", 2, ...tone, ...options);
      const output = folder.file(`exact-${codec}.${extension}`);
      const rate = 30000 / 1001;
      const { frames } = await trim(input, output, 20 / rate, 40 / rate, {
        exact: true,
        quality: "lossless",
      });
      assertEquals(frames, 20, `${extension} ${codec}`);
      assertEquals(frameHashes(output), frameHashes(input).slice(20, 40), `${extension} ${codec}`);
      assert(probe(output, "stream=pix_fmt").includes(`pix_fmt=${format}`));
      const [length] = probe(output, "format=duration");
      assertAlmostEquals(Number(length!.split("=")[1]), 20 / rate, 0.05, `${extension} ${codec}`);
    }
  },
);

test("trim: an exact part late in a file has the samples that it has when decoded from the beginning", {
  skip: missingEncoders("mpeg4", "aac", "ffv1", "flac"),
}, async () => {
  const input = folder.file("late.mp4"), output = folder.file("late.mkv");
  const noise = ["-f", "lavfi", "-i", "anoisesrc=sample_rate=44100:amplitude=0.3:seed=3:duration=6"];
  // Decoders fill bands that are noise with noise of their own, another one each time.
  makeClip(input, "25", 6, ...noise, "-c:v", "mpeg4", "-g", "25", "-c:a", "aac", "-aac_pns", "0");
  await trim(input, output, 5.1, 5.5, { exact: true, audio: { codec: "flac", sampleFormat: "s16" } });
  assertEquals(samplesHash(output), samplesHash(input, "atrim=start_sample=224910:end_sample=242550"));
});

testLong("trim: an exact part shows what is shown at its ends, no longer", { skip }, async () => {
  const input = folder.file("slides.mkv");
  convertClip(input, "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=1:duration=4", "-c:v", "ffv1");
  const output = folder.file("half.mkv");
  const { frames, seconds } = await trim(input, output, 1.5, 3.25, { exact: true });
  assertEquals([frames, seconds], [3, 1.75]);
  assertEquals(frameHashes(output), frameHashes(input).slice(1));
  assertEquals(frameTimes(output), [0, 0.5, 1.5]);
});

testLong("trim: an exact part of a codec whose encoder has another name, or takes another format", {
  skip: missingEncoders("msmpeg4", "gif"),
}, async () => {
  for (const [extension, encoder] of [["avi", "msmpeg4"], ["gif", "gif"]] as const) {
    const input = makeClip(folder.file(`other.${extension}`), "10", 1, "-c:v", encoder);
    const output = folder.file(`part.${extension}`);
    const { frames, encoder: used } = await trim(input, output, 0.3, 0.8, { exact: true });
    assertEquals([frames, used, frameHashes(output).length], [5, encoder, 5]);
  }
});

testLong("transcode: audio before the video is kept, or named where the container has no place for it", {
  skip: skip || missingEncoders("libx264", "mpeg4"),
}, async () => {
  const input = folder.file("early.mkv");
  convertClip(
    input,
    ...["-itsoffset", "1", "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=1"],
    ...["-f", "lavfi", "-i", "sine=duration=2", "-map", "0:v", "-map", "1:a", ...lossless],
  );
  const begins = (path: string): number[] =>
    ["v", "a"].map((type) => {
      const args = [
        "-v",
        "error",
        "-select_streams",
        type,
        "-show_entries",
        "packet=pts_time",
        "-of",
        "csv=p=0",
      ];
      return Number.parseFloat(execFileSync("ffprobe", [...args, path], { encoding: "utf8" }));
    });
  for (const [extension, codec] of [["mkv", "ffv1"], ["mp4", "libx264"], ["mov", "libx264"]] as const) {
    const output = folder.file(`late.${extension}`);
    const codecs = extension === "mkv" ? { audio: { codec: "flac" } } : {};
    const result = await transcode(input, output, codec, codecs);
    assertEquals([result.leftOut, result.frames], [[], 25]);
    const [video, audio] = begins(output);
    assertAlmostEquals(video!, 1, 2e-3, extension);
    // An encoder may put some samples of silence in front.
    assertAlmostEquals(audio!, 0, 0.03, extension);
    if (extension !== "mkv") continue;
    assertEquals(begins(output), begins(input));
    assertEquals(samplesHash(output), samplesHash(input));
    assertEquals(frameHashes(output), frameHashes(input));
    // From another place on, audio begins with the video.
    await transcode(input, output, codec, { ...codecs, start: 0.2 });
    for (const seconds of begins(output)) assertAlmostEquals(seconds, 0, 2e-3);
  }
  // Frames of AVI begin at 0.
  const { leftOut } = await transcode(input, folder.file("late.avi"), "mpeg4");
  assertEquals(leftOut, ["audio before the video"]);
});

testLong("thumbnails: a failure is not told as the end", { skip }, async () => {
  const told: unknown[] = [];
  const tune = folder.file("tune-alone.mka");
  convertClip(tune, "-f", "lavfi", "-i", "sine=duration=1", "-c:a", "flac");
  await assertRejects(
    () => thumbnails(tune, folder.file("none%d.png"), { onProgress: (progress) => void told.push(progress) }),
    ReadError,
  );
  assertEquals(told, []);
});

/** A picture that is laid over others. */
const logo = "color=blue:20x20:r=25:d=2[logo]";
const sizes = [
  [{ width: 80 }, "scale=80:-2"],
  [{ height: 50 }, "scale=-2:50"],
  [{ width: 100, height: 100 }, "scale=100:76,pad=100:100:-1:-1"],
  [{ width: 81, height: 101 }, "scale=80:60,pad=81:101:-1:-1"],
  [{ width: 100, height: 60, resize: "cover" }, "scale=100:76,crop=100:60"],
  [{ width: 100, height: 60, resize: "fill" }, "scale=100:60"],
  [{ width: 80, filter: "fps=10,hflip" }, "scale=80:-2,fps=10,hflip"],
  [{ width: 80, filter: `${logo};[in][logo]overlay` }, `scale=80:-2[small];${logo};[small][logo]overlay`],
] as const;

testLong("transcode: pictures and sound are the ffmpeg program's", { skip }, async () => {
  const input = clip();
  const [output, program] = [folder.file("small.mkv"), folder.file("program.mkv")];
  for (const [options, filter] of isAll ? sizes : sizes.slice(0, 1)) {
    const told: TranscodeProgress[] = [];
    const summary = await transcode(input, output, "ffv1", {
      ...options,
      audio: { codec: "flac" },
      onProgress: (progress) => void told.push(progress),
    });
    convertClip(program, "-i", input, "-vf", filter, ...lossless);
    assertEquals(frameHashes(output), frameHashes(program), filter);
    assertEquals(samplesHash(output), samplesHash(input));
    assertAlmostEquals(summary.seconds, 2, 1e-9);
    const { finished, frames, fps, secondsLeft } = told.at(-1)!;
    assertEquals([finished, frames, secondsLeft], [1, 50, 0]);
    assert(fps > 0);
  }
});

testAll("transcode: into each container, with the codecs that it usually has", async () => {
  const input = clip();
  const cases = [
    ["mp4", "h264", "aac", "libx264"],
    ["webm", "vp9", "opus", "libvpx-vp9"],
    ["mov", "prores", "aac", "prores_ks"],
    ["avi", "mpeg4", "mp3", "mpeg4"],
    ["ts", "h264", "aac", "libx264"],
  ] as const;
  for (const [extension, codec, audio, encoder] of cases) {
    if (missingEncoders(encoder) !== false) continue;
    for (const thread of ["worker", "main"] as const) {
      const output = folder.file(`usual.${extension}`);
      const summary = await transcode(input, output, codec, { thread, width: 96 });
      assertEquals([summary.frames, summary.encoder], [50, encoder]);
      assertAlmostEquals(summary.seconds, 2, 1e-6);
      const facts = probe(output, "stream=codec_name,width,height,sample_rate,channels");
      assert(facts.includes("width=96") && facts.includes("height=72"));
      assert(facts.includes(`codec_name=${audio}`), `${extension}: ${facts}`);
      assert(facts.includes(audio === "opus" ? "sample_rate=48000" : "sample_rate=44100"), `${facts}`);
      assert(facts.includes("channels=1"));
      assertEquals(frameHashes(output).length, 50);
    }
  }
});

testAll("transcode: pictures are turned as players turn them", { skip }, async () => {
  const turned = folder.file("turned.mov");
  const encoded = missingEncoders("libx264") === false;
  if (!encoded) return;
  for (const rotation of [90, 180, 270] as const) {
    await using source = await createFileReader(clip());
    await using writer = await createFileWriter("h264", turned, 25, { rotation });
    for await (const frame of source) await writer.write(frame);
    await writer.close();
    const output = folder.file("upright.mkv");
    const { width, height } = await transcode(turned, output, "ffv1", { width: 60 });
    const program = convertClip(
      folder.file("program-upright.mkv"),
      "-i",
      turned,
      "-vf",
      "scale=60:-2",
      ...lossless,
    );
    assertEquals([width, height], rotation === 180 ? [60, 46] : [60, 80]);
    assertEquals(frameHashes(output), frameHashes(program), String(rotation));
  }
});

testAll("transcode: sound stays where it was, before and behind the video", { skip }, async () => {
  for (const [name, ...delay] of [["late", "-itsoffset", "0.4"], ["early"]] as const) {
    // A click at the second frame's begin tells where the sound is.
    const input = folder.file(`${name}.mkv`);
    const click = "aevalsrc=if(between(t\\,0.5\\,0.51)\\,0.8\\,0):s=48000:d=2";
    makeClip(input, "25", 2, ...delay, "-f", "lavfi", "-i", click, ...lossless);
    const output = folder.file(`${name}-sound.mkv`);
    await transcode(input, output, "ffv1", { audio: { codec: "flac" } });
    const expected = name === "late" ? 0.9 : 0.5;
    await using source = await createFileReader(output);
    let found: number | null = null;
    for await (const { samples, timestamp } of source.audio()) {
      const data = Array.isArray(samples.data) ? samples.data[0]! : samples.data as Int16Array;
      const at = (data as Int16Array).findIndex((value: number) => Math.abs(value) > 1000);
      if (found === null && at >= 0) found = timestamp + at / samples.sampleRate;
    }
    assertAlmostEquals(found!, expected, 0.002, name);
  }
});

testAll("transcode: frames that come unevenly keep their times", { skip }, async () => {
  const times = [0, 0.1, 0.15, 0.5, 0.9, 1.7];
  const input = await unevenClip(folder.file("uneven.mkv"), times);
  const output = folder.file("uneven.mp4");
  await transcode(input, output, missingEncoders("libx264") === false ? "h264" : "mpeg4");
  await using source = await createFileReader(output);
  let index = 0;
  for await (const { timestamp } of source) assertAlmostEquals(timestamp, times[index++]!, 0.001);
  assertEquals(index, times.length);
});

testBoth("transcode: progress begins at 0 where a part begins within a frame", { skip }, async () => {
  const input = folder.file("long-frame.mkv");
  {
    await using writer = await createFileWriter("ffv1", input, 25, { timing: "timestamps" });
    for (const timestamp of [0, 5, 5.5]) {
      await writer.write({ data: new Uint8Array(64 * 64 * 4), width: 64, height: 64 }, { timestamp });
    }
  }
  const told: (number | null)[] = [];
  await transcode(input, folder.file("long-frame-part.mkv"), "ffv1", {
    start: 3,
    thread: "main",
    onProgress: ({ finished }) => void told.push(finished),
  });
  assertEquals([told[0], told.at(-1)], [0, 1]);
});

testLong("transcode: tags, chapters and subtitles go along as far as the container has a place", {
  skip: missingEncoders("libx264", "aac"),
}, async () => {
  const input = folder.file("told.mkv");
  {
    await using writer = await createFileWriter("h264", input, 25, {
      metadata: { title: "Bars", mykey: "mine" },
      chapters: [{ title: "One", start: 0 }, { title: "Two", start: 1 }],
      subtitles: { language: "eng" },
    });
    await writer.writeSubtitle({ text: "before", start: 0.1, end: 0.3 });
    await writer.writeSubtitle({ text: "across", start: 0.8, end: 1.2 });
    for (let n = 0; n < 50; n++) {
      await writer.write({ data: new Uint8Array(64 * 64 * 4).fill(n), width: 64, height: 64 });
    }
  }
  const output = folder.file("told.mp4");
  const whole = await transcode(input, output, "h264");
  assertEquals(whole.leftOut, []);
  const part = await trim(input, folder.file("part.mkv"), 0.92, 2, { exact: true });
  assertEquals(part.leftOut, []);
  await using source = await createFileReader(output);
  assertEquals(source.chapters.map(({ title, start }) => [title, start]), [["One", 0], ["Two", 1]]);
  assertEquals(source.metadata.title, "Bars");
  await using cut = await createFileReader(folder.file("part.mkv"));
  const cues = await Array.fromAsync(cut.cues());
  assertEquals(cues.map(({ text }) => text), ["across"]);
  assertAlmostEquals(cues[0]!.start, 0, 0.002);
  assertAlmostEquals(cues[0]!.end, 0.28, 0.002);
  assertEquals(cut.chapters.map(({ title, start }) => [title, Math.round(start * 10)]), [["One", 0], [
    "Two",
    1,
  ]]);
  const { leftOut } = await transcode(input, folder.file("told.ts"), "h264");
  assertEquals(leftOut.toSorted(), ["chapters", "subrip", "tag MYKEY", "tag title"].toSorted());
});

testBoth(
  "transcode: a file is not made of itself, and an abort leaves what was there",
  { skip },
  async () => {
    const input = clip();
    const hard = folder.file("hard.mkv");
    if (!existsSync(hard)) linkSync(input, hard);
    const before = readFileSync(input);
    for (const output of [input, hard]) {
      await assertRejects(() => transcode(input, output, "ffv1"), TypeError, "they are one file");
      await assertRejects(() => trim(input, output, 0, 1), TypeError, "they are one file");
    }
    assert(before.equals(readFileSync(input)));
    const output = folder.file("kept.mkv");
    writeFileSync(output, "before");
    for (const thread of ["worker", "main"] as const) {
      const control = new AbortController();
      const ended = transcode(input, output, "ffv1", {
        ...{ thread, signal: control.signal },
        onProgress: () => control.abort(new Error("enough")),
      });
      await assertRejects(() => ended, Error, "enough");
      assertEquals(readFileSync(output, "utf8"), "before");
    }
    await assertRejects(() => trim(input, output, 5, 6, { exact: true }), RangeError, "2 s long");
    await assertRejects(() => transcode(folder.file("none.mp4"), output, "ffv1"), ReadError);
    assertEquals(readFileSync(output, "utf8"), "before");
    assertEquals(readdirSync(folder.path).filter((name) => name.includes("avwriter")), []);
  },
);

testAll("transcode: a failure in the middle leaves nothing but what was there", { skip }, async () => {
  const output = folder.file("full.mkv");
  writeFileSync(output, "before");
  const input = clip();
  const control = new AbortController();
  const sheet = spriteSheet(input, folder.file("full.png"), {
    ...{ count: 50, signal: control.signal },
    onProgress: () => control.abort(new Error("enough")),
  });
  await assertRejects(() => sheet, Error, "enough");
  const cut = makeClip(folder.file("cut.mp4"), "25", 2, ...tone, "-c:v", "mpeg4", "-movflags", "+faststart");
  truncateSync(cut, Math.round(statSync(cut).size * 0.6));
  await assertRejects(() => transcode(cut, output, "ffv1"), ReadError, "cut.mp4");
  assertEquals(readFileSync(output, "utf8"), "before");
  assertEquals(
    readdirSync(folder.path).filter((name) => name.includes("avwriter") || name === "full.png"),
    [],
  );
});

testAll("transcode: a kill leaves what was there, and nothing in the way of the next", { skip }, async () => {
  using own = new TemporaryFolder();
  const output = own.file("kept.mkv");
  writeFileSync(output, "before");
  const script = fileURLToPath(new URL("support/killed_transcode.ts", import.meta.url));
  const { status } = runScript(script, [clip(), output]);
  assert(status !== 0);
  assertEquals(readFileSync(output, "utf8"), "before");
  assertEquals(readdirSync(own.path).toSorted(), ["kept.mkv", "kept.mkv.avwriter.mkv"]);
  const { frames } = await transcode(clip(), output, "ffv1");
  assertEquals(frames, 50);
  assertEquals(readdirSync(own.path), ["kept.mkv"]);
});

testLong("thumbnails: pixels are the ffmpeg program's", { skip }, async () => {
  const input = clip();
  mkdirSync(folder.file("thumbs"), { recursive: true });
  const images = await thumbnails(input, folder.file("thumbs/%02d.png"), { everySeconds: 1, width: 80 });
  assertEquals(images.map(({ path, timestamp, width, height }) => [path, timestamp, width, height]), [
    [folder.file("thumbs/01.png"), 0, 80, 60],
    [folder.file("thumbs/02.png"), 1, 80, 60],
  ]);
  for (const { path, timestamp } of images) {
    const args = ["-ss", String(timestamp), "-i", input, "-frames:v", "1", "-vf", "scale=80:-1"];
    assertEquals(frameHashes(path), frameHashes(convertClip(folder.file("thumb.png"), ...args)));
  }
  assertEquals(readdirSync(folder.file("thumbs")).toSorted(), ["01.png", "02.png"]);
});

testAll(
  "thumbnails: so many over a video, in each format, upright and with square pixels",
  { skip },
  async () => {
    const input = makeClip(folder.file("wide.mkv"), "25", 2, "-vf", "setsar=2", ...lossless);
    for (const extension of ["png", "jpg", "webp"]) {
      if (extension === "webp" && missingEncoders("libwebp") !== false) continue;
      const images = await thumbnails(input, folder.file(`wide-%d.${extension}`), { count: 4 });
      assertEquals(images.map(({ timestamp }) => timestamp), [0.24, 0.72, 1.24, 1.72]);
      for (const { path, width, height } of images) {
        assertEquals([width, height], [320, 120]);
        assertEquals(probe(path, "stream=width,height"), ["width=320", "height=120"]);
      }
    }
    await assertRejects(() => thumbnails(input, folder.file("one.png")), TypeError, "one place");
    await assertRejects(() => thumbnails(input, folder.file("%d.bmp")), TypeError, ".png, .jpg");
    const control = new AbortController();
    const ended = thumbnails(input, folder.file("gone-%d.png"), {
      ...{ count: 50, signal: control.signal },
      onProgress: () => control.abort(new Error("enough")),
    });
    await assertRejects(() => ended, Error, "enough");
    assertEquals(readdirSync(folder.path).filter((name) => /gone|avwriter/.test(name)), []);
  },
);

testLong(
  "spriteSheet: the sheet is the ffmpeg program's, and the text tells where pictures are",
  { skip },
  async () => {
    const input = clip();
    const path = folder.file("sheet.png");
    const sheet = await spriteSheet(input, path, { everySeconds: 0.4, width: 80, columns: 3 });
    assertEquals([sheet.width, sheet.height, sheet.columns, sheet.rows, sheet.sprites.length], [
      240,
      120,
      3,
      2,
      5,
    ]);
    const args = ["-i", input, "-frames:v", "1", "-vf", "select=not(mod(n\\,10)),scale=80:-1,tile=3x2"];
    assertEquals(frameHashes(path), frameHashes(convertClip(folder.file("program-sheet.png"), ...args)));
    const last = "00:00:01.600 --> 00:00:02.000\nsheet.png#xywh=80,60,80,60\n";
    assert(sheet.webvtt.startsWith("WEBVTT\n\n00:00:00.000 --> 00:00:00.400\nsheet.png#xywh=0,0,80,60\n"));
    assert(sheet.webvtt.endsWith(last), sheet.webvtt);
  },
);

testLong("gif: one palette, and pictures as near as those of the ffmpeg program", {
  skip: missingEncoders("ffv1", "gif"),
}, async () => {
  const input = clip();
  const own = folder.file("own.gif");
  const { frames, seconds, bytes } = await gif(input, own, { fps: 10, width: 80, loop: 2 });
  assertEquals([frames, seconds, bytes], [20, 2, readFileSync(own).length]);
  const size = "fps=10,scale=80:-1";
  const exact = convertClip(
    folder.file("exact.nut"),
    "-i",
    input,
    "-vf",
    `${size},format=rgb24`,
    "-c:v",
    "rawvideo",
  );
  const palette = `${size},split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=none`;
  const program = convertClip(folder.file("program.gif"), "-i", input, "-vf", palette);
  const pixels = (path: string): Buffer =>
    execFileSync("ffmpeg", ["-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], {
      maxBuffer: 2 ** 28,
    });
  const expected = pixels(exact);
  const error = (path: string): number => {
    const found = pixels(path);
    assertEquals(found.length, expected.length);
    return found.reduce((sum, value, at) => sum + (value - expected[at]!) ** 2, 0);
  };
  assert(error(own) <= error(program) * 1.25, `${error(own)} beside ${error(program)}`);
});
