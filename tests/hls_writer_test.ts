import { Buffer } from "node:buffer";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import {
  createFileWriter,
  createStreamWriter,
  OptionError,
  type StreamWriterOptions,
  type VideoWriter,
  WriteError,
} from "../mod.ts";
import { keyMark } from "../src/file/mp4/key_mark.ts";
import { joined } from "../src/writer/packaging/fragment_stream.ts";
import { Packager } from "../src/writer/packaging/packager.ts";
import { probeAudio, sine } from "./support/audio.ts";
import { missingEncoders } from "./support/features.ts";
import { barFrame, frameTimes, probe, TemporaryFolder } from "./support/media.ts";
import { assertFails, rejection } from "./support/messages.ts";
import { runUntilKilled } from "./support/processes.ts";
import { noisyFrame, play } from "./support/record.ts";
import {
  filesIn,
  playlistAt,
  type ReadPlaylist,
  readPlaylist,
  saveFiles,
  SegmentServer,
} from "./support/segments.ts";
import { SmallDisk } from "./support/small_disk.ts";
import { testsOf } from "./support/test.ts";

const { test, testAll, testBoth, testLong } = testsOf(import.meta.url);

const killed = fileURLToPath(new URL("./support/record_hls.ts", import.meta.url));

const fps = 25;
const skip = missingEncoders("libx264");
const fast: StreamWriterOptions = { preset: "ultrafast" };
/** With frames that are coded out of order. */
const reordering: StreamWriterOptions = { encoderOptions: { bf: 3, x264opts: "b-adapt=0" } };

/** Writes bars, and so much audio as there are frames. */
async function writeBoth(writer: VideoWriter, frames: number, hasAudio = true): Promise<void> {
  const count = 48_000 / fps;
  for (let index = 0; index < frames; index++) {
    await writer.write(barFrame(index));
    if (hasAudio) await writer.writeAudio(sine({ from: index * count, count, sampleRate: 48_000 }));
  }
}

/** Requires what Apple's rules say of a playlist of a whole stream. */
function assertWhole(playlist: ReadPlaylist, seconds: number): void {
  const { tags, segments } = playlist;
  assert(Number(tags.get("VERSION")) >= 6, tags.get("VERSION"));
  for (const tag of ["INDEPENDENT-SEGMENTS", "ENDLIST", "MAP"]) assert(tags.has(tag), tag);
  assertEquals([tags.get("PLAYLIST-TYPE"), tags.get("MEDIA-SEQUENCE")], ["VOD", "1"]);
  for (const segment of segments) assert(Math.round(segment.seconds) <= Number(tags.get("TARGETDURATION")));
  assert(Math.abs(playlist.seconds - seconds) < 0.001, `${playlist.seconds} instead of ${seconds} s`);
}

for (const thread of ["worker", "main"] as const) {
  (thread === "worker" ? testBoth : testLong)(
    `createStreamWriter, ${thread}: HLS in a folder has all frames and samples, in whole segments`,
    {
      skip,
    },
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file("index.m3u8");
      const options = { thread, ...reordering, audio: {}, adaptive: { segmentSeconds: 1 } };
      const writer = await createStreamWriter("libx264", path, fps, options);
      await writeBoth(writer, 60);
      const summary = await writer.close();
      const files = filesIn(folder.path);
      const bytes = [...files.values()].reduce((sum, { length }) => sum + length, 0);
      assertEquals([summary.path, summary.format, summary.frames], [path, "hls", 60]);
      // Playlists were written more than once.
      assert(summary.bytes >= bytes, `${summary.bytes}, ${bytes}`);
      assertEquals(play(path, { width: 160, fps }).frames, 60);
      for (const track of ["video", "audio"]) {
        assertWhole(playlistAt(folder.file(`index-${track}.m3u8`)), 2.4);
      }
      const { segments } = playlistAt(folder.file("index-video.m3u8"));
      assertEquals(segments.map(({ seconds }) => seconds), [1, 1, 0.4]);
      for (const [index, { name }] of segments.entries()) {
        writeFileSync(
          folder.file("one.mp4"),
          Buffer.concat([files.get("index-video-init.mp4")!, files.get(name)!]),
        );
        const times = frameTimes(folder.file("one.mp4"));
        assertEquals([times.length, Math.round(times[0]! * fps)], [index < 2 ? 25 : 10, index * 25]);
      }
      const master = readFileSync(path, "utf8");
      const { codec_name } = probe(folder.file("one.mp4"));
      assertEquals([codec_name, probeAudio(path)[0]!.codec_name], ["h264", "aac"]);
      assert(/CODECS="avc1\.64000b,mp4a\.40\.2",RESOLUTION=160x90,FRAME-RATE=25\.000/.test(master), master);
      assert(![...files.keys()].some((name) => name.endsWith(".avwriter")));
    },
  );
}

test("createStreamWriter: a live window lists the newest segments with dates, and removes old ones", {
  skip,
}, async () => {
  using folder = new TemporaryFolder();
  const startDate = new Date("2026-03-01T12:00:00.250Z");
  const adaptive = { segmentSeconds: 0.4, windowSegments: 2, startDate };
  const writer = await createStreamWriter("libx264", folder.file("a b.m3u8"), fps, { ...fast, adaptive });
  await writeBoth(writer, 75, false);
  while (!existsSync(folder.file("a b-video-5.m4s"))) await delay(10);
  const during = playlistAt(folder.file("a b-video.m3u8"));
  assert(!during.tags.has("ENDLIST") && !during.tags.has("PLAYLIST-TYPE") && during.segments.length <= 2);
  await writer.close();
  const { tags, segments, seconds } = playlistAt(folder.file("a b-video.m3u8"));
  assertEquals([tags.get("MEDIA-SEQUENCE"), tags.has("ENDLIST"), segments.length], ["7", true, 2]);
  assertEquals(segments.map(({ name }) => name), ["a b-video-7.m4s", "a b-video-8.m4s"]);
  assertEquals(segments.map(({ date }) => date! - startDate.getTime()), [2400, 2800]);
  assert(Math.abs(seconds - 0.6) < 0.001, `${seconds} s`);
  // Players may still be at those that were listed a window ago.
  const left = [...filesIn(folder.path).keys()].filter((name) => name.endsWith(".m4s"));
  assertEquals(left, [5, 6, 7, 8].map((number) => `a b-video-${number}.m4s`));
});

testLong("createStreamWriter: segments of uneven frames begin at their key frames", { skip }, async () => {
  using folder = new TemporaryFolder();
  const options = { ...reordering, timing: "timestamps", adaptive: { segmentSeconds: 1 } } as const;
  const writer = await createStreamWriter("libx264", folder.file("index.m3u8"), fps, options);
  const times = Array.from(
    { length: 70 },
    (_, index) => index / fps + (index % 7) * 0.005 + (index > 40 ? 1.5 : 0),
  );
  for (const [index, timestamp] of times.entries()) await writer.write(barFrame(index), { timestamp });
  const { seconds } = await writer.close();
  const playlist = playlistAt(folder.file("index-video.m3u8"));
  assertWhole(playlist, seconds);
  const found = frameTimes(folder.file("index.m3u8"));
  assertEquals(found.length, times.length);
  for (const [index, time] of found.entries()) {
    assert(Math.abs(time - times[index]!) < 0.001, `frame ${index}: ${time}`);
  }
  const keys = frameTimes(folder.file("index.m3u8"), ["-skip_frame", "nokey"]);
  let begin = 0;
  for (const { seconds } of playlist.segments) {
    assert(keys.some((key) => Math.abs(key - begin) < 0.001), `${begin} is none of ${keys}`);
    begin += seconds;
  }
});

test("createStreamWriter: a server that answers every third request with 500 gets every file", {
  skip,
}, async () => {
  using folder = new TemporaryFolder();
  using server = await SegmentServer.start((request) => request % 3 === 0 ? 500 : 201);
  const streams = new Map<string, Uint8Array>();
  const open = (name: string): WritableStream<Uint8Array> =>
    new WritableStream({ write: (bytes) => void streams.set(name, bytes) });
  const options = { ...fast, audio: {}, adaptive: { segmentSeconds: 0.4 } } satisfies StreamWriterOptions;
  const targets = [
    [folder.file("index.m3u8"), options],
    [`${server.address.replace("//", "//me:p%40ss@")}/live/index.m3u8?token=secret`, options],
    [open, { ...options, format: "hls" }],
  ] as const;
  for (const [target, own] of targets) {
    const writer = await createStreamWriter("libx264", target, fps, own);
    await writeBoth(writer, 30);
    await writer.close();
  }
  const files = filesIn(folder.path);
  assertEquals(files.size, 11);
  for (const others of [server.files, streams]) {
    assertEquals([...others.keys()].sort(), [...files.keys()]);
    for (const [name, bytes] of files) assertEquals(Buffer.from(others.get(name)!), bytes, name);
  }
  assert(server.requests.every((request) => /^PUT \/live\/[\w.-]+\?token=secret$/.test(request)));
  assertEquals(server.headers.authorization, `Basic ${btoa("me:p@ss")}`);
  assertEquals(server.headers["content-type"], "application/vnd.apple.mpegurl");
});

test(
  "createStreamWriter: a server that refuses a file ends the writer, and no key is told",
  { skip },
  async () => {
    using server = await SegmentServer.start(() => 403);
    const address = `${server.address.replace("//", "//me:geheim@")}/index.m3u8?token=verraten`;
    const writer = await createStreamWriter("libx264", address, fps, {
      ...fast,
      adaptive: { segmentSeconds: 0.4 },
    });
    const error = await rejection(async () => {
      await writeBoth(writer, 100, false);
      await writer.close();
    });
    assert(error instanceof WriteError && error.code === "HTTP_403", String(error));
    assert(error.message.includes("the server answered 403"), error.message);
    assert(!/geheim|verraten/.test(`${error.stack} ${JSON.stringify(error)}`), error.stack);
  },
);

test("createStreamWriter: what the segments' places can't do is told", { skip }, async () => {
  using folder = new TemporaryFolder();
  const writer = await createStreamWriter("libx264", () => null as never, fps, { ...fast, format: "hls" });
  await assertFails(async () => {
    await writeBoth(writer, 100, false);
    await writer.close();
  }, { type: WriteError, code: "STREAM", says: ["the function gave null instead of a WritableStream"] });
  const missing = folder.file("none/index.m3u8");
  await assertFails(() => createStreamWriter("libx264", missing, fps), {
    type: WriteError,
    code: "ENOENT",
    says: [],
  });
  const typeErrors: readonly (readonly [target: string | URL, options: StreamWriterOptions, says: string])[] =
    [
      ["a.m3u8", { adaptive: { segmentSeconds: 0 } }, "adaptive.segmentSeconds"],
      ["a.m3u8", { adaptive: { windowSegments: 1.5 } }, "adaptive.windowSegments"],
      ["a.m3u8", { adaptive: { partSeconds: 1.5 } }, "half of segmentSeconds"],
      ["a.mpd", { adaptive: { partSeconds: 0.2 } }, "adaptive.partSeconds"],
      ["a.m3u8", { adaptive: { ladder: [] } }, "adaptive.ladder"],
      ["a.m3u8", { adaptive: { ladder: [{ width: 10 } as never] } }, "adaptive.ladder[0].height"],
      ["a.m3u8", { adaptive: { window: 3 } as never }, "adaptive.window"],
      ["a.m3u8", { format: "mp4" }, "WritableStream"],
      ["a.m3u8", { subtitles: {} }, "subtitles"],
      ["a.m3u8", { formatOptions: { movflags: "cmaf" } }, "formatOptions"],
      ["a.m3u8", { crashSafe: true }, "crashSafe"],
      ["a.mp4", { adaptive: {} }, "it is for HLS and DASH"],
      ["a.m3u8", { headers: { a: "b" } }, "it is for servers"],
      ["http://127.0.0.1/a.m3u8", { transport: "udp" }, "it is for other addresses"],
      ["http://127.0.0.1/live/", { format: "hls" }, "add the name of a manifest"],
    ];
  for (const [target, options, says] of typeErrors) {
    const place = typeof target === "string" && !target.includes(":") ? folder.file(target) : target;
    await assertFails(() => createStreamWriter("libx264", place, fps, options), {
      type: TypeError,
      says: [says],
    });
  }
  await assertFails(() => createFileWriter("libx264", folder.file("a.mp4"), fps, { adaptive: {} } as never), {
    type: TypeError,
    says: ["adaptive"],
  });
  assertEquals(filesIn(folder.path).size, 0);
});

testLong("createStreamWriter: a ladder has the same key frames in each size", { skip }, async () => {
  using folder = new TemporaryFolder();
  const ladder = [{ width: 320, height: 180, bitrate: "300k" }, {
    width: 160,
    height: 90,
    maxBitrate: "100k",
  }];
  const options = { ...fast, audio: {}, adaptive: { segmentSeconds: 0.5, ladder } };
  const writer = await createStreamWriter("libx264", folder.file("index.m3u8"), fps, options);
  for (let index = 0; index < 40; index++) {
    // Lent memory is copied for the others.
    const frame = await writer.acquire(160, 90);
    frame.data.set(barFrame(index).data);
    await writer.write(frame);
    await writer.writeAudio(sine({ from: index * 1920, count: 1920, sampleRate: 48_000 }));
  }
  await writer.close();
  const master = readFileSync(folder.file("index.m3u8"), "utf8");
  assert(
    /BANDWIDTH=\d+.*RESOLUTION=320x180.*\nindex-video1.m3u8\n.*RESOLUTION=160x90.*\nindex-video2.m3u8/.test(
      master,
    ),
    master,
  );
  assertEquals(play(folder.file("index-video2.m3u8"), { width: 160, fps }).frames, 40);
  const [large, small] = [1, 2].map((step) => {
    const path = folder.file(`index-video${step}.m3u8`);
    return [
      frameTimes(path).length,
      frameTimes(path, ["-skip_frame", "nokey"]),
      playlistAt(path).segments.map(({ seconds }) => seconds),
    ];
  });
  assertEquals(large, small);
  assertEquals(large, [40, [0, 0.52, 1, 1.52], [0.52, 0.48, 0.52, 0.08]]);
});

test(
  "createStreamWriter: parts of a segment are listed as they come, and are the segment",
  { skip },
  async () => {
    const listed: ReadPlaylist[] = [];
    const files = new Map<string, Buffer>();
    const open = (name: string): WritableStream<Uint8Array> =>
      new WritableStream({
        write: (bytes) => {
          files.set(name, Buffer.from(bytes));
          if (name === "index-video.m3u8") listed.push(readPlaylist(Buffer.from(bytes).toString()));
        },
      });
    const adaptive = { segmentSeconds: 1, windowSegments: 3, partSeconds: 0.2 };
    const options = { format: "hls", tune: "zerolatency", audio: {}, adaptive };
    const writer = await createStreamWriter("libx264", open, fps, options);
    await writeBoth(writer, 70);
    await writer.close();
    const live = listed.filter(({ tags }) => !tags.has("ENDLIST"));
    const target = Number(/PART-TARGET=([\d.]+)/.exec(live[0]!.tags.get("PART-INF")!)![1]);
    const held = Number(/PART-HOLD-BACK=([\d.]+)/.exec(live[0]!.tags.get("SERVER-CONTROL")!)![1]);
    assertEquals([target, held], [0.2, 0.6]);
    const parts = new Map(live.flatMap((playlist) => playlist.parts).map((part) => [part.name, part]));
    assertEquals(parts.size, 14);
    for (const { name, seconds, isIndependent } of parts.values()) {
      assertEquals([seconds, isIndependent], [0.2, name.endsWith(".1.m4s")], name);
    }
    const first = [1, 2, 3, 4, 5].map((part) => files.get(`index-video-1.${part}.m4s`)!);
    assertEquals(Buffer.concat(first), files.get("index-video-1.m4s"));
    using folder = new TemporaryFolder();
    saveFiles(folder.path, files);
    assertEquals(play(folder.file("index.m3u8"), { width: 160, fps }).frames, 70);
  },
);

testLong("createStreamWriter: DASH has the same segments, live and after its end", { skip }, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("index.mpd");
  const adaptive = { segmentSeconds: 0.4, ladder: [{ width: 160, height: 90 }, { width: 80, height: 46 }] };
  const writer = await createStreamWriter("libx264", path, fps, { ...fast, audio: {}, adaptive });
  await writeBoth(writer, 50);
  while (!existsSync(folder.file("index.mpd"))) await delay(10);
  const during = readFileSync(path, "utf8");
  assert(
    /type="dynamic" availabilityStartTime="[\d:.TZ-]+" publishTime=.* minimumUpdatePeriod="PT0.4S"/.test(
      during,
    ),
    during,
  );
  const { format } = await writer.close();
  const text = readFileSync(path, "utf8");
  assert(text.includes('type="static" mediaPresentationDuration="PT2S"'), text);
  assert(text.includes('codecs="avc1.42c00b" width="160" height="90" frameRate="25"'), text);
  assertEquals([format, [...text.matchAll(/<S t="0" d="5120" r="4"\/>/g)].length], ["dash", 2]);
  assertEquals(play(path, { width: 160, fps }).frames, 50);
  assertEquals(probeAudio(path)[0]!.codec_name, "aac");
});

testLong(
  "createStreamWriter: a ladder whose key frames are at other times is refused",
  { skip },
  async () => {
    const streams: Uint8Array<ArrayBuffer>[] = [];
    for (const segmentSeconds of [1, 0.6]) {
      const files = new Map<string, Uint8Array>();
      const open = (name: string): WritableStream<Uint8Array> =>
        new WritableStream({ write: (bytes) => void files.set(name, bytes) });
      const own = { ...fast, format: "hls", adaptive: { segmentSeconds } };
      const writer = await createStreamWriter("libx264", open, fps, own);
      await writeBoth(writer, 60, false);
      await writer.close();
      const { segments } = readPlaylist(new TextDecoder().decode(files.get("index-video.m3u8")));
      let end = 0;
      const pieces = segments.flatMap(({ name, seconds }) => {
        end += seconds;
        return [files.get(name)!, keyMark(BigInt(Math.round(end * 12_800)))];
      });
      streams.push(joined([files.get("index-video-init.mp4")!, ...pieces]));
    }
    const stored: string[] = [];
    const frameRate = { num: fps, den: 1 };
    const packager = new Packager({
      ...{
        format: "hls",
        manifest: "index.m3u8",
        cuts: { segmentSeconds: 1, partSeconds: null, longestPartSeconds: null, frameRate },
        moreSeconds: 0,
        windowSegments: null,
        earlier: new Map(),
      },
      ...{ frameRate, videoBits: [null, null], tellsDate: false },
    }, { put: ({ name }) => void stored.push(name), remove: () => {} });
    packager.push(0, streams[0]!);
    assert(stored.includes("index-video1-2.m4s"), stored.join());
    const error = await rejection(() => Promise.try(() => packager.push(1, streams[1]!)));
    assert(error instanceof WriteError && error.code === "KEY_FRAMES", String(error));
    assert(
      error.message.includes("segment 2 of video2 begins at 0.6 s, and of another size at 1 s"),
      error.message,
    );
  },
);

testLong("createStreamWriter: segments are beside other outputs of the encode", { skip }, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const options = { ...fast, audio: {}, adaptive: { segmentSeconds: 0.4 }, outputs: [path] };
  const writer = await createStreamWriter("libx264", folder.file("index.m3u8"), fps, options);
  await writeBoth(writer, 30);
  await writer.close();
  assertEquals(play(path, { width: 160, fps }).frames, 30);
  assertEquals(playlistAt(folder.file("index-video.m3u8")).segments.length, 3);
});

testLong("createStreamWriter: a full disk ends the writer, and its segments stay whole", {
  skip: skip || SmallDisk.missing,
}, async () => {
  using disk = new SmallDisk(2);
  const options = { quality: "lossless", preset: "ultrafast", adaptive: { segmentSeconds: 0.2 } } as const;
  const writer = await createStreamWriter("libx264", disk.file("index.m3u8"), fps, options);
  const error = await rejection(async () => {
    for (let index = 0; index < 1000; index++) await writer.write(noisyFrame(index, 160, 90));
  });
  assert(error instanceof WriteError && error.code === "ENOSPC", String(error));
  assert(!disk.names.some((name) => name.endsWith(".avwriter")), disk.names.join());
  const { segments } = playlistAt(disk.file("index-video.m3u8"));
  assert(segments.length > 0 && segments.every(({ name }) => disk.names.includes(name)));
});

testLong(
  "createStreamWriter: where encoding fails, the playlist ends with what was written",
  { skip },
  async () => {
    using folder = new TemporaryFolder();
    const filter = "scale=w='if(gte(n,30),80,160)':h=90:eval=frame";
    const options = { ...fast, tune: "zerolatency", filter, adaptive: { segmentSeconds: 0.4 } };
    const writer = await createStreamWriter("libx264", folder.file("index.m3u8"), fps, options);
    const error = await rejection(() => writeBoth(writer, 100, false));
    assert(error instanceof OptionError && error.code === "FILTER_SIZE", String(error));
    const { frames } = play(folder.file("index.m3u8"), { width: 160, fps });
    // The filters have one frame still, or two.
    assert(frames >= 28, `${frames} frames`);
    assertWhole(playlistAt(folder.file("index-video.m3u8")), frames / fps);
  },
);

for (const way of ["abort", "signal"] as const) {
  (way === "abort" ? test : testLong)(
    `createStreamWriter: ${way} leaves whole segments, also where a server hangs`,
    { skip },
    async () => {
      using folder = new TemporaryFolder();
      using server = await SegmentServer.start((request) => request > 2 ? null : 201);
      for (const target of [folder.file("index.m3u8"), `${server.address}/index.m3u8`]) {
        const controller = new AbortController();
        const options = { ...fast, adaptive: { segmentSeconds: 0.4 }, signal: controller.signal };
        const writer = await createStreamWriter("libx264", target, fps, options);
        await writeBoth(writer, 40, false);
        await delay(100);
        const reason = new Error("enough");
        const beganMs = performance.now();
        if (way === "signal") controller.abort(reason);
        await writer.abort(reason);
        assert(performance.now() - beganMs < 500, `${performance.now() - beganMs} ms`);
        await rejection(() => writer.write(barFrame(0)));
      }
      const names = [...filesIn(folder.path).keys()];
      assert(!names.some((name) => name.endsWith(".avwriter")), names.join());
      const { segments, tags } = playlistAt(folder.file("index-video.m3u8"));
      assert(
        segments.length > 0 && segments.every(({ name }) => names.includes(name)) && !tags.has("ENDLIST"),
      );
    },
  );
}

testAll(
  "createStreamWriter: a kill leaves whole segments, and a playlist of no others",
  { skip },
  async () => {
    for (let run = 0; run < 20; run++) {
      using folder = new TemporaryFolder();
      const { lines } = await runUntilKilled(killed, [folder.path], 500 + run * 77);
      const files = filesIn(folder.path);
      const { segments } = playlistAt(folder.file("index-video.m3u8"));
      for (const { name, seconds } of segments) {
        assertEquals(seconds, 0.2);
        assert(files.has(name), name);
      }
      // What is listed plays, and a segment, and what was on its way to the disk, is lost at most.
      // FFmpeg would wait for more.
      writeFileSync(folder.file("end.m3u8"), `${files.get("index-video.m3u8")}#EXT-X-ENDLIST\n`);
      const { frames } = play(folder.file("end.m3u8"), { width: 160, fps: 100 });
      assertEquals(frames, segments.length * 20);
      assert(lines.length - frames < 60, `${frames} of ${lines.length} frames`);
      for (const [name, bytes] of files) {
        if (!name.endsWith(".m4s")) continue;
        const header = files.get(name.replace(/-\d+\.m4s$/, "-init.mp4"))!;
        writeFileSync(folder.file("one.mp4"), Buffer.concat([header, bytes]));
        if (name.includes("video")) assertEquals(frameTimes(folder.file("one.mp4")).length, 20, name);
        else assertEquals(probeAudio(folder.file("one.mp4"))[0]!.codec_name, "aac");
      }
    }
  },
);

test("createStreamWriter: without a frame there are no segments", { skip }, async () => {
  using folder = new TemporaryFolder();
  const writer = await createStreamWriter("libx264", folder.file("index.m3u8"), fps, { ...fast, audio: {} });
  assertEquals((await writer.close()).frames, 0);
  assertEquals(filesIn(folder.path).size, 0);
});

const codecs = [
  ["libx265", "aac", /^hvc1\.1\.6\.L30\.[0-9a-f.]+,mp4a\.40\.2$/],
  ["libvpx-vp9", "opus", /^vp09\.00\.10\.08,opus$/],
  ["libsvtav1", "flac", /^av01\.0\.00M\.08,fLaC$/],
  ["mpeg4", "ac3", /^mp4v\.20,ac-3$/],
] as const;

for (const [index, [codec, audio, expected]] of codecs.entries()) {
  (index === 0 ? testLong : testAll)(
    `createStreamWriter: ${codec} and ${audio} have the names that players know`,
    {
      skip: missingEncoders(codec, audio === "opus" ? "libopus" : audio),
    },
    async () => {
      using folder = new TemporaryFolder();
      const options = { audio: { codec: audio }, adaptive: { segmentSeconds: 1 } };
      const writer = await createStreamWriter(codec, folder.file("index.m3u8"), fps, options);
      await writeBoth(writer, 40);
      await writer.close();
      const [, names] = /CODECS="(.*?)"/.exec(readFileSync(folder.file("index.m3u8"), "utf8"))!;
      assert(expected.test(names!), names);
      assertEquals(play(folder.file("index.m3u8"), { width: 160, fps }).frames, 40);
      for (const track of ["video", "audio"]) {
        // libavcodec's encoder of AC-3 keeps the last 256 samples (ac3enc.c).
        const kept = track === "audio" && audio === "ac3" ? 256 / 48_000 : 0;
        assertWhole(playlistAt(folder.file(`index-${track}.m3u8`)), 1.6 - kept);
      }
    },
  );
}

test(
  "createStreamWriter: HLS and DASH share a folder, and one manifest has one writer",
  { skip },
  async () => {
    using folder = new TemporaryFolder();
    const options = { ...fast, adaptive: { segmentSeconds: 0.4 } };
    const open = (name: string): Promise<VideoWriter> =>
      createStreamWriter("libx264", folder.file(name), fps, options);
    const [hls, dash] = [await open("index.m3u8"), await open("index.mpd")];
    const error = await rejection(() => open("index.m3u8"));
    assert(error instanceof WriteError && error.code === "IN_USE", String(error));
    for (let index = 0; index < 20; index++) {
      await hls.write(barFrame(index));
      await dash.write({ data: new Uint8Array(80 * 46 * 4), width: 80, height: 46 });
    }
    await Promise.all([hls.close(), dash.close()]);
    assertEquals(play(folder.file("index.m3u8"), { width: 160, fps }).frames, 20);
    assert(readFileSync(folder.file("index.mpd"), "utf8").includes('media="index.mpd-video-$Number$.m4s"'));
    assertEquals(probe(folder.file("index.mpd")).width, 80);
    // It is free again after its end, however that came.
    for (const end of ["abort", "close"] as const) await (await open("index.m3u8"))[end]();
  },
);
