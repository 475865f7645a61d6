import { execFileSync } from "node:child_process";
import { existsSync, linkSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { createFileWriter, ReadError, UnsupportedError } from "../mod.ts";
import { concat, extractAudio, remux, replaceAudio, trim } from "../recipes.ts";
import { convertClip, frameHashes, joinedInput, makeClip } from "./support/clips.ts";
import { missingEncoders } from "./support/features.ts";
import { TemporaryFolder } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { isAll, testAll, testBoth, testLong } = testsOf(import.meta.url);

const folder = new TemporaryFolder();
after(() => folder[Symbol.dispose]());
const skip = missingEncoders("libx264", "aac");

const x264 = ["-c:v", "libx264", "-preset", "veryfast", "-g", "12", "-pix_fmt", "yuv420p"];
const tone = ["-f", "lavfi", "-i", "sine=440:sample_rate=48000:duration=2", "-c:a", "aac", "-ac", "2"];

let made = 0;
/** Two seconds of bars and a tone. */
function clip(extension: string, ...options: string[]): string {
  return makeClip(folder.file(`clip${made++}.${extension}`), "25", 2, ...tone, ...x264, ...options);
}

interface PacketFacts {
  readonly what: string;
  readonly pts: number;
  readonly dts: number;
}

/** What a file has, packet by packet, as ffprobe says: times in seconds, and a hash of the bytes. */
function packets(path: string, stream?: number): PacketFacts[] {
  const args = ["-v", "error", "-show_packets", "-show_data_hash", "md5", "-of", "json", path];
  const text = execFileSync("ffprobe", args, { encoding: "utf8", maxBuffer: 2 ** 28 });
  const { packets: found } = JSON.parse(text) as { packets: Record<string, string>[] };
  const all = found.map(({ stream_index, size, flags, data_hash, pts_time, dts_time }) => ({
    what: [stream_index, size, flags, data_hash].join(),
    pts: Number(pts_time),
    dts: Number(dts_time),
  }));
  const begin = path.endsWith("mkv")
    ? Math.min(...all.filter(({ what }) => what[0] === "0").map(({ pts }) => pts))
    : 0;
  return all.filter(({ what }) => stream === undefined || what.startsWith(`${stream},`))
    .map(({ pts, dts, what }) => ({ what, pts: pts - begin, dts }))
    .sort((one, other) => Number(one.what[0]) - Number(other.what[0]) || one.pts - other.pts);
}

/** Whether two files have the same packets at the same times, up to the unit of Matroska. */
function assertSamePackets(path: string, expected: string, within = 1e-6, stream?: number): void {
  const [own, program] = [packets(path, stream), packets(expected, stream)];
  assertEquals(own.length, program.length);
  for (const [index, { what, pts, dts }] of own.entries()) {
    const other = program[index]!;
    assertEquals(what, other.what, `packet ${index}`);
    assertAlmostEquals(pts, other.pts, within, `pts of packet ${index}`);
    // Matroska has no decode times: ffprobe guesses them, or does not.
    if (!path.endsWith("mkv")) assertAlmostEquals(dts, other.dts, within, `dts of packet ${index}`);
  }
}

/** The hash of all samples of a file, as 16-bit integers. */
function samplesHash(path: string): string {
  const args = ["-v", "error", "-i", path, "-vn", "-f", "md5", "-"];
  return execFileSync("ffmpeg", args, { encoding: "utf8" }).trim();
}

function copyByProgram(name: string, ...args: string[]): string {
  return convertClip(folder.file(name), ...args);
}

const routes = [["mkv", "mp4"], ["mp4", "mkv"], ["mp4", "ts"], ["ts", "mp4"], ["mp4", "mov"], [
  "flv",
  "mkv",
]] as const;

for (const [from, to] of isAll ? routes : routes.slice(0, 1)) {
  testBoth(`remux: packets from ${from} to ${to} are the ffmpeg program's`, { skip }, async () => {
    const input = clip(from);
    const output = folder.file(`remuxed.${to}`);
    const { bytes, packets: count } = await remux(input, output);
    const program = copyByProgram(`program.${to}`, "-i", input, "-map", "0", "-c", "copy");
    assertSamePackets(output, program, to === "mkv" || from === "ts" ? 1.01e-3 : 1e-6);
    assertEquals(packets(output).length, count);
    assertEquals(readFileSync(output).length, bytes);
    assertEquals(readdirSync(folder.path).filter((name) => name.endsWith(".avwriter")), []);
  });
}

testLong("extractAudio: packets are the ffmpeg program's", { skip }, async () => {
  const input = clip("mp4");
  const output = folder.file("audio.m4a");
  await extractAudio(input, output);
  assertSamePackets(output, copyByProgram("program.m4a", "-i", input, "-vn", "-c", "copy"));
  await assertRejects(() => extractAudio(input, output, { track: 3 }), ReadError, "no track 3");
});

testLong(
  "replaceAudio: packets are the ffmpeg program's, and longer audio ends with the video",
  { skip },
  async () => {
    const video = clip("mp4");
    const short = copyByProgram("short.m4a", "-i", clip("mp4"), "-vn", "-c", "copy", "-t", "1");
    const output = folder.file("replaced.mp4");
    await replaceAudio(video, short, output);
    const args = ["-i", video, "-i", short, "-map", "0:v", "-map", "1:a", "-c", "copy"];
    assertSamePackets(output, copyByProgram("program-replaced.mp4", ...args));
    const long = copyByProgram("long.m4a", "-stream_loop", "3", "-i", clip("mp4"), "-vn", "-c", "copy");
    const { seconds } = await replaceAudio(video, long, output, { keepsAudio: true });
    assertAlmostEquals(seconds, 2, 0.03);
  },
);

testLong("trim: a part begins at a key frame, and has the frames up to its end", { skip }, async () => {
  const input = clip("mp4", "-bf", "0");
  const output = folder.file("part.mp4");
  const { start } = await trim(input, output, 0.6, 1.44);
  assertAlmostEquals(start, 0.48, 1e-9);
  assertEquals(frameHashes(output), frameHashes(input).slice(12, 36));
  await assertRejects(() => trim(input, folder.file("behind.mp4"), 2.5, 3), RangeError, "s long");
  assert(!existsSync(folder.file("behind.mp4")));
  const args = ["-ss", "0.48", "-to", "1.44", "-i", input, "-c", "copy"];
  assertSamePackets(output, copyByProgram("program-part.mp4", ...args), 1e-6, 0);
});

testLong("trim: audio whose length is only estimated has all its parts", { skip }, async () => {
  const [input, output, none] = ["loud.aac", "loud.m4a", "none.m4a"].map((name) => folder.file(name));
  // Silence takes fewer bytes: what begins loudly seems shorter than it is.
  const audio = "aevalsrc='if(lt(t,2),random(0)-0.5,0)':sample_rate=48000:duration=20";
  convertClip(input!, "-f", "lavfi", "-i", audio, "-c:a", "aac", "-b:a", "128k");
  const estimate = execFileSync("ffprobe", ["-v", "error", "-show_entries", "format=duration", input!]);
  assert(Number(/duration=(.*)/.exec(estimate.toString())![1]) < 15, `${estimate}`);
  const { seconds } = await trim(input!, output!, 16, 18);
  assertAlmostEquals(seconds, 2, 0.05);
  await assertRejects(() => trim(input!, none!, 21, 22), RangeError, "the file ends before");
  assert(!existsSync(none!));
});

testAll("trim: with frames that are reordered, and from containers without an index", { skip }, async () => {
  for (const extension of ["mp4", "mkv", "ts"]) {
    const input = clip(extension, "-bf", "2", "-x264-params", "open-gop=0");
    const output = folder.file(`reordered.${extension}`);
    const { start } = await trim(input, output, 1, 1.44);
    assertAlmostEquals(start, 0.96, 0.002, extension);
    assertEquals(frameHashes(output).slice(0, 12), frameHashes(input).slice(24, 36), extension);
  }
});

testLong(
  "concat: the packets of all files, one after the other, as the ffmpeg program joins them",
  { skip },
  async () => {
    const parts = Array.from(
      { length: 3 },
      (_, index) => clip("mp4", "-an", "-metadata", `comment=${index}`),
    );
    const output = folder.file("joined.mp4");
    const { packets: count, seconds } = await concat(parts, output);
    assertEquals([count, seconds], [150, 6]);
    const all = joinedInput(folder.file("list.txt"), parts, "-auto_convert", "0");
    const program = copyByProgram("program-joined.mp4", ...all, "-c", "copy");
    assertSamePackets(output, program);
    assertEquals(frameHashes(output), parts.flatMap((path) => frameHashes(path)));
  },
);

testLong(
  "extractAudio: what the container does not take is encoded, as by the ffmpeg program",
  { skip },
  async () => {
    const input = clip("mkv", "-metadata", "title=Tone", "-metadata:s:a", "language=fin");
    const cases = [["mp3", "libmp3lame"], ["flac", "flac"], ["wav", "pcm_s16le"]] as const;
    for (const [extension, encoder] of isAll ? cases : cases.slice(0, 1)) {
      if (missingEncoders(encoder) !== false) continue;
      const output = folder.file(`encoded.${extension}`);
      for (const thread of ["main", "worker"].slice(isAll ? 0 : 1) as ("main" | "worker")[]) {
        const { leftOut } = await extractAudio(input, output, { thread });
        assertEquals(leftOut, []);
        const program = copyByProgram(`program-encoded.${extension}`, "-i", input, "-vn");
        assertEquals(samplesHash(output), samplesHash(program), extension);
      }
    }
    const quiet = await extractAudio(input, folder.file("quiet.mka"), {
      codec: "flac",
      sampleRate: 22050,
      channels: 1,
    });
    assertEquals(quiet.format, "matroska");
    const args = ["-v", "error", "-show_entries", "stream=codec_name,sample_rate,channels", "-of", "csv=p=0"];
    assertEquals(execFileSync("ffprobe", [...args, quiet.path], { encoding: "utf8" }).trim(), "flac,22050,1");
  },
);

testLong(
  "replaceAudio: sound that the container does not take is encoded, the video is copied",
  { skip },
  async () => {
    const video = clip("mp4");
    const tune = copyByProgram("tune.wav", "-i", clip("mp4"), "-vn");
    const output = folder.file("tune.mp4");
    await replaceAudio(video, tune, output);
    assertSamePackets(output, copyByProgram("silent.mp4", "-i", video, "-an", "-c", "copy"), 1e-6, 0);
    const program = copyByProgram("program-tune.m4a", "-i", tune, "-c:a", "aac");
    assertEquals(samplesHash(output), samplesHash(program));
  },
);

testBoth("remux: a file is not made of itself, by whatever name", { skip }, async () => {
  const input = clip("mp4");
  const hard = folder.file("hard.mp4"), soft = folder.file("soft.mp4");
  linkSync(input, hard);
  symlinkSync(input, soft);
  const video = clip("mp4", "-an");
  const before = readFileSync(input);
  for (const output of [input, hard, soft, pathToFileURL(input)]) {
    await assertRejects(() => remux(input, output), TypeError, "they are one file");
    await assertRejects(() => trim(input, output, 0, 1), TypeError, "they are one file");
    await assertRejects(() => concat([input, input], output), TypeError, "they are one file");
    await assertRejects(() => replaceAudio(video, input, output), TypeError, "they are one file");
  }
  assertEquals(before.equals(readFileSync(input)), true);
});

testLong("remux: tags that a container does not keep are named", { skip }, async () => {
  const input = clip("mkv", "-metadata", "title=Bars", "-metadata", "mykey=mine");
  const lost = await remux(input, folder.file("lost.ts"));
  assertEquals(lost.leftOut, ["tag title", "tag MYKEY"]);
  const kept = await remux(input, folder.file("kept.mov"));
  assertEquals(kept.leftOut, []);
  const args = ["-v", "error", "-show_entries", "format_tags=title,MYKEY", "-of", "csv=p=0", kept.path];
  assertEquals(execFileSync("ffprobe", args, { encoding: "utf8" }).trim(), "Bars,mine");
});

testLong("concat: files that differ are refused before there is a file", { skip }, async () => {
  const parts = [clip("mp4", "-an"), clip("mp4", "-an", "-s", "80x60")];
  const output = folder.file("different.mp4");
  const error = await assertRejects(() => concat(parts, output), UnsupportedError, "the size 80x60");
  assertEquals(error.code, "CODEC_HEADERS");
  assert(!existsSync(output));
  await assertRejects(() => concat([parts[0]!, folder.file("none.mp4")], output), ReadError);
  assert(!existsSync(output) && !existsSync(`${output}.avwriter`));
});

testBoth("recipes that copy: what would make an empty or a wrong file is refused", { skip }, async () => {
  const input = clip("mp4");
  const tune = copyByProgram("tune-alone.m4a", "-i", input, "-vn", "-c", "copy");
  const output = folder.file("refused.mp4");
  const error = await assertRejects(() => replaceAudio(tune, input, output), UnsupportedError, "no video");
  assertEquals(error.code, "NO_STREAM");
  await assertRejects(() => trim(input, output, 1, 1), RangeError, "more than the start, 1");
  await assertRejects(() => trim(input, output, 2.5, 3), RangeError, "is 2 s long");
  assert(!existsSync(output));
});

testLong(
  "concat: files of other profiles are refused, also without headers that tell them",
  { skip },
  async () => {
    const parts = ["0", "3"].map((profile) => {
      const prores = ["-c:v", "prores_ks", "-profile:v", profile, "-pix_fmt", "yuv422p10le"];
      return makeClip(folder.file(`prores${profile}.mov`), "25", 1, ...prores);
    });
    const output = folder.file("profiles.mov");
    const error = await assertRejects(() => concat(parts, output), UnsupportedError, "the profile HQ");
    assertEquals([error.code, existsSync(output)], ["CODEC_HEADERS", false]);
    assertEquals((await concat([parts[0]!, parts[0]!], output)).packets, 50);
  },
);

testLong(
  "remux: so few frames that the source tells no decode time come with all times",
  { skip },
  async () => {
    for (const count of [2, 3, 4]) {
      const reordered = ["-bf", "2", "-x264-params", "b-adapt=0", "-frames:v", String(count)];
      const input = makeClip(folder.file(`few${count}.mkv`), "25", 1, ...x264, ...reordered);
      const output = folder.file(`few${count}.mp4`);
      assertEquals((await remux(input, output)).packets, count);
      assertEquals(frameHashes(output), frameHashes(input));
      const found = packets(output);
      for (const [index, { pts, dts }] of found.entries()) {
        assertAlmostEquals(pts, index / 25, 1e-6);
        assert(dts <= pts);
      }
      assertEquals(new Set(found.map(({ dts }) => dts)).size, count);
    }
  },
);

testLong("replaceAudio: FLAC in mp4 goes into mkv, and what a container refuses is said in words", {
  skip: skip || missingEncoders("flac"),
}, async () => {
  const plain = clip("mp4"), lossless = clip("mp4", "-c:a", "flac", "-strict", "-2");
  for (const [video, audio] of [[plain, lossless], [lossless, plain], [lossless, lossless]] as const) {
    for (const keepsAudio of [false, true]) {
      const output = folder.file("lossless.mkv");
      await replaceAudio(video, audio, output, { keepsAudio });
      const wanted = [...(keepsAudio ? [video] : []), audio].map((path) => path === plain ? "aac" : "flac");
      const args = [
        "-v",
        "error",
        "-select_streams",
        "a",
        "-show_entries",
        "stream=codec_name",
        "-of",
        "csv=p=0",
      ];
      const found = execFileSync("ffprobe", [...args, output], { encoding: "utf8" }).trim().split("\n");
      assertEquals(found, wanted);
      assertEquals(frameHashes(output), frameHashes(video));
    }
  }
  const output = folder.file("lossless.mov");
  const error = await assertRejects(
    () => replaceAudio(plain, lossless, output, { codec: "flac" }),
    UnsupportedError,
  );
  assert(error.message.startsWith(`Cannot replace the audio of ${plain} into ${output}: mov does not take`));
});

testLong("concat: files that are shown in another way are refused", { skip }, async () => {
  const input = clip("mkv", "-an");
  const wide = copyByProgram("wide.mkv", "-i", input, "-c", "copy", "-aspect", "2:1");
  const output = folder.file("other.mkv");
  await assertRejects(() => concat([input, wide], output), UnsupportedError, "the shape of pixels 3:2");
  const formats = ["yuv420p", "yuv444p"].map((format) =>
    makeClip(folder.file(`${format}.mkv`), "25", 1, "-c:v", "mjpeg", "-strict", "-1", "-pix_fmt", format)
  );
  await assertRejects(() => concat(formats, output), UnsupportedError, "the pixel format");
  const turned = folder.file("turned.mp4"), level = folder.file("level.mp4");
  for (const [path, rotation] of [[turned, 90], [level, 0]] as const) {
    await using writer = await createFileWriter("libx264", path, 25, { rotation });
    await writer.write({ data: new Uint8Array(64 * 48 * 4), width: 64, height: 48 });
  }
  await assertRejects(() => concat([turned, level], output), UnsupportedError, "the rotation 0");
  assert(!existsSync(output));
});

testLong("concat: audio that is longer than its video is heard before the next file", { skip }, async () => {
  const long = makeClip(folder.file("tail.mp4"), "25", 1, ...tone, ...x264);
  const next = clip("mp4");
  const output = folder.file("tails.mp4");
  await concat([long, next], output);
  const video = packets(output, 0), audio = packets(output, 1);
  // The tone lasts for 2 s.
  assertAlmostEquals(video[25]!.pts - video[0]!.pts, 2, 0.05);
  assertAlmostEquals(audio.at(-1)!.pts, 4, 0.1);
  const steps = audio.slice(1).map(({ pts }, index) => pts - audio[index]!.pts);
  assert(Math.max(...steps) < 0.05, `${Math.max(...steps)}`);
  assertEquals(audio.length >= packets(long, 1).length + packets(next, 1).length - 2, true);
});

testLong("replaceAudio: audio that is kept ends with the video, too", { skip }, async () => {
  const video = makeClip(folder.file("short.mp4"), "25", 1, ...tone, ...x264);
  const output = folder.file("two.mp4");
  await replaceAudio(video, clip("mp4"), output, { keepsAudio: true });
  for (const track of [1, 2]) assertAlmostEquals(packets(output, track).at(-1)!.pts, 1, 0.05, `${track}`);
});

testLong("replaceAudio: a last frame without a duration is kept", { skip }, async () => {
  const [video, output] = [folder.file("lasting.mkv"), folder.file("kept.mkv")];
  for (const count of [1, 3]) {
    {
      await using writer = await createFileWriter("ffv1", video, 10, {
        ...{ timing: "timestamps", audio: { codec: "flac", sampleRate: 48000, channels: 1 } },
      });
      for (let n = 0; n < count; n++) {
        await writer.write({ data: new Uint8Array(32 * 16 * 4), width: 32, height: 16 }, {
          timestamp: n / 10,
        });
      }
      await writer.writeAudio({ data: new Float32Array(48000), sampleRate: 48000, channels: 1 });
    }
    await replaceAudio(video, video, output, { keepsAudio: true });
    assertEquals(packets(output, 0).length, count);
    for (const track of [1, 2]) assertAlmostEquals(packets(output, track).at(-1)!.pts, count / 10, 0.12);
  }
});

testAll(
  "concat: audio goes on where that of the file before ends, whatever the container",
  { skip },
  async () => {
    for (
      const [extension, codec] of [["mp4", "aac"], ["mkv", "aac"], ["mkv", "flac"], ["ts", "aac"]] as const
    ) {
      const parts = [1, 2, 3].map(() => clip(extension, "-c:a", codec));
      const output = folder.file(`audible.${extension}`);
      const { seconds } = await concat(parts, output);
      assertAlmostEquals(seconds, 6, 0.06, `${extension} ${codec}`);
      const audio = packets(output, 1);
      const steps = audio.slice(1).map(({ pts }, index) => pts - audio[index]!.pts);
      const usual = steps.toSorted((one, other) => one - other)[steps.length >> 1]!;
      // A file ends with a shorter piece, or begins with one that is left out.
      for (const step of steps) assert(step > 0 && step < usual + 0.006, `${extension} ${codec}: ${step}`);
      const video = packets(output, 0).map(({ pts }) => pts);
      for (const [index, pts] of video.entries()) {
        assertAlmostEquals(
          pts - video[0]!,
          index / 25,
          0.0025,
          extension,
        );
      }
      assertEquals(frameHashes(output).length, 150, extension);
    }
  },
);

testBoth("remux: an abort leaves the file as it was", { skip }, async () => {
  const input = clip("mp4");
  const output = folder.file("kept.mkv");
  writeFileSync(output, "before");
  for (const isEarly of [true, false]) {
    const control = new AbortController();
    if (isEarly) control.abort(new Error("enough"));
    const ended = assertRejects(() => remux(input, output, { signal: control.signal }), Error, "enough");
    control.abort(new Error("enough"));
    await ended;
    assertEquals(readFileSync(output, "utf8"), "before");
    // A busy thread goes on with its step: the abort waits 100 ms for it.
    const end = performance.now() + 30_000;
    while (existsSync(`${output}.avwriter`) && performance.now() < end) await sleep(10);
    assert(!existsSync(`${output}.avwriter`));
    assertEquals(readFileSync(output, "utf8"), "before");
  }
});
