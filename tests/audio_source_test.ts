import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pathToFileURL } from "node:url";
import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import {
  type AudioOptions,
  createFileWriter,
  ReadError,
  UnsupportedError,
  type VideoWriter,
  type WriterOptions,
} from "../mod.ts";
import { amplitudeOf, decodeAudio, heardRate, listen, onsets, probeAudio, sine } from "./support/audio.ts";
import { missingEncoders } from "./support/features.ts";
import { assertSameBytes, barFrame, lightOptions, probe, TemporaryFolder } from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testBoth } = testsOf(import.meta.url);

/**
 * Makes an audio file with ffmpeg: ten seconds of 1000 Hz at an eighth of the full level, unless told
 * otherwise.
 */
function makeAudioFile(
  path: string,
  options: readonly string[] = [],
  input = "sine=frequency=1000:duration=10",
): string {
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", input, ...options, path]);
  return path;
}

/** Writes frames at 25 a second for so many seconds. */
async function writeFrames(writer: VideoWriter, seconds: number): Promise<void> {
  for (let index = 0; index < seconds * 25; index++) await writer.write(barFrame(index % 20));
}

/** A video of so many seconds with an audio track. */
async function record(
  path: string,
  audio: AudioOptions | AudioOptions[],
  seconds: number,
  options: WriterOptions = {},
): Promise<VideoWriter> {
  const codec = path.endsWith(".webm") ? "vp8" : "mpeg4";
  const writer = await createFileWriter(codec, path, 25, { audio, ...lightOptions(codec), ...options });
  await writeFrames(writer, seconds);
  await writer.close();
  return writer;
}

/** A hash of each packet of a file's first audio track. */
function packetHashes(path: string): string[] {
  const told = execFileSync("ffprobe", [
    ...["-v", "error", "-select_streams", "a:0", "-show_packets", "-show_data_hash", "md5"],
    ...["-show_entries", "packet=data_hash", "-of", "csv=p=0", path],
  ], { encoding: "utf8" });
  return [...told.matchAll(/MD5:\w+/g)].map(([hash]) => hash);
}

for (
  const [source, encoder, name, thread] of some(
    [
      ["a.m4a", "aac", "a.mp4", "worker"],
      ["a.m4a", "aac", "a.mkv", "main"],
      ["a.mp3", "libmp3lame", "a.mp4", "worker"],
      ["a.flac", "flac", "a.mkv", "worker"],
      ["a.flac", "flac", "a.mp4", "main"],
      ["a.ogg", "libopus", "a.webm", "worker"],
      ["a.wav", "pcm_s16le", "a.mov", "worker"],
      ["a.mka", "ac3", "a.ts", "main"],
    ] as const,
    3,
  )
) {
  testBoth(
    `audio.from: the packets of ${source} (${encoder}) are copied into ${name}, as long as the video (${thread})`,
    {
      skip: missingEncoders(encoder),
    },
    async () => {
      using folder = new TemporaryFolder();
      const from = makeAudioFile(folder.file(source), ["-c:a", encoder]);
      const path = folder.file(name);
      // Before 6.1, FLAC in mp4 is asked for by name.
      const { stats: { audio: [stats] } } = await record(path, { from }, 3, { thread });
      assertEquals(probe(path).frames, 75);
      // MPEG-TS, PCM in mov and Opus have no packets that could be told from each other, or other ones.
      if (["a.mp4", "a.mkv", "a.webm"].includes(name)) {
        const copied = packetHashes(path);
        assert(copied.length > 20, `${copied.length} packets`);
        assertEquals(copied, packetHashes(from).slice(0, copied.length));
      }
      const heard = listen(path);
      // A packet more at the most, and MPEG-TS begins where it likes.
      assertAlmostEquals(heard.length / heardRate, 3, name === "a.ts" ? 1.6 : 0.12);
      assertAlmostEquals(amplitudeOf(heard.subarray(heardRate, 2 * heardRate), 1000), 0.125, 0.01);
      assert(stats!.seconds >= 3 && stats!.seconds < 3.12, `${stats!.seconds} s`);
      assertEquals([stats!.silence, stats!.dropped, stats!.failure], [0, 0, null]);
    },
  );
}

test("audio.from: a source is decoded and encoded where another codec, rate or layout was asked for", async () => {
  using folder = new TemporaryFolder();
  const from = makeAudioFile(folder.file("a.wav"), ["-ar", "44100"]);
  const wanted: readonly (readonly [string, AudioOptions, string])[] = [
    ["a.mkv", { codec: "flac", channels: 1, sampleRate: 44100 }, "flac 44100 1"],
    ["b.mp4", { codec: "aac" }, "aac 48000 2"],
    ["c.mkv", { sampleRate: 22050 }, "aac 22050 2"],
    ["d.mp4", {}, "aac 48000 2"],
  ];
  for (const [name, options, expected] of wanted) {
    const path = folder.file(name);
    const { stats: { audio: [stats] } } = await record(path, { from, ...options }, 2);
    const [track] = probeAudio(path);
    assertEquals(`${track!.codec_name} ${track!.sample_rate} ${track!.channels}`, expected);
    const heard = listen(path);
    assertAlmostEquals(heard.length / heardRate, 2, 0.1, name);
    const level = track!.channels === 1 ? 0.125 : 0.125 * Math.SQRT1_2;
    const measured = amplitudeOf(heard.subarray(heardRate / 4, 1.5 * heardRate), 1000);
    assert(
      measured > level * 0.95 && measured < level * 1.06 || measured > 0.118 && measured < 0.132,
      `${measured}`,
    );
    assertAlmostEquals(stats!.seconds, 2, 0.001, name);
  }
  // Bit for bit.
  const written = decodeAudio(from, "s16").subarray(0, 2 * 44100 * 2);
  assertSameBytes(
    decodeAudio(folder.file("a.mkv"), "s16").subarray(0, written.length),
    written,
    "the samples",
  );
});

test("audio.from: a file that is encoded anew keeps its channels and its bits, unless fewer are asked for", async () => {
  using folder = new TemporaryFolder();
  const six = "aevalsrc=0.5*sin(2*PI*300*t)|0|0|0|0|0.5*sin(2*PI*800*t):d=2:c=5.1:s=48000";
  const source = makeAudioFile(folder.file("six.wav"), ["-c:a", "pcm_s24le"], six);
  const path = folder.file("a.mkv");
  await record(path, { from: source, codec: "flac" }, 1);
  const [track] = probeAudio(path);
  assertEquals([track!.channels, track!.sample_fmt], [6, "s32"]);
  const kept = decodeAudio(path, "s32");
  assertSameBytes(kept, decodeAudio(source, "s32").subarray(0, kept.length), "the samples");
  await record(path, { from: source, codec: "flac", channels: 2 }, 1);
  assertEquals(probeAudio(path)[0]!.channels, 2);
  await assertFails(
    () => createFileWriter("mpeg4", folder.file("b.mkv"), 25, { audio: { from: source, codec: "mp3" } }),
    {
      type: UnsupportedError,
      says: ["libmp3lame", "channels"],
    },
  );
});

test("audio.from: what is no number in a file does not end the process", async () => {
  using folder = new TemporaryFolder();
  const odd =
    "aevalsrc=if(between(mod(n\\,1000)\\,1\\,9)\\,1/0\\,if(eq(mod(n\\,1000)\\,0)\\,0/0\\,0.25*sin(2*PI*1000*t))):d=2";
  const source = makeAudioFile(folder.file("odd.wav"), ["-c:a", "pcm_f32le"], odd);
  const values = new Float32Array(decodeAudio(source, "f32").slice().buffer);
  assert(values.includes(Infinity) && values.some(Number.isNaN), "the file has odd values");
  for (const codec of ["mp3", "aac"]) {
    const path = folder.file("a.mkv");
    await record(path, { from: source, codec }, 1);
    assertAlmostEquals(listen(path).length / heardRate, 1, 0.05);
  }
});

test("audio.loop: a file begins again and again, without a gap, until the video ends", async () => {
  using folder = new TemporaryFolder();
  const input = "aevalsrc='if(lt(t,0.1),0.5*sin(2*PI*1000*t),0)':sample_rate=48000:duration=0.7";
  for (const [source, encoder] of [["a.wav", "pcm_s16le"], ["a.m4a", "aac"], ["a.flac", "flac"]] as const) {
    const from = makeAudioFile(folder.file(source), ["-c:a", encoder], input);
    const path = folder.file("a.mkv");
    const { stats: { audio: [stats] } } = await record(
      path,
      { from, loop: true, codec: "pcm", channels: 1 },
      5,
    );
    assertAlmostEquals(stats!.seconds, 5, 1e-4, source);
    assertEquals([stats!.silence, stats!.dropped], [0, 0], source);
    const heard = onsets(listen(path));
    assertEquals(heard.length, 8, `${source}: ${heard}`);
    for (const [index, onset] of heard.entries()) {
      assertAlmostEquals(onset, index * 0.7, source === "a.m4a" ? 0.03 : 0.002, `${source}: beep ${index}`);
    }
  }
});

test("audio.from: a source that is shorter than the video ends early, and one that begins later does so", async () => {
  using folder = new TemporaryFolder();
  const short = makeAudioFile(folder.file("a.flac"), [], "sine=frequency=1000:duration=1:sample_rate=48000");
  const path = folder.file("a.mp4");
  const writer = await record(path, [{ from: short }, { from: short, codec: "aac" }], 3);
  for (const { seconds, failure } of writer.stats.audio) {
    assertAlmostEquals(seconds, 1, 0.001);
    assertEquals(failure, null);
  }
  assertAlmostEquals(probe(path).duration, 3, 0.001);
  const late = folder.file("late.mkv");
  execFileSync("ffmpeg", [
    ...["-v", "error", "-f", "lavfi", "-i", "color=size=64x64:rate=25:duration=4", "-itsoffset", "1.5"],
    ...["-i", short, "-map", "0", "-map", "1", "-c:v", "mpeg4", "-c:a", "flac", late],
  ]);
  for (const options of [{}, { codec: "pcm", channels: 1 }]) {
    await record(path.replace(".mp4", ".mkv"), { from: late, ...options }, 4);
    const [onset] = onsets(listen(path.replace(".mp4", ".mkv")));
    assertAlmostEquals(onset!, 1.5, 0.002, JSON.stringify(options));
  }
});

test("audio.stream: any track of a file can be taken, by its path or its URL", async () => {
  using folder = new TemporaryFolder();
  const both = folder.file("both.mkv");
  execFileSync("ffmpeg", [
    ...["-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x64:rate=25:duration=3"],
    ...[
      "-f",
      "lavfi",
      "-i",
      "sine=frequency=400:duration=3",
      "-f",
      "lavfi",
      "-i",
      "sine=frequency=900:duration=3",
    ],
    ...["-map", "0", "-map", "1", "-map", "2", "-c:v", "mpeg4", "-c:a", "flac", both],
  ]);
  const path = folder.file("a.mkv");
  await record(path, [{ from: both, stream: 1, language: "fra" }, { from: pathToFileURL(both) }], 2);
  assertEquals(probeAudio(path)[0]!.tags!.language, "fra");
  for (const [track, frequency, other] of [[0, 900, 400], [1, 400, 900]] as const) {
    const heard = listen(path, { track });
    assert(amplitudeOf(heard, frequency) > 20 * amplitudeOf(heard, other), `track ${track}`);
  }
});

/** A server of one file on loopback; with a limit, it sends only so many bytes and then nothing more. */
async function serve(
  path: string,
  limit = Infinity,
): Promise<Server & { readonly url: URL } & AsyncDisposable> {
  const bytes = readFileSync(path);
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "audio/wav", "content-length": bytes.length });
    response.write(bytes.subarray(0, Math.min(limit, bytes.length)));
    if (limit >= bytes.length) response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(server, {
    url: new URL(`http://127.0.0.1:${port}/a.wav`),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

test("audio.from: a network address is read, and a server that stops sending does not hang the writer", async () => {
  using folder = new TemporaryFolder();
  const from = makeAudioFile(folder.file("a.wav"), ["-ar", "48000"]);
  const path = folder.file("a.mkv");
  await using server = await serve(from);
  await record(path, { from: server.url, codec: "flac", channels: 1 }, 2);
  assertAlmostEquals(amplitudeOf(listen(path), 1000), 0.125, 0.001);
  await using stalling = await serve(from, 150_000);
  const writer = await createFileWriter("mpeg4", path, 25, { audio: { from: stalling.url, codec: "flac" } });
  const start = performance.now();
  await writeFrames(writer, 4);
  await assertFails(() => writer.close(), {
    type: ReadError,
    operation: "read audio",
    says: [`Cannot continue with the audio of ${stalling.url}`],
  });
  assert(performance.now() - start < 9000, `${performance.now() - start} ms`);
  assertEquals(probe(path).frames, 100);
  assertAlmostEquals(amplitudeOf(listen(path).subarray(0, heardRate), 1000), 0.125, 0.1);
});

const cutOff = [["a.m4a", {}], ["a.flac", {}], ["a.m4a", { codec: "ac3" }]] as const;
for (const [source, options] of some(cutOff, 3)) {
  testBoth(
    `audio.from: a file that was cut off (${source}, ${
      JSON.stringify(options)
    }) leaves a whole video, and a clear error`,
    async () => {
      using folder = new TemporaryFolder();
      const layout = source === "a.m4a" ? ["-c:a", "aac", "-movflags", "+faststart"] : [];
      const from = makeAudioFile(folder.file(source), layout);
      truncateSync(from, readFileSync(from).length >> 1);
      const path = folder.file("a.mp4");
      const writer = await createFileWriter("mpeg4", path, 25, {
        audio: { from, ...options },
        logLevel: "quiet",
      });
      await writeFrames(writer, 8);
      const error = await assertFails(() => writer.close(), {
        type: ReadError,
        code: "TRUNCATED",
        says: [from, "it ends at 4.", "10.0"],
      });
      assertEquals(await writer.close().catch((again) => again), error);
      const [stats] = writer.stats.audio;
      assertEquals(stats!.failure, error.message);
      assert(stats!.seconds > 4 && stats!.seconds < 5.2, `${stats!.seconds} s`);
      const { frames, duration } = probe(path);
      assertEquals([frames, duration], [200, 8]);
      assertAlmostEquals(amplitudeOf(listen(path).subarray(heardRate, 4 * heardRate), 1000), 0.125, 0.04);
    },
  );
}

test("audio.from: invalid sources are refused when the writer opens, and no file is made", async () => {
  using folder = new TemporaryFolder();
  const text = folder.file("a.txt");
  writeFileSync(text, "not audio at all\n".repeat(50));
  const silent = folder.file("silent.mkv");
  execFileSync("ffmpeg", [
    ...["-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x64:rate=25:duration=1", "-c:v", "mpeg4", silent],
  ]);
  const audioFile = makeAudioFile(folder.file("a.wav"));
  const playlist = folder.file("a.m3u8");
  writeFileSync(playlist, `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n${audioFile}\n#EXT-X-ENDLIST\n`);
  // deno-lint-ignore no-explicit-any
  const refused: readonly (readonly [unknown, new (...parameters: any[]) => Error, string])[] = [
    [{ from: folder.file("none.wav") }, ReadError, "there is no such file"],
    [{ from: folder.path }, ReadError, "it is not a regular file"],
    [{ from: text }, ReadError, text],
    [{ from: playlist }, ReadError, playlist],
    [{ from: silent }, ReadError, "no audio track"],
    [{ from: audioFile, stream: 3 }, ReadError, "no track 3"],
    [{ from: "" }, TypeError, "Cannot read the path"],
    [{ from: "http://127.0.0.1/a.wav" }, TypeError, "a URL object"],
    [{ from: new URL("http://127.0.0.1:1/a.wav") }, ReadError, "Connection refused"],
    [{ from: new URL("ftp://127.0.0.1/a.wav") }, TypeError, "ftp:"],
    [{ from: 5 }, TypeError, "audio.from"],
    [{ from: { system: "radio" } }, TypeError, "alsa"],
    [{ from: { system: "alsa", name: "" } }, TypeError, "audio.from.name"],
    [{ from: audioFile, loop: 1 }, TypeError, "audio.loop"],
    [{ from: audioFile, stream: -1 }, TypeError, "audio.stream"],
    [{ stream: 1 }, TypeError, "audio.stream"],
  ];
  for (const [audio, type, part] of refused) {
    const path = folder.file("a.mp4");
    const open = () =>
      createFileWriter("mpeg4", path, 25, { audio: audio as AudioOptions, logLevel: "quiet" });
    await assertFails(open, { type, says: [part] });
    assert(!existsSync(path));
  }
  await assertFails(() => createFileWriter("mpeg4", silent, 25, { audio: { from: silent } }), {
    type: TypeError,
    says: ["audio.from", "another file"],
  });
  const writer = await createFileWriter("mpeg4", folder.file("a.mp4"), 25, { audio: { from: audioFile } });
  await assertFails(() => writer.writeAudio(sine({ count: 480, sampleRate: 48000 })), {
    type: TypeError,
    says: ["from elsewhere"],
  });
  await writeFrames(writer, 1);
  await writer.close();
  assertStringIncludes(probeAudio(folder.file("a.mp4"))[0]!.codec_name, "aac");
});
