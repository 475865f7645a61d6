import { existsSync, readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import {
  createFileWriter,
  createStreamWriter,
  type StreamWriterOptions,
  type VideoWriter,
} from "../../../mod.ts";
import { missingBrowser, openPage } from "../../support/browser.ts";
import { missingEncoders } from "../../support/features.ts";
import { barFrame, TemporaryFolder } from "../../support/media.ts";
import { test } from "../../support/test.ts";

const packages = fileURLToPath(new URL("../../players/node_modules/", import.meta.url));
const scripts = {
  "hls.js": join(packages, "hls.js/dist/hls.min.js"),
  "dash.js": join(packages, "dashjs/dist/modern/umd/dash.all.min.js"),
} as const;
type Player = keyof typeof scripts;
const skip = missingEncoders("libx264") || missingBrowser ||
  !Object.values(scripts).every(existsSync) && "hls.js and dash.js are not installed (tools/setup.ts long)";

const fps = 30;

/** How a page starts each player. `problems` are what it complains of. */
const starts: Readonly<Record<Player, string>> = {
  "hls.js": `const player = new Hls({ lowLatencyMode: true });
player.on(Hls.Events.ERROR, (_, { details, error, fatal }) => {
  if (fatal || !mayComplain) problems.push(details + " " + error?.message);
});
player.on(Hls.Events.MANIFEST_PARSED, () => video.play());
player.loadSource("/index.m3u8");
player.attachMedia(video);
const latency = () => player.latency;`,
  "dash.js": `const player = dashjs.MediaPlayer().create();
player.on("error", ({ error }) => problems.push(JSON.stringify(error)));
player.initialize(video, "/index.mpd", true);
const latency = () => player.getCurrentLiveLatency();`,
};

/**
 * A page that plays a stream, and tells what it sees once `until` is true. `mayComplain`: of what is not
 * fatal.
 */
const pageFor = (player: Player, until: string, mayComplain: boolean): string =>
  `<video muted></video><script src="/player.js"></script><script>
const video = document.querySelector("video");
const mayComplain = ${mayComplain}, problems = [], sizes = new Set();
${starts[player]}
const look = setInterval(() => {
  const { currentTime, duration, ended, buffered } = video;
  if (video.videoWidth > 0) sizes.add(video.videoWidth);
  if (problems.length === 0 && !(${until})) return;
  clearInterval(look);
  const { totalVideoFrames } = video.getVideoPlaybackQuality();
  const ranges = Array.from({ length: buffered.length }, (_, n) => [buffered.start(n), buffered.end(n)]);
  tell({ problems, currentTime, duration, ranges, totalVideoFrames, sizes: [...sizes], latency: latency() });
}, 20);
</script>`;

/** Serves a folder's files, and a player. */
const serve = (folder: string, player: Player | null): RequestListener => ({ url }, response) => {
  const name = decodeURIComponent(new URL(url!, "http://localhost").pathname.slice(1));
  const path = name === "player.js" && player !== null ? scripts[player] : join(folder, name);
  response.setHeader("cache-control", "no-store");
  if (existsSync(path)) return void response.end(readFileSync(path));
  response.statusCode = 404;
  response.end();
};

/** What a page told. */
interface Seen {
  readonly problems: readonly string[];
  readonly currentTime: number;
  readonly duration: number;
  readonly ranges: readonly (readonly [start: number, end: number])[];
  readonly totalVideoFrames: number;
  readonly sizes: readonly number[];
  readonly latency: number;
}

async function watch(folder: string, player: Player, until: string, mayComplain = false): Promise<Seen> {
  await using page = await openPage(pageFor(player, until, mayComplain), serve(folder, player));
  const seen = await page.told as unknown as Seen;
  assertEquals(seen.problems, []);
  return seen;
}

const quiet = (count: number) => ({ data: new Float32Array(count), sampleRate: 48_000, channels: 1 });

/** Writes so many seconds, as fast as it goes. */
async function writeAll(path: string, seconds: number, options: StreamWriterOptions): Promise<void> {
  await using writer = await createStreamWriter("libx264", path, fps, { audio: {}, ...options });
  for (let index = 0; index < seconds * fps; index++) {
    await writer.write(barFrame(index));
    await writer.writeAudio(quiet(48_000 / fps));
  }
}

/** Writes by the clock until that is over. */
async function writeLive(path: string, options: StreamWriterOptions, isOver: () => boolean): Promise<void> {
  await using writer = await createStreamWriter("libx264", path, fps, {
    ...{ audio: {}, tune: "zerolatency", timing: "wallclock" },
    ...options,
  });
  const beganMs = performance.now();
  let samples = 0;
  for (let index = 0; !isOver(); index++) {
    await writer.write(barFrame(index));
    const count = Math.round((performance.now() - beganMs) * 48) - samples;
    if (count > 0) await writer.writeAudio(quiet(count));
    samples += Math.max(0, count);
    await delay(Math.max(0, beganMs + (index + 1) * 1000 / fps - performance.now()));
  }
}

const ladder = [{ width: 320, height: 180, bitrate: "400k" }, { width: 160, height: 90, bitrate: "100k" }];

for (const [player, name] of [["hls.js", "index.m3u8"], ["dash.js", "index.mpd"]] as const) {
  test(`createStreamWriter: ${player} plays a ladder to its end, with no gap`, { skip }, async () => {
    using folder = new TemporaryFolder();
    await writeAll(folder.file(name), 4, { adaptive: { segmentSeconds: 1, ladder } });
    const seen = await watch(folder.path, player, "ended");
    assert(Math.abs(seen.duration - 4) < 0.03, `${seen.duration} s`);
    assertEquals(seen.ranges.length, 1);
    const [[start, end]] = seen.ranges as [[number, number]];
    assert(start < 0.03 && end > 3.97, `${start} to ${end}`);
    assert(seen.totalVideoFrames >= 4 * fps - 3, `${seen.totalVideoFrames} frames`);
    assert(seen.sizes.every((width) => [160, 320].includes(width)), seen.sizes.join());
  });

  test(`createStreamWriter: ${player} follows a live window`, { skip }, async () => {
    using folder = new TemporaryFolder();
    let isOver = false;
    const adaptive = { segmentSeconds: 1, windowSegments: 4 };
    const written = writeLive(folder.file(name), { adaptive }, () => isOver);
    while (!existsSync(folder.file(name))) await delay(20);
    try {
      const seen = await watch(folder.path, player, "currentTime > 6");
      assertEquals(seen.ranges.length, 1);
      // Three segments behind the end, which comes a segment later.
      assert(seen.latency > 0 && seen.latency < 6, `${seen.latency} s`);
    } finally {
      isOver = true;
      await written;
    }
  });
}

test("createStreamWriter: hls.js is a second behind a stream with parts", { skip }, async () => {
  using folder = new TemporaryFolder();
  let isOver = false;
  const adaptive = { segmentSeconds: 1, windowSegments: 7, partSeconds: 0.2 };
  const written = writeLive(folder.file("index.m3u8"), { adaptive }, () => isOver);
  await delay(3000);
  try {
    const seen = await watch(folder.path, "hls.js", "currentTime > 10");
    assertEquals(seen.ranges.length, 1);
    console.log(`hls.js: ${seen.latency} s behind`);
    assert(seen.latency > 0 && seen.latency < 2, `${seen.latency} s`);
  } finally {
    isOver = true;
    await written;
  }
});

test(
  "createStreamWriter: hls.js goes on when the writer of a live window is another one",
  { skip },
  async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("index.m3u8");
    const open = (): Promise<VideoWriter> =>
      createStreamWriter("libx264", path, fps, {
        ...{ audio: {}, tune: "zerolatency", timing: "wallclock" },
        adaptive: { segmentSeconds: 1, windowSegments: 6 },
      });
    let isOver = false;
    const written = (async () => {
      // The program is killed, and starts again a moment later, with another size.
      for (const [run, width] of [[0, 160], [1, 320]] as const) {
        const writer = await open();
        const beganMs = performance.now();
        let samples = 0;
        for (let index = 0; !isOver && (run === 1 || index < 7 * fps); index++) {
          await writer.write(barFrame(index, width, width * 9 / 16));
          const count = Math.round((performance.now() - beganMs) * 48) - samples;
          if (count > 0) await writer.writeAudio(quiet(count));
          samples += Math.max(0, count);
          await delay(Math.max(0, beganMs + (index + 1) * 1000 / fps - performance.now()));
        }
        await writer.abort();
        await delay(1000);
      }
    })();
    while (!existsSync(path)) await delay(20);
    try {
      const seen = await watch(folder.path, "hls.js", "currentTime > 9 && sizes.has(320)", true);
      assert(seen.sizes.includes(160), seen.sizes.join());
    } finally {
      isOver = true;
      await written;
    }
  },
);

for (const [player, name] of [["hls.js", "index.m3u8"], ["dash.js", "index.mpd"]] as const) {
  test(
    `createStreamWriter: ${player} shows a frame that stays for longer than a segment`,
    { skip },
    async () => {
      using folder = new TemporaryFolder();
      const options = { timing: "timestamps", tune: "zerolatency", adaptive: { segmentSeconds: 1 } } as const;
      const writer = await createStreamWriter("libx264", folder.file(name), fps, options);
      for (let index = 0; index < 75; index++) {
        const timestamp = index / fps + (index < 40 ? 0 : 3.5);
        await writer.write(barFrame(index), { timestamp });
      }
      await writer.close();
      // hls.js tells of the hole that Chromium sees there, and goes on.
      const seen = await watch(folder.path, player, "ended", true);
      assert(Math.abs(seen.duration - 6) < 0.05, `${seen.duration} s`);
      assert(seen.totalVideoFrames >= 72, `${seen.totalVideoFrames} frames`);
    },
  );
}

test(
  "createFileWriter: HLS and DASH beside a recording play in hls.js, dash.js and <video>",
  { skip },
  async () => {
    using folder = new TemporaryFolder();
    const outputs = ["index.m3u8", "index.mpd"].map((name) => ({
      ...{ target: folder.file(name), adaptive: { segmentSeconds: 1 } },
    }));
    const writer = await createFileWriter("libx264", folder.file("a.mp4"), fps, { audio: {}, outputs });
    for (let index = 0; index < 4 * fps; index++) {
      await writer.write(barFrame(index));
      await writer.writeAudio(quiet(48_000 / fps));
    }
    await writer.close();
    for (const player of ["hls.js", "dash.js"] as const) {
      const seen = await watch(folder.path, player, "ended");
      assert(Math.abs(seen.duration - 4) < 0.03, `${seen.duration} s`);
      assertEquals(seen.ranges.length, 1);
      assert(seen.totalVideoFrames >= 4 * fps - 3, `${seen.totalVideoFrames} frames`);
    }
    const page = `<video muted src="/a.mp4"></video><script>
const video = document.querySelector("video");
video.onended = () => tell({ duration: video.duration });
video.onerror = () => tell({ error: video.error.message });
video.play();
</script>`;
    await using opened = await openPage(page, serve(folder.path, null));
    const { duration, error } = await opened.told;
    assertEquals(error, undefined);
    assert(Math.abs(Number(duration) - 4) < 0.03, `${duration} s`);
  },
);

for (const [codec, audio] of [["libx264", "aac"], ["libvpx-vp9", "opus"], ["libsvtav1", "flac"]] as const) {
  test(`createStreamWriter: Chromium takes segments of ${codec} and ${audio} by their names`, {
    skip: skip || missingEncoders(codec, audio === "opus" ? "libopus" : audio),
  }, async () => {
    using folder = new TemporaryFolder();
    const options = { audio: { codec: audio }, adaptive: { segmentSeconds: 1 } };
    const writer = await createStreamWriter(codec, folder.file("index.m3u8"), fps, options);
    for (let index = 0; index < 75; index++) {
      await writer.write(barFrame(index));
      await writer.writeAudio(quiet(1600));
    }
    await writer.close();
    const [, names] = /CODECS="(.*?)"/.exec(readFileSync(folder.file("index.m3u8"), "utf8"))!;
    const [video, heard] = names!.split(",");
    const page = `<video muted></video><script type="module">
const video = document.querySelector("video");
const source = new MediaSource();
video.src = URL.createObjectURL(source);
await new Promise((resolve) => source.onsourceopen = resolve);
const buffers = [["video", "${video}"], ["audio", "${heard}"]]
  .map(([track, codec]) => [track, source.addSourceBuffer(track + '/mp4; codecs="' + codec + '"')]);
for (const [track, buffer] of buffers) {
  for (const part of ["init.mp4", "1.m4s", "2.m4s", "3.m4s"]) {
    const bytes = await (await fetch("/index-" + track + "-" + part)).arrayBuffer();
    await new Promise((resolve) => { buffer.onupdateend = resolve; buffer.appendBuffer(bytes); });
  }
}
source.endOfStream();
const { buffered } = video;
video.onended = () => tell({ end: buffered.end(0), ranges: buffered.length,
  frames: video.getVideoPlaybackQuality().totalVideoFrames });
video.onerror = () => tell({ error: video.error.message });
video.play();
</script>`;
    await using opened = await openPage(page, serve(folder.path, null));
    const { end, ranges, frames, error } = await opened.told;
    assertEquals([error, ranges], [undefined, 1]);
    assert(Math.abs(Number(end) - 2.5) < 0.05, `${end} s`);
    assert(Number(frames) >= 73, `${frames} frames`);
  });
}
