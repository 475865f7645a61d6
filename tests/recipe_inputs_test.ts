/**
 * Recipes on files as they come from phones, tuners, editors and the web, judged by what the ffmpeg program
 * makes of the same files.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { after } from "node:test";
import process from "node:process";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { ReadError, UnsupportedError } from "../mod.ts";
import { concat, extractAudio, gif, remux, replaceAudio, thumbnails, transcode, trim } from "../recipes.ts";
import { convertClip, frameHashes, joinedInput, makeClip } from "./support/clips.ts";
import { missingEncoders } from "./support/features.ts";
import { asTheyAre, TemporaryFolder } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { testAll, testBoth } = testsOf(import.meta.url);

const folder = new TemporaryFolder();
after(() => folder[Symbol.dispose]());
const skip = missingEncoders("libx264", "aac", "ffv1", "flac");

const x264 = ["-c:v", "libx264", "-preset", "veryfast", "-g", "25", "-pix_fmt", "yuv420p"];

/** Sources of sound, which differ in length, codec and place. */
const tone = (options = "", seconds = 2): string[] => [
  ...options.split(" ").filter(Boolean),
  ...["-f", "lavfi", "-i", `sine=440:sample_rate=48000:duration=${seconds}`],
];
const aac = [...tone(), ...x264, "-c:a", "aac"];

/** An input, and the containers into which both ways copy it. */
interface Input {
  readonly name: string;
  readonly into: string;
  readonly make: (path: string) => string;
}

/** An input that the ffmpeg program makes from the bars. */
function bars(name: string, into: string, options: readonly string[], rate = "25"): Input {
  return { name, into, make: (path) => makeClip(path, rate, 2, ...options) };
}

let phone: string | null = null;
/** An input that the ffmpeg program makes from a usual file. */
function changed(name: string, into: string, before: string, after: string): Input {
  return {
    name,
    into,
    make: (path) => {
      phone ??= makeClip(folder.file("usual.mp4"), "25", 2, ...aac);
      return convertClip(path, ...before.split(" ").filter(Boolean), "-i", phone, ...after.split(" "));
    },
  };
}

const uneven = "settb=1/90000,setpts='N/25/TB+mod(N,3)*0.011/TB'";
const inputs: readonly Input[] = [
  changed("turned.mp4", "mkv mp4 mov ts", "", "-c copy -metadata:s:v rotate=90"),
  changed("edited.mp4", "mkv mp4 mov", "-ss 1.32", "-c copy"),
  changed("fragments.mp4", "mkv mp4 ts", "", "-c copy -movflags frag_keyframe+empty_moov+default_base_moof"),
  changed("silent.mp4", "mkv mp4 mov ts", "", "-c copy -an"),
  changed("wrapping.ts", "mkv mp4 ts", "", "-c copy -output_ts_offset 95440"),
  bars("uneven.mp4", "mkv mp4 ts", [
    ...aac,
    "-vf",
    uneven,
    asTheyAre()[0]!,
    "vfr",
    "-video_track_timescale",
    "90000",
  ]),
  bars("early.mp4", "mkv mp4 ts", [...aac, "-bf", "3", "-movflags", "negative_cts_offsets"]),
  bars("open.ts", "mkv mp4 ts", [...aac, "-x264-params", "open-gop=1:bframes=3:keyint=20"]),
  bars("long.mp4", "mkv mp4", [...tone("", 4), ...x264, "-c:a", "aac"]),
  bars("late.mp4", "mkv mp4", [...tone("-itsoffset 0.7"), ...x264, "-c:a", "aac"]),
  bars("wide.mp4", "mkv mp4", [...aac, "-vf", "setsar=4/3"]),
  bars("odd.mkv", "mkv mp4", [...aac, "-vf", "crop=155:117", "-pix_fmt", "yuv444p"]),
  bars("ntsc.mp4", "mkv mp4 mov ts", aac, "60000/1001"),
  bars("several.mkv", "mkv mp4", [
    ...[...tone(), ...tone(), "-map", "0", "-map", "1", "-map", "2", ...x264],
    ...["-c:a:0", "aac", "-c:a:1", "flac", "-strict", "-2", "-metadata:s:a:1", "language=fin"],
  ]),
  bars("surround.mkv", "mkv mp4 ts", [...tone(), ...x264, "-c:a", "ac3", "-ac", "6"]),
  bars("old.wmv", "mkv", [...tone(), "-c:v", "wmv2", "-c:a", "wmav2"]),
  bars("old.mpg", "mkv mp4 ts", [...tone(), "-c:v", "mpeg1video", "-c:a", "mp2"]),
];

interface Packet {
  readonly stream: number;
  readonly hash: string;
  readonly pts: number;
}

/** The packets of video and audio, as they are decoded; times count from the first one of the video. */
function packets(path: string): Packet[] {
  const args = ["-v", "error", "-copyts", "-i", path, "-map", "0:v?", "-map", "0:a?", "-c", "copy"];
  const text = execFileSync("ffmpeg", [...args, "-f", "framemd5", "-"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const units = [...text.matchAll(/^#tb \d+: (\d+)\/(\d+)/gm)].map(([, num, den]) =>
    Number(num) / Number(den)
  );
  const found = text.split("\n").filter((line) => /^\d/.test(line)).map((line) => {
    const [stream, , pts, , , hash] = line.split(",").map((part) => part.trim());
    return { stream: Number(stream), hash: hash!, pts: Number(pts) * units[Number(stream)]! };
  }).toSorted((one, other) => one.stream - other.stream);
  const [begin] = found.map(({ pts }) => pts);
  return found.map((packet) => ({ ...packet, pts: packet.pts - begin! }));
}

/** Fails unless two files have the same packets at the same times, up to two ticks of Matroska's. */
function assertSame(path: string, program: string, name: string): void {
  const [own, other] = [packets(path), packets(program)];
  assert(own.length > 0, name);
  assertEquals(
    own.map(({ stream, hash }) => `${stream} ${hash}`),
    other.map((one) => `${one.stream} ${one.hash}`),
  );
  // A file that cuts itself by its edit list has packets without a time in other containers.
  for (const [index, { pts }] of own.entries()) {
    assertAlmostEquals(pts, other[index]!.pts, 0.0021, `${name}: packet ${index}`);
  }
}

let short: string | null = null;
/** A second of sound in a container of its own. */
function speech(): string {
  return short ??= convertClip(folder.file("sound.m4a"), ...tone("", 1), "-c:a", "aac");
}

testBoth(
  "replaceAudio: video of one container and audio of another go into the first",
  { skip },
  async () => {
    const video = makeClip(folder.file("film.mkv"), "25", 1, ...x264);
    const output = folder.file("told.mkv"), program = folder.file("told-by-program.mkv");
    await replaceAudio(video, speech(), output);
    convertClip(program, "-i", video, "-i", speech(), "-map", "0:v", "-map", "1:a", "-c", "copy");
    assertSame(output, program, "mkv and m4a");
  },
);

for (const { name, into, make } of inputs) {
  testAll(`recipes: ${name} is copied as by the ffmpeg program`, {
    skip: skip || (name.endsWith("wmv") && missingEncoders("wmv2", "wmav2")),
  }, async () => {
    const input = make(folder.file(name));
    for (const extension of into.split(" ")) {
      const output = folder.file(`own.${extension}`), program = folder.file(`program.${extension}`);
      await remux(input, output);
      const flac = ["-strict", "-2"];
      convertClip(program, "-i", input, "-map", "0:v", "-map", "0:a?", "-c", "copy", ...flac);
      assertSame(output, program, `${name} into ${extension}`);
    }
    const output = folder.file("own-audio.mka"), program = folder.file("program-audio.mka");
    if (name === "silent.mp4") await assertRejects(() => extractAudio(input, output), ReadError, "no audio");
    else {
      await extractAudio(input, output);
      convertClip(program, "-i", input, "-map", "0:a:0", "-c", "copy");
      assertSame(output, program, `audio of ${name}`);
    }
  });

  testAll(`recipes: ${name} is transcoded as by the ffmpeg program`, {
    skip: skip || (name.endsWith("wmv") && missingEncoders("wmv2", "wmav2")),
  }, async () => {
    const input = make(folder.file(name));
    const output = folder.file("own.mkv"), program = folder.file("program.mkv");
    for (const [options, filter] of [[{}, "null"], [{ width: 96 }, "scale=96:-2"]] as const) {
      const { frames, leftOut } = await transcode(input, output, "ffv1", {
        ...options,
        audio: { codec: "flac" },
      });
      const codecs = ["-c:v", "ffv1", "-c:a", "flac", "-map", "0:v", "-map", "0:a?"];
      convertClip(program, "-i", input, "-vf", filter, ...asTheyAre(), ...codecs);
      const expected = frameHashes(program, 0, ...asTheyAre());
      assertEquals(frameHashes(output, 0, ...asTheyAre()), expected, filter);
      assertEquals([frames, leftOut], [expected.length, []], name);
    }
  });
}

testAll("remux: subtitles that MPEG-TS has no place for are left out, and named", { skip }, async () => {
  const cues = folder.file("cues.srt");
  writeFileSync(cues, "1\n00:00:00,500 --> 00:00:01,200\nHello\n");
  const input = makeClip(folder.file("cues.mkv"), "25", 2, "-i", cues, ...x264, "-c:s", "copy");
  const { leftOut } = await remux(input, folder.file("cues.ts"));
  assertEquals(leftOut, ["subrip"]);
  assertEquals(frameHashes(folder.file("cues.ts")), frameHashes(input));
});

testAll("recipes: what a file that was cut off says is told as a fault of the file", { skip }, async () => {
  const input = makeClip(folder.file("cut.mkv"), "25", 2, ...aac);
  truncateSync(input, Math.round(statSync(input).size * 0.6));
  const error = await assertRejects(
    () => thumbnails(input, folder.file("cut%d.png"), { everySeconds: 0.4 }),
    ReadError,
    "the video ends before",
  );
  assertEquals(error.code, "INVALIDDATA");
  // Packets and frames up to there are the ffmpeg program's.
  await remux(input, folder.file("cut-own.mkv"));
  convertClip(folder.file("cut-program.mkv"), "-i", input, "-map", "0", "-c", "copy");
  assertSame(folder.file("cut-own.mkv"), folder.file("cut-program.mkv"), "cut off");
  await transcode(input, folder.file("cut-own.mkv"), "ffv1", { audio: false });
  assertEquals(frameHashes(folder.file("cut-own.mkv")), frameHashes(input, 0, ...asTheyAre()));
});

testBoth("recipes: a pipe and a folder are refused with what to do instead", {
  skip: process.platform === "win32" && "Windows has no named pipes in folders",
}, async () => {
  const pipe = folder.file("pipe.mkv"), inner = folder.file("folder.mkv");
  execFileSync("mkfifo", [pipe]);
  mkdirSync(inner);
  const output = folder.file("from_pipe.mkv");
  for (const input of [pipe, inner]) {
    const recipes: readonly (() => Promise<unknown>)[] = [
      () => transcode(input, output, "ffv1"),
      () => trim(input, output, 0, 1, { exact: true }),
      () => gif(input, folder.file("from_pipe.gif")),
      () => remux(input, output),
      () => trim(input, output, 0, 1),
      () => concat([input, input], output),
      () => extractAudio(input, folder.file("from_pipe.mka")),
      () => thumbnails(input, folder.file("from_pipe-%d.png"), { count: 1 }),
    ];
    for (const recipe of recipes) {
      const error = await assertRejects(recipe, ReadError, "it is not a regular file");
      const hint = "Name a file; what comes from a pipe is to be written to one first";
      assertEquals([error.code, error.hint], ["EINVAL", hint]);
    }
  }
});

testAll("transcode: times that go back are told as a fault of the file", { skip }, async () => {
  const input = makeClip(folder.file("jump.ts"), "25", 2, ...x264, "-bf", "0");
  const bytes = readFileSync(input);
  // The 20th frame's time (ISO/IEC 13818-1, PTS) gets its highest bit: 13 hours.
  let at = 0;
  for (let n = 0; n < 20; n++) at = bytes.indexOf(Uint8Array.of(0, 0, 1, 0xe0), at + 1);
  bytes[at + 9]! |= 8;
  writeFileSync(input, bytes);
  const output = folder.file("jump.mkv");
  const error = await assertRejects(() => transcode(input, output, "ffv1"), ReadError, "times are damaged");
  assertEquals([error.code, existsSync(output)], ["INVALIDDATA", false]);
});

testAll("concat: a file whose first frames are hidden is refused, and trim makes one that is joined", {
  skip,
}, async () => {
  const input = inputs.find(({ name }) => name === "edited.mp4")!.make(folder.file("edited.mp4"));
  const output = folder.file("joined.mp4"), cut = folder.file("cut.mp4");
  const error = await assertRejects(
    () => concat([input, input], output),
    UnsupportedError,
    "its edit list hides",
  );
  assertEquals(error.code, "EDIT_LIST");
  await trim(input, cut, 0, Infinity);
  await concat([cut, cut], output);
  assertEquals(frameHashes(output), [...frameHashes(cut), ...frameHashes(cut)]);
});

testAll(
  "concat: files of other containers are joined as the ffmpeg program joins them",
  { skip },
  async () => {
    for (const name of ["turned.mp4", "ntsc.mp4", "silent.mp4", "wide.mp4"]) {
      const input = inputs.find((one) => one.name === name)!.make(folder.file(name));
      const output = folder.file("joined.mp4"), program = folder.file("program-joined.mp4");
      await concat([input, input], output);
      const both = joinedInput(folder.file("list.txt"), [input, input], "-auto_convert", "0");
      convertClip(program, ...both, "-map", "0:v", "-c", "copy");
      const video = (path: string): string[] =>
        packets(path).filter((one) => one.stream === 0).map((one) => one.hash);
      assertEquals(video(output), video(program), name);
      assertEquals(frameHashes(output), [...frameHashes(input), ...frameHashes(input)], name);
    }
  },
);
