import { Buffer } from "node:buffer";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { assert, assertEquals } from "@std/assert";
import {
  createFileWriter,
  createStreamWriter,
  OptionError,
  type OutputOptions,
  type OutputStats,
  type StreamWriterOptions,
  UnsupportedError,
  type VideoWriter,
  WriteError,
} from "../mod.ts";
import { missingEncoders } from "./support/features.ts";
import { barFrame, keyFrameTimes, TemporaryFolder } from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { packetSums, play } from "./support/record.ts";
import { filesIn, playlistAt, readPlaylist, SegmentServer } from "./support/segments.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testAll, testBoth } = testsOf(import.meta.url);

const fps = 25;
const skip = missingEncoders("libx264");
const light: StreamWriterOptions = { preset: "ultrafast", tune: "zerolatency" };

async function write(writer: VideoWriter, frames: number, pauseMs = 0): Promise<void> {
  for (let index = 0; index < frames; index++) {
    await writer.write(barFrame(index));
    const samples = { data: new Float32Array(48_000 / fps), sampleRate: 48_000, channels: 1 };
    if (writer.stats.audio.length > 0) await writer.writeAudio(samples);
    if (pauseMs > 0) await delay(pauseMs);
  }
}

function counts({ state, frames, droppedFrames }: OutputStats): unknown[] {
  return [state, frames, droppedFrames];
}

/** Keeps the files of a stream in segments. */
function keeping(files: Map<string, Uint8Array>): (name: string) => WritableStream<Uint8Array> {
  return (name) => new WritableStream({ write: (bytes) => void files.set(name, bytes) });
}

/** The checksums of one stream's packets. */
const sumsOf = (path: string, stream: number): (string | undefined)[] =>
  packetSums(path).split("\n").filter((line) => line.startsWith(`${stream},`)).map((line) =>
    line.split(",")[5]
  );

for (const [thread, reorders] of some([["worker", true], ["main", false]] as const, 2)) {
  testBoth(
    `outputs, ${thread}: HLS and DASH beside a recording have its frames, by one encode`,
    { skip },
    async () => {
      using folder = new TemporaryFolder();
      const streams = new Map<string, Uint8Array>();
      const adaptive = { segmentSeconds: 0.4 };
      const outputs = [
        { target: folder.file("index.m3u8"), adaptive: { segmentSeconds: 1 } },
        { target: folder.file("index.mpd"), adaptive },
        { target: keeping(streams), format: "hls", adaptive: { ...adaptive, partSeconds: 0.2 } },
      ];
      const encoderOptions = reorders ? { bf: 3, x264opts: "b-adapt=0" } : { bf: 0 };
      const options = { thread, preset: "ultrafast", encoderOptions, audio: {}, outputs } as const;
      const writer = await createFileWriter("libx264", folder.file("a.mp4"), fps, options);
      await write(writer, 60);
      await writer.close();
      assertEquals(writer.stats.outputs!.map(counts), Array(3).fill(["closed", 60, 0]));
      assertEquals(writer.stats.outputs![0]!.target, folder.file("index.m3u8"));
      const { bytes } = writer.stats.outputs![0]!;
      assert(bytes > 1000, `${bytes} bytes`);
      // The very packets of the recording.
      const playlist = folder.file("index-video.m3u8");
      assertEquals(sumsOf(playlist, 0), sumsOf(folder.file("a.mp4"), 0));
      for (const [name, lengths] of [["video", [1, 1, 0.4]], ["audio", []]] as const) {
        const { segments, seconds, tags } = playlistAt(folder.file(`index-${name}.m3u8`));
        if (lengths.length > 0) assertEquals(segments.map(({ seconds }) => seconds), [...lengths]);
        assert(Math.abs(seconds - 2.4) < 0.001, `${seconds} s of ${name}`);
        assert(tags.has("ENDLIST"), name);
      }
      for (const name of ["a.mp4", "index.m3u8", "index.mpd"]) {
        assertEquals(play(folder.file(name), { width: 160, fps }).frames, 60, name);
      }
      // A key frame where a segment of any of them begins.
      const keys = keyFrameTimes(folder.file("a.mp4")).map((time) => Math.round(time * fps));
      assertEquals(keys, [0, 10, 20, 25, 30, 40, 50]);
      const { segments, seconds } = readPlaylist(Buffer.from(streams.get("index-video.m3u8")!).toString());
      assertEquals(segments.length, 6);
      assert(Math.abs(seconds - 2.4) < 0.001, `${seconds} s`);
    },
  );
}

test(
  "outputs: what segments can't be is told, with the option's name, and nothing is held",
  { skip },
  async () => {
    using folder = new TemporaryFolder();
    const hls = folder.file("index.m3u8");
    const streams = keeping(new Map());
    const wrong: readonly (readonly [OutputOptions["target"] | OutputOptions, says: string])[] = [
      [{ target: hls, adaptive: { segmentSeconds: 0 } }, "outputs[0].adaptive.segmentSeconds"],
      [{ target: hls, adaptive: { ladder: [] } as never }, "outputs[0].adaptive.ladder"],
      [
        { target: hls, adaptive: { ladder: [{ width: 2, height: 2 }] } as never },
        "outputs[0].adaptive.ladder",
      ],
      [
        { target: folder.file("index.mpd"), adaptive: { partSeconds: 0.2 } },
        "outputs[0].adaptive.partSeconds",
      ],
      [{ target: folder.file("a.mkv"), adaptive: {} }, "outputs[0].adaptive: it is for HLS and DASH"],
      [{ target: hls, reconnect: {} }, "outputs[0].reconnect with segments"],
      [{ target: hls, formatOptions: {} }, "outputs[0].formatOptions with segments"],
      [{ target: hls, headers: { a: "b" } }, "headers with segments: it is for servers"],
      [{ target: "http://127.0.0.1/a.m3u8", transport: "udp" }, "it is for other addresses"],
      [streams, 'without the option format: give "hls" or "dash"'],
      [{ target: streams, format: "mp4" }, "format"],
    ];
    const open = (outputs: readonly (typeof wrong)[number][0][]): Promise<VideoWriter> =>
      createFileWriter("libx264", folder.file("a.mp4"), fps, {
        ...light,
        outputs,
        reconnect: { attempts: 1 },
      });
    for (const [output, says] of wrong) {
      await assertFails(() => open([output]), { type: TypeError, says: [says] });
    }
    const twice = open([hls, { target: hls, adaptive: {} }]);
    await assertFails(() => twice, {
      type: TypeError,
      says: [`outputs[1]: "${hls}" is the file of outputs[0]`],
    });
    // That of its video.
    const inUse = open([hls, folder.file("index-video.m3u8")]);
    await assertFails(() => inUse, { type: WriteError, code: "IN_USE", says: ["index-video.m3u8"] });
    await assertFails(() => open([hls, folder.file("none/index.m3u8")]), {
      ...{ type: WriteError, code: "ENOENT" },
      says: [],
    });
    assertEquals(filesIn(folder.path).size, 0);
    // Each was given free again.
    const writer = await open([hls]);
    await writer.abort();
  },
);

test(
  "outputs: h264 goes into mxf beside containers only that have its headers in packets",
  { skip },
  async () => {
    using folder = new TemporaryFolder();
    for (const [own, other] of [["a.mp4", "b.mxf"], ["a.mxf", "b.mkv"], ["a.mxf", "index.m3u8"]] as const) {
      const options = { ...light, outputs: [folder.file(other)] };
      await assertFails(() => createFileWriter("libx264", folder.file(own), fps, options), {
        ...{ type: UnsupportedError, code: "CODEC_NOT_FOR_CONTAINER" },
        says: ["one encode of h264 into mxf", "mpeg2video"],
      });
    }
    assertEquals(filesIn(folder.path).size, 0);
    const options = { ...light, outputs: [folder.file("b.mxf")] };
    const writer = await createFileWriter("libx264", folder.file("a.mxf"), fps, options);
    await write(writer, 10);
    await writer.close();
    assertEquals(counts(writer.stats.outputs![0]!), ["closed", 10, 0]);
  },
);

testAll("outputs: segments that a server takes slowly, or never, hold nothing up", { skip }, async () => {
  using folder = new TemporaryFolder();
  using failing = await SegmentServer.start((request) => request % 3 === 0 ? 500 : 201);
  using silent = await SegmentServer.start(() => null);
  using refusing = await SegmentServer.start(() => 403);
  const adaptive = { segmentSeconds: 0.4 };
  const outputs = [
    { target: `${failing.address}/index.m3u8?token=secretkey`, adaptive },
    { target: `${silent.address}/index.m3u8`, adaptive, writeTimeoutSeconds: 0.5 },
    { target: `${refusing.address}/live/secretkey/index.m3u8`, adaptive },
    { target: () => new WritableStream({ write: () => new Promise(() => {}) }), format: "hls", adaptive },
    folder.file("index.m3u8"),
  ].map((output) => typeof output === "string" ? { target: output } : output);
  outputs[3] = { ...outputs[3]!, writeTimeoutSeconds: 0.5 } as never;
  const options = { ...light, outputs };
  const writer = await createFileWriter("libx264", folder.file("a.mp4"), fps, options);
  let longestMs = 0;
  for (let index = 0; index < 60; index++) {
    const beganMs = performance.now();
    await writer.write(barFrame(index));
    if (index > 0) longestMs = Math.max(longestMs, performance.now() - beganMs);
    await delay(5);
  }
  await writer.close();
  const [third, never, no, unread, file] = writer.stats.outputs!;
  assertEquals([counts(third!), counts(file!)], Array(2).fill(["closed", 60, 0]));
  const codes = [never, no, unread].map((output) => [output!.state, (output!.error as WriteError).code]);
  assertEquals(codes, [["failed", "ETIMEDOUT"], ["failed", "HTTP_403"], ["failed", "ETIMEDOUT"]]);
  assert(!JSON.stringify(writer.stats.outputs).includes("secretkey"));
  assert(!writer.stats.outputs!.some(({ error }) => error?.message.includes("secretkey")));
  const { segments, tags } = readPlaylist(`${failing.files.get("index-video.m3u8")}`);
  const lost = segments.filter(({ name }) => !failing.files.has(name));
  assertEquals([tags.has("ENDLIST"), lost], [true, []]);
  assertEquals(segments.map(({ seconds }) => seconds), Array(6).fill(0.4));
  for (const name of ["a.mp4", "index.m3u8"]) {
    assertEquals(play(folder.file(name), { width: 160, fps }).frames, 60, name);
  }
  // No request, which takes longer than this.
  assert(longestMs < 400, `${longestMs} ms`);
});

testAll(
  "outputs: an abort settles at once where a server hangs, and leaves whole segments",
  { skip },
  async () => {
    using folder = new TemporaryFolder();
    using silent = await SegmentServer.start(() => null);
    const adaptive = { segmentSeconds: 0.4 };
    const outputs = [
      { target: folder.file("index.m3u8"), adaptive },
      { target: `${silent.address}/index.m3u8`, adaptive },
    ];
    const writer = await createFileWriter("libx264", folder.file("a.mp4"), fps, { ...light, outputs });
    await write(writer, 60, 10);
    while (!existsSync(folder.file("index-video.m3u8"))) await delay(10);
    const beganMs = performance.now();
    await writer.abort();
    const tookMs = performance.now() - beganMs;
    assert(tookMs < 300, `${tookMs} ms`);
    const files = [...filesIn(folder.path).keys()];
    assert(!files.some((name) => name.endsWith(".avwriter") || name === "a.mp4"), files.join());
    const { segments, tags } = playlistAt(folder.file("index-video.m3u8"));
    assert(segments.length > 0 && !tags.has("ENDLIST") && segments.every(({ name }) => files.includes(name)));
    // The manifest is free again.
    await (await createStreamWriter("libx264", folder.file("index.m3u8"), fps, light)).abort();
  },
);

testAll("outputs: where encoding fails, segments end with what was written", { skip }, async () => {
  using folder = new TemporaryFolder();
  const filter = "scale=w='if(gte(n,30),80,160)':h=90:eval=frame";
  const outputs = [{ target: folder.file("index.m3u8"), adaptive: { segmentSeconds: 0.4 } }];
  const writer = await createFileWriter("libx264", folder.file("a.mp4"), fps, { ...light, filter, outputs });
  await assertFails(() => write(writer, 100), { type: OptionError, code: "FILTER_SIZE", says: [] });
  const { frames } = play(folder.file("index.m3u8"), { width: 160, fps });
  assert(frames >= 28, `${frames} frames`);
  assert(playlistAt(folder.file("index-video.m3u8")).tags.has("ENDLIST"));
});

testAll("outputs: segments beside an address, a stream of bytes, and other segments", { skip }, async () => {
  using folder = new TemporaryFolder();
  for (const [name, target] of [["hls", folder.file("first.m3u8")], ["mp4", new WritableStream()]] as const) {
    const options = {
      ...{ ...light, audio: {}, format: name },
      outputs: [{ target: folder.file("index.m3u8"), adaptive: { segmentSeconds: 0.5 } }],
      ...(name === "hls" ? { adaptive: { segmentSeconds: 1 } } : {}),
    };
    const writer = await createStreamWriter("libx264", target, fps, options);
    await write(writer, 50);
    await writer.close();
    assertEquals(counts(writer.stats.outputs!.at(-1)!), ["closed", 50, 0]);
    const { segments, seconds } = playlistAt(folder.file("index-video.m3u8"));
    assertEquals([segments.length, Math.round(seconds * 1000)], [4, 2000]);
  }
  const main = playlistAt(folder.file("first-video.m3u8"));
  assertEquals(main.segments.map(({ seconds }) => seconds), [1, 1]);
  assert(readFileSync(folder.file("first.m3u8"), "utf8").includes("FRAME-RATE=25.000"));
});
