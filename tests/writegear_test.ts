/**
 * WriteGear's examples in the documentation, run as they stand there and judged by ffprobe.
 *
 * @module
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { parsePage } from "../tools/docs/markdown.ts";
import { missingEncoders } from "./support/features.ts";
import { assertSameBytes, asTheyAre, decode, keyFrameTimes, TemporaryFolder } from "./support/media.ts";
import { runScript } from "./support/processes.ts";
import { freePort } from "./support/stream_server.ts";
import { testsOf } from "./support/test.ts";

const { test, testLong } = testsOf(import.meta.url);

const page = "docs/writegear-examples.md";
const repository = new URL("../", import.meta.url);
const text = readFileSync(new URL(page, repository), "utf8");

/** The example under a heading. */
function exampleOf(title: string): string {
  const from = text.indexOf(`\n## ${title}\n`);
  assert(from >= 0, `no heading ${title}`);
  const end = text.indexOf("\n## ", from + 1);
  const block = parsePage(page, text.slice(from, end < 0 ? undefined : end)).blocks[0];
  assert(block !== undefined, `no program below ${title}`);
  return block.text
    .replaceAll('"@avwriter/avwriter"', JSON.stringify(new URL("mod.ts", repository).href))
    .replaceAll('"@avwriter/avwriter/recipes"', JSON.stringify(new URL("recipes.ts", repository).href))
    .replaceAll('"@avwriter/avwriter/avi"', JSON.stringify(new URL("avi.ts", repository).href))
    .replaceAll('"@avwriter/avwriter/opencv"', JSON.stringify(new URL("opencv.ts", repository).href));
}

function made(folder: TemporaryFolder, name: string, args: readonly string[]): void {
  const lavfi = args.flatMap((source) => ["-f", "lavfi", "-i", source]);
  const { status } = spawnSync("ffmpeg", ["-v", "error", ...lavfi, "-pix_fmt", "yuv420p", folder.file(name)]);
  assertEquals(status, 0);
}

interface Stream {
  readonly codec_type: string;
  readonly codec_name: string;
  readonly width: number;
  readonly height: number;
  readonly pix_fmt: string;
  readonly r_frame_rate: string;
  readonly nb_read_frames: string;
  readonly duration?: string;
}

function streamsOf(path: string): Stream[] {
  const args = ["-v", "error", "-count_frames", "-show_streams", "-of", "json", path];
  return JSON.parse(spawnSync("ffprobe", args, { encoding: "utf8" }).stdout).streams;
}

/** What the video of a file is: codec, size, pixel format, rate and number of frames. */
type Video = readonly [codec: string, size: string, format: string, rate: string, frames: number];

function videoOf(path: string): Video {
  const video = streamsOf(path).find((one) => one.codec_type === "video")!;
  const { codec_name, width, height, pix_fmt, r_frame_rate, nb_read_frames } = video;
  return [codec_name, `${width}x${height}`, pix_fmt, r_frame_rate, Number(nb_read_frames)];
}

/** The clip has 24000/1001 frames a second, so that a rate of its own shows. */
const clip = { frames: 24, rate: "24000/1001" } as const;

const examples: readonly (readonly [title: string, files: Readonly<Record<string, Video>>])[] = [
  ["Bare minimum", { "out.mp4": ["h264", "320x180", "yuv420p", "25/1", clip.frames] }],
  ["RGB mode", { "rgb.mp4": ["h264", "320x180", "yuv420p", "30/1", 30] }],
  ["Controlled frame rate", {
    "same-rate.mp4": ["h264", "320x180", "yuv420p", clip.rate, clip.frames],
  }],
  ["Sound from a file", { "with-music.mp4": ["h264", "320x180", "yuv420p", clip.rate, clip.frames] }],
  ["Hardware encoder", { "hardware.mp4": ["h264", "320x180", "yuv420p", clip.rate, clip.frames] }],
  ["Custom command: merge sound", {
    "merged.mp4": ["h264", "320x180", "yuv420p", clip.rate, clip.frames],
  }],
  ["Non-compression mode, with a FOURCC", {
    "fourcc.avi": ["mjpeg", "320x180", "yuvj420p", "30/1", clip.frames],
  }],
  ["Image sequence", { "frames/%03d.png": ["png", "320x180", "rgb24", "25/1", clip.frames] }],
  ["4:4:4 and 10 bit", {
    "full-chroma.mp4": ["h264", "320x180", "yuv444p", "25/1", clip.frames],
    "10-bit.mp4": ["hevc", "320x180", "yuv420p10le", "25/1", clip.frames],
  }],
  ["Crop and scale", { "part.mp4": ["h264", "640x360", "yuv420p", "25/1", clip.frames] }],
];

/** Runs the example under a heading in a folder with the files that it reads. */
function runExample(
  folder: TemporaryFolder,
  title: string,
  change: (program: string) => string = (program) => program,
): void {
  made(folder, "clip.mp4", [`testsrc2=size=320x180:rate=${clip.rate}:duration=1`]);
  made(folder, "talk.mkv", ["testsrc2=size=320x180:rate=25:duration=1", "sine=duration=1"]);
  made(folder, "music.flac", ["sine=frequency=440:sample_rate=44100:duration=2"]);
  const script = folder.file("example.ts");
  const start = `import process from "node:process";\nprocess.chdir(${JSON.stringify(folder.path)});\n`;
  writeFileSync(script, start + change(exampleOf(title)));
  const { status, stderr } = runScript(script, []);
  assertEquals([status, stderr], [0, ""]);
}

const skip = missingEncoders("libx264", "libx265");

for (const [title, files] of examples) {
  testLong(`WriteGear's examples: ${title}`, { skip }, () => {
    using folder = new TemporaryFolder();
    runExample(folder, title);
    for (const [name, expected] of Object.entries(files)) {
      const path = folder.file(name);
      assertEquals(videoOf(path), expected);
      if (title.includes("ound")) {
        const audio = streamsOf(path).find((one) => one.codec_type === "audio")!;
        assertEquals(audio.codec_name, "aac");
        assertAlmostEquals(Number(audio.duration), 1, 0.06);
      }
    }
  });
}

testLong("WriteGear's examples: GIF has the scaled pictures", { skip }, () => {
  using folder = new TemporaryFolder();
  runExample(folder, "GIF");
  const [codec, size, , , frames] = videoOf(folder.file("clip.gif"));
  assertEquals([codec, size, frames], ["gif", "160x90", clip.frames]);
});

testLong("WriteGear's examples: segments have all frames, each from a key frame on", { skip }, () => {
  using folder = new TemporaryFolder();
  runExample(folder, "Segments");
  const parts = readdirSync(folder.file("parts")).toSorted().map((name) => folder.file(`parts/${name}`));
  assertEquals(parts.map((path) => videoOf(path)), [
    ["h264", "320x180", "yuv420p", clip.rate, clip.frames / 2],
    ["h264", "320x180", "yuv420p", clip.rate, clip.frames / 2],
  ]);
  for (const path of parts) assertEquals(keyFrameTimes(path)[0], 0);
});

testLong("WriteGear's examples: gray frames are those of the source", { skip }, () => {
  using folder = new TemporaryFolder();
  runExample(folder, "Gray frames, without loss");
  assertEquals(videoOf(folder.file("gray.mkv")), ["h264", "320x180", "yuvj420p", "25/1", clip.frames]);
  const [gray, source] = ["gray.mkv", "clip.mp4"].map((name) => decode(folder.file(name), "gray"));
  assertSameBytes(gray!, source!, "gray");
});

testLong("WriteGear's examples: extracted sound has the packets of the source", { skip }, () => {
  using folder = new TemporaryFolder();
  runExample(folder, "Custom command: extract sound");
  const packets = (name: string): string =>
    spawnSync("ffmpeg", [
      "-v",
      "error",
      "-i",
      folder.file(name),
      "-map",
      "0:a",
      "-c",
      "copy",
      "-f",
      "md5",
      "-",
    ], {
      encoding: "utf8",
    }).stdout;
  assertEquals(streamsOf(folder.file("sound.mka")).map((one) => one.codec_type), ["audio"]);
  assert(packets("sound.mka").startsWith("MD5="));
  assertEquals(packets("sound.mka"), packets("talk.mkv"));
});

/** Examples that send: to what in their text, to what here, what receives it, and whether with audio. */
const live:
  readonly (readonly [title: string, address: string, options: readonly string[], audio: string[]])[] = [
    ["Twitch", "rtmp://live.twitch.tv/app/KEY", ["-listen", "1"], []],
    ["YouTube, with sound", "rtmp://a.rtmp.youtube.com/live2/KEY", ["-listen", "1"], ["aac"]],
    ["YouTube, without sound", "rtmp://a.rtmp.youtube.com/live2/KEY", ["-listen", "1"], ["aac"]],
    ["RTSP", "rtsp://localhost:8554/stream", ["-rtsp_flags", "listen"], []],
  ];

for (const [title, address, options, audio] of live) {
  testLong(`WriteGear's examples: ${title}`, { skip }, async () => {
    using folder = new TemporaryFolder();
    const to = new URL(address);
    // The first packet of RTSP has no time, which ffmpeg does not copy.
    const kept = to.protocol === "rtsp:" ? ["-c:v", "ffv1", ...asTheyAre()] : ["-c", "copy"];
    const own = `${to.protocol}//127.0.0.1:${await freePort()}${to.pathname}`;
    const received = folder.file("received.mkv");
    const receiver = spawn(
      "ffmpeg",
      ["-v", "quiet", "-nostdin", ...options, "-i", own, ...kept, received],
      { stdio: "ignore" },
    );
    using _receiver = { [Symbol.dispose]: () => void receiver.kill("SIGKILL") };
    const ended = once(receiver, "exit");
    // It listens.
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert(exampleOf(title).includes(address));
    runExample(folder, title, (program) => program.replace(address, own));
    await ended;
    const [codec, size, format, , frames] = videoOf(received);
    const expected = kept.includes("ffv1") ? "ffv1" : "h264";
    assertEquals([codec, size, format, frames], [expected, "320x180", "yuv420p", clip.frames]);
    const heard = streamsOf(received).filter((one) => one.codec_type === "audio");
    assertEquals(heard.map(({ codec_name }) => codec_name), audio);
  });
}

test("WriteGear's examples: all headings have a program", () => {
  const { blocks } = parsePage(page, readFileSync(fileURLToPath(new URL(page, repository)), "utf8"));
  const titles = [...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title!);
  assertEquals(blocks.length, titles.length);
  const run = [...examples, ...live].map(([title]) => title);
  run.push("GIF", "Custom command: extract sound", "Segments", "Gray frames, without loss");
  const others = titles.filter((title) => !run.includes(title));
  // They need a screen, a microphone and a kernel module.
  assertEquals(others, ["The screen, as long as it was", "Live sound", "v4l2loopback, by name"]);
});
