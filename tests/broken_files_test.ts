import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { convertClip } from "./support/clips.ts";
import { missingEncoders } from "./support/features.ts";
import { TemporaryFolder } from "./support/media.ts";
import { commandLine } from "./support/processes.ts";
import { testsOf } from "./support/test.ts";

const { isAll, isLong, testBoth } = testsOf(import.meta.url);

const skip = missingEncoders("libx264", "aac", "libvpx-vp9", "libopus");
const folder = new TemporaryFolder();
after(() => folder[Symbol.dispose]());

/** Another number damages the files in other ways. */
const seed = Number(process.env.AVWRITER_BROKEN_SEED ?? 1);
const count = isAll ? 2000 : isLong ? 500 : 20;
/** How many files a process reads. */
const slice = isLong ? 250 : count;
/** How long a file may take, in milliseconds. Most take a thousandth of it. */
const hangMs = 30_000;
/** How many MB a process may have at the end of a slice. */
const maxMegabytes = 600;

const x264 = ["-c:v", "libx264", "-g", "6", "-bf", "2", "-pix_fmt", "yuv420p", "-c:a", "aac"];

/** What is damaged: a file of each common kind, with audio and subtitles where it has a place for them. */
const kinds: readonly (readonly [extension: string, ...options: string[]])[] = [
  ["mp4", "-map", "2", "-c:s", "mov_text", ...x264],
  ["mkv", "-map", "2", "-c:s", "subrip", "-c:v", "ffv1"],
  ["gif", "-an"],
  ["ts", ...x264],
  ["flv", ...x264],
  ["mov", "-c:v", "prores", "-pix_fmt", "yuv422p10le", "-c:a", "pcm_s16le"],
  ["webm", "-c:v", "libvpx-vp9", "-g", "6", "-c:a", "libopus"],
  ["avi", "-c:v", "mpeg4", "-c:a", "libmp3lame"],
  ["mpg", "-c:v", "mpeg2video", "-c:a", "mp2"],
  ["nut", "-c:v", "huffyuv", "-c:a", "flac"],
  ["mxf", "-c:v", "mpeg2video", "-c:a", "pcm_s16le"],
  ["ogv", "-an", "-c:v", "libtheora"],
  ["png", "-an", "-frames:v", "1", "-update", "1"],
  ["jpg", "-an", "-frames:v", "1", "-pix_fmt", "yuvj420p"],
  ["apng", "-an", "-c:v", "apng"],
];

function makeFiles(): void {
  const cues = folder.file("cues.srt");
  writeFileSync(cues, "1\n00:00:00,100 --> 00:00:00,300\nHello <i>world</i>\n");
  for (const [extension, ...options] of isLong ? kinds : kinds.slice(0, 3)) {
    convertClip(
      folder.file(`whole.${extension}`),
      ...["-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=0.6"],
      ...["-f", "lavfi", "-i", "sine=duration=0.6:sample_rate=48000", "-i", cues, "-map", "0"],
      ...(options.includes("-an") ? [] : ["-map", "1"]),
      ...options,
    );
  }
}

/** How a process that read a slice ended. */
interface SliceEnd {
  readonly last: string;
  readonly opened: number;
  readonly megabytes: number;
  readonly problem: string | null;
}

/** Has a process read files, and kills it where one takes too long. */
function readSlice(first: number): Promise<SliceEnd> {
  const script = fileURLToPath(new URL("support/read_broken.ts", import.meta.url));
  const [command, ...rest] = commandLine(script, [folder.path, `${seed}`, `${first}`, `${slice}`], {});
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"] });
  let last = "", complaints = "", done: readonly number[] | null = null, isHanging = false;
  const kill = (): void => {
    isHanging = true;
    child.kill("SIGKILL");
  };
  let timer = setTimeout(kill, hangMs);
  createInterface({ input: child.stdout }).on("line", (line) => {
    clearTimeout(timer);
    timer = setTimeout(kill, hangMs);
    if (line.startsWith("done ")) done = line.split(" ").slice(1).map(Number);
    else last = line;
  });
  child.stderr.setEncoding("utf8").on(
    "data",
    (text: string) => complaints = (complaints + text).slice(-2000),
  );
  return new Promise((resolve) =>
    child.on("close", (status, signal) => {
      clearTimeout(timer);
      const [opened = 0, megabytes = 0] = done ?? [];
      const problem = isHanging
        ? "it hangs"
        : done === null
        ? `it ends: ${status ?? signal}\n${complaints}`
        : null;
      resolve({ last, opened, megabytes, problem });
    })
  );
}

testBoth(
  `createFileReader: ${count} damaged files end as errors, without a crash, a hang or growth`,
  { skip },
  async () => {
    makeFiles();
    let opened = 0;
    for (let first = 0; first < count; first += slice) {
      const end = await readSlice(first);
      assertEquals(end.problem, null, `seed ${seed}, ${end.last}: ${end.problem}`);
      assert(end.megabytes < maxMegabytes, `${end.megabytes} MB are resident after ${end.last}`);
      opened += end.opened;
      if (isLong) {
        console.log(`files ${first} to ${first + slice}: ${end.opened} opened, ${end.megabytes} MB`);
      }
    }
    // Else all of them might be refused at once, and nothing be tried.
    assert(opened > count / 3 && opened < count, `${opened} of ${count} files were opened`);
  },
);
