/**
 * What the matrix runs in little time against every FFmpeg: files that another program decodes to what was
 * written, and every struct field that avwriter reads or writes.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import process from "node:process";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { avcodecMajors, layouts } from "../ffi/layouts.ts";
import { loadNative } from "../ffi/mod.ts";
import { selfCheck } from "../ffi/selfcheck.ts";
import { StructFields } from "../ffi/struct.ts";
import {
  type Codec,
  createAudioWriter,
  createFileWriter as create,
  createMemoryWriter,
  createStreamWriter,
  EncoderNotFoundError,
  type FrameRate,
  OptionError,
  UnsupportedError,
  type VideoWriter,
  type WriterOptions,
} from "../mod.ts";
import { CaptureDevice } from "../src/capture/capture_device.ts";
import { Demuxer } from "../src/libav/demuxer.ts";
import { InputStream } from "../src/libav/reading/input_stream.ts";
import { Encoder, encoderByName } from "../src/libav/encoder.ts";
import { FilePackets } from "../src/engine/copying/file_packets.ts";
import { SingleConnection } from "../src/libav/reading/single_connection.ts";
import { ReadingSession } from "../src/engine/reading/reading_session.ts";
import { recoverRecording } from "../src/file/recovery.ts";
import { completed } from "../src/steps.ts";
import { pictureBytes } from "./support/attached.ts";
import { amplitudeOf, heardRate, listen, probeAudio, sine } from "./support/audio.ts";
import { Collected } from "./support/collected.ts";
import { makeClip } from "./support/clips.ts";
import { missingDevices, missingEncoders, type SkipReason } from "./support/features.ts";
import {
  assertSameBytes,
  barFrame,
  decode,
  frameTimes,
  probe,
  psnr,
  TemporaryFolder,
  writeBars,
} from "./support/media.ts";
import { cuesOf, probeSubtitles } from "./support/subtitles.ts";
import { test } from "./support/test.ts";

/** The struct fields that were read or written so far: every access asks for the field's offset. */
const touched = new Set<string>();
const offsetOf = StructFields.prototype.offset;
StructFields.prototype.offset = function (struct, field): number {
  touched.add(`${struct}.${field}`);
  return offsetOf.call(this, struct, field as never);
};

/** A writer in this thread, where the fields that it touches are seen. */
function createFileWriter(
  codec: Codec,
  path: string,
  fps: FrameRate,
  options?: WriterOptions,
): Promise<VideoWriter> {
  return create(codec, path, fps, { ...options, thread: "main" });
}

const width = 160, height = 90, frameBytes = width * height * 4;

/** Fails unless every decoded frame shows the bar of its index. */
function assertBars(path: string, count: number, leastDecibels: number): void {
  const decoded = decode(path, "rgba");
  assertEquals(decoded.length, count * frameBytes);
  for (let index = 0; index < count; index++) {
    const ratio = psnr(decoded.subarray(index * frameBytes, (index + 1) * frameBytes), barFrame(index).data);
    assert(ratio >= leastDecibels, `frame ${index} has ${ratio} dB`);
  }
}

test("smoke: frames become a file that another program decodes to the same frames", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("bars.mp4");
  await writeBars(await createFileWriter("h264", path, 30), 29);
  const stream = probe(path);
  assertEquals(stream.codec_name, "h264");
  assertEquals(stream.frames, 29);
  assertEquals(stream.duration, Number((29 / 30).toFixed(6)));
  assertBars(path, 29, 35);
});

const rate = "30000/1001";

interface Case {
  readonly codec: Codec;
  readonly encoder: string;
  readonly file: string;
  readonly leastDecibels: number;
  readonly options?: WriterOptions;
  /** Seconds by which a frame's time may differ: the container's own unit. */
  readonly tolerance: number;
  /** Whether the container names the rate itself. */
  readonly namesRate: boolean;
}

const cases: readonly Case[] = [
  { codec: "h264", encoder: "libx264", file: "a.mp4", leastDecibels: 35, tolerance: 1e-5, namesRate: true },
  { codec: "h264", encoder: "libx264", file: "a.ts", leastDecibels: 35, tolerance: 1e-4, namesRate: true },
  {
    codec: "vp9",
    encoder: "libvpx-vp9",
    file: "a.webm",
    leastDecibels: 33,
    tolerance: 0.001,
    namesRate: true,
  },
  { codec: "mpeg4", encoder: "mpeg4", file: "a.avi", leastDecibels: 33, tolerance: 1e-5, namesRate: true },
  {
    codec: "mjpeg",
    encoder: "mjpeg",
    file: "a.avi",
    // At "medium", ffprobe up to FFmpeg 7.1 takes the first frame for cut off while it guesses the stream's
    // format.
    options: { quality: "high" },
    leastDecibels: 33,
    tolerance: 1e-5,
    namesRate: true,
  },
  { codec: "gif", encoder: "gif", file: "a.gif", leastDecibels: 30, tolerance: 0.0051, namesRate: false },
];

for (const { codec, encoder, file, leastDecibels, options, tolerance, namesRate } of cases) {
  const name = `smoke: ${codec} in ${file} comes back frame by frame, at its exact rate`;
  test(name, { skip: missingEncoders(encoder) }, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file(file);
    await writeBars(await createFileWriter(codec, path, rate, options), 20);
    const { codec_name, frames, r_frame_rate } = probe(path);
    assertEquals([codec_name, frames, namesRate ? r_frame_rate : rate], [codec, 20, rate]);
    assertBars(path, 20, leastDecibels);
    const times = frameTimes(path);
    // MPEG-TS starts later than at 0.
    for (const [index, time] of times.entries()) {
      assertAlmostEquals(time - times[0]!, index * 1001 / 30000, tolerance);
    }
  });
}

test("smoke: ffv1 in mkv comes back bit for bit", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  await writeBars(await createFileWriter("ffv1", path, rate), 5);
  const decoded = decode(path, "rgba");
  for (let index = 0; index < 5; index++) {
    const frame = decoded.subarray(index * frameBytes, (index + 1) * frameBytes);
    assertSameBytes(frame, barFrame(index).data, `frame ${index}`);
  }
});

for (const [codec, encoder, tag] of [["hevc", "libx265", "hvc1"], ["h264", "libx264", "avc1"]] as const) {
  test(`smoke: ${codec} is tagged ${tag}, and colours are tagged as asked for`, {
    skip: missingEncoders(encoder),
  }, async () => {
    using folder = new TemporaryFolder();
    const tags = ["bt2020nc", "bt2020-10", "bt2020", "tv"];
    const path = folder.file(`${codec}.mp4`);
    await writeBars(await createFileWriter(codec, path, 25, { color: "bt2020" }), 5);
    const { codec_tag_string, color_space, color_transfer, color_primaries, color_range } = probe(path);
    assertEquals([codec_tag_string, color_space, color_transfer, color_primaries, color_range], [
      tag,
      ...tags,
    ]);
    assertEquals(probe(path).frames, 5);
  });
}

/** The indices of a file's key frames. */
function keyFrames(path: string): number[] {
  const text = execFileSync("ffprobe", [
    ...["-v", "error", "-select_streams", "v:0", "-show_entries", "frame=key_frame", "-of", "csv=p=0", path],
  ], { encoding: "utf8" });
  const flags = text.split("\n").filter((line) => line !== "");
  return flags.flatMap((line, index) => (line.startsWith("1") ? [index] : []));
}

test("smoke: a frame becomes a key frame where that is asked for", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const writer = await createFileWriter("h264", path, 25);
  for (let index = 0; index < 12; index++) await writer.write(barFrame(index), { keyFrame: index === 7 });
  await writer.close();
  assertEquals(keyFrames(path), [0, 7]);
});

test("smoke: an unknown name is refused with the nearest of the library's own", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const open = (codec: string, options: WriterOptions) => () => createFileWriter(codec, path, 25, options);
  await assertRejects(open("libx264", { encoderOptions: { x264params: "" } }), OptionError, '"x264-params"');
  await assertRejects(open("libx264", { encoderOptions: { keyint_mini: 1 } }), OptionError, '"keyint_min"');
  await assertRejects(open("libx264", { formatOptions: { movflag: "" } }), OptionError, '"movflags"');
  await assertRejects(open("libx264", { formatOptions: { max_delays: 1 } }), OptionError, '"max_delay"');
  await assertRejects(open("mpeg5", {}), EncoderNotFoundError, '"mpeg4"');
  await assertRejects(open("mpeg4", { format: "matroshka" }), UnsupportedError, '"matroska"');
  await assertRejects(open("mpeg4", { pixelFormat: "yuv420q" }), UnsupportedError, '"yuv420p"');
});

test("smoke: an invalid value is refused with what the library takes", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const unsupportedError = (encoderOptions: Record<string, string | number>): Promise<Error> =>
    assertRejects(() => createFileWriter("mpeg4", path, 25, { encoderOptions }), OptionError);
  // A range, a list of constants with their help, and a value beyond its type.
  assert(/from 0 to 1\b/.test((await unsupportedError({ mpeg_quant: 2 })).message));
  assert(/one of .*\bsimple\b/.test((await unsupportedError({ mbd: "best" })).message));
  assert(/macroblock decision/.test((await unsupportedError({ mbd: "best" })).message));
});

test("smoke: an encoder's own list of pixel formats decides", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  for (
    const [codec, listed] of [["mpeg4", "yuv420p"], ["huffyuv", "yuv422p"], ["utvideo", "gbrap"]] as const
  ) {
    const open = () => createFileWriter(codec, path, 25, { pixelFormat: "nv12" });
    const { message } = await assertRejects(open, UnsupportedError, `encoder ${codec} does not take it`);
    assert(new RegExp(`It takes .*\\b${listed}\\b`).test(message), message);
  }
  // Raw video has no list: it takes any.
  const writer = await createFileWriter("rawvideo", path, 25, { pixelFormat: "nv12" });
  assertEquals(writer.encoder?.pixelFormat, "nv12");
  await writer.abort();
});

test("smoke: what a file is told besides its pictures comes back", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const options: WriterOptions = {
    rotation: 90,
    sampleAspectRatio: "4/3",
    metadata: { title: "Wellen" },
    chapters: [{ title: "Ufer", start: 0 }],
    color: {
      masteringDisplay: {
        ...{ red: [0.68, 0.32], green: [0.265, 0.69], blue: [0.15, 0.06], whitePoint: [0.3127, 0.329] },
        ...{ minLuminance: 0.005, maxLuminance: 1000 },
      },
      contentLight: { maxCll: 993, maxFall: 412 },
    },
  };
  await writeBars(await createFileWriter("h264", path, 25, options), 5);
  const told = execFileSync("ffprobe", [
    "-v",
    "error",
    "-show_streams",
    "-show_format",
    "-show_chapters",
    path,
  ], {
    encoding: "utf8",
  });
  for (
    const line of [
      ...[
        "TAG:title=Ufer",
        "rotation=-90",
        "sample_aspect_ratio=4:3",
        "TAG:title=Wellen",
        "red_x=34000/50000",
      ],
      ...["max_luminance=10000000/10000", "max_content=993", "max_average=412"],
    ]
  ) {
    assertStringIncludes(told, line);
  }
  const interlaced = folder.file("a.ts");
  const fields = { fieldOrder: "tff", metadata: { service_name: "Kanal" } } as const;
  const writer = await createFileWriter("mpeg2video", interlaced, 25, fields);
  const data = new Uint8Array(320 * 192 * 3 / 2).fill(128);
  for (let index = 0; index < 3; index++) {
    await writer.write({ data, width: 320, height: 192, format: "yuv420p" });
  }
  await writer.close();
  const stream = execFileSync("ffprobe", ["-v", "error", "-show_streams", "-show_programs", interlaced], {
    encoding: "utf8",
  });
  for (const line of ["field_order=tt", "TAG:service_name=Kanal"]) assertStringIncludes(stream, line);
  if (missingEncoders("libvpx-vp9") !== false) return;
  const webm = folder.file("a.mkv");
  await writeBars(await createFileWriter("vp9", webm, 25), 5);
  const siting = execFileSync("ffprobe", ["-v", "error", "-show_streams", webm], { encoding: "utf8" });
  assertStringIncludes(siting, "chroma_location=center");
});

/** Repairs a file in this thread, where struct fields are counted; returns how many frames it has. */
function recoverHere(path: string): number {
  return completed(recoverRecording(loadNative(), { path, output: path })).frames;
}

test("smoke: an image file is a frame, and a recovered file has all that it was told", async () => {
  using folder = new TemporaryFolder();
  const image = new Uint8Array(execFileSync("ffmpeg", [
    ...["-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x48", "-frames:v", "1"],
    ...["-c:v", "png", "-pix_fmt", "rgb24", "-f", "image2pipe", "-"],
  ]));
  const picture = folder.file("a.png");
  writeFileSync(picture, image);
  const path = folder.file("a.mkv");
  {
    await using writer = await createFileWriter("ffv1", path, 25);
    await writer.write({ image });
  }
  assertSameBytes(decode(path, "rgb24"), decode(picture, "rgb24"), "the picture");
  const covered = folder.file("a.mp4");
  await writeBars(await createFileWriter("mpeg4", covered, 25, { cover: { image } }), 5);
  assertEquals(recoverHere(covered), 5);
  assertSameBytes(pictureBytes(covered), image, "the cover");
  const turned = folder.file("a.mov");
  await writeBars(await createFileWriter("mpeg4", turned, 25, { rotation: 180 }), 5);
  assertEquals(recoverHere(turned), 5);
  const told = execFileSync("ffprobe", ["-v", "error", "-show_streams", turned], { encoding: "utf8" });
  assertStringIncludes(told, "rotation=-180");
});

test("smoke: a frame goes to a worker by a copy and without one", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("worker.mkv");
  const bars = Array.from({ length: 9 }, (_, index) => barFrame(index));
  for (const pixelFormat of ["bgra", "yuv420p"]) {
    const writer = await create("ffv1", path, 25, { pixelFormat });
    for (const [index, { data }] of bars.entries()) {
      if (index % 2 === 0) await writer.write({ data, width, height });
      else {
        const frame = await writer.acquire(width, height);
        frame.data.set(data);
        await writer.write(frame);
      }
    }
    await writer.close();
    assertBars(path, bars.length, pixelFormat === "bgra" ? Infinity : 30);
  }
});

test("smoke: audio and subtitles beside the frames come back at their times", async () => {
  for (const [name, codec] of [["audio.mp4", "aac"], ["audio.mkv", "flac"]] as const) {
    using folder = new TemporaryFolder();
    const path = folder.file(name);
    const subtitles = { language: "fra", default: true };
    const writer = await createFileWriter("mpeg4", path, 25, {
      audio: { codec, language: "eng" },
      subtitles,
    });
    await writer.writeSubtitle({ text: "Un <i>ton</i>", start: 0.25, end: 0.75 });
    for (let index = 0; index < 25; index++) {
      await writer.write(barFrame(index % 20));
      await writer.writeAudio(sine({ from: index * 1764, count: 1764, sampleRate: 44100 }));
    }
    await writer.close();
    assertEquals(probe(path).frames, 25);
    const heard = listen(path);
    assertAlmostEquals(heard.length / heardRate, 1, 0.03);
    assertAlmostEquals(amplitudeOf(heard.subarray(4800, 43200), 1000), 0.5, 0.01);
    assertEquals(probeAudio(path)[0]!.tags!.language, "eng");
    assertEquals(probeSubtitles(path)[0]!.tags!.language, "fra");
    assertEquals(cuesOf(path), [{ text: "Un ton", start: 0.25, end: 0.75 }]);
  }
});

test("smoke: audio comes from a file, decoded or copied", async () => {
  using folder = new TemporaryFolder();
  const source = folder.file("source.mkv");
  const writer = await createAudioWriter("flac", source);
  for (let from = 0; from < 96000; from += 4800) {
    await writer.write(sine({ from, count: 4800, sampleRate: 48000 }));
  }
  await writer.close();
  const [first, path] = [folder.file("a.mkv"), folder.file("b.mkv")];
  // Of the second file, two streams are left out.
  const tracks = [
    [first, [{ from: source }, { from: source, codec: "aac", channels: 1 }]],
    [path, [{ from: first }, { from: first, stream: 1 }]],
  ] as const;
  for (const [name, audio] of tracks) {
    const video = await createFileWriter("mpeg4", name, 25, { audio });
    for (let index = 0; index < 25; index++) await video.write(barFrame(index % 20));
    await video.close();
  }
  assertEquals(probeAudio(path).map(({ codec_name }) => codec_name), ["flac", "aac"]);
  for (const track of [0, 1]) {
    const heard = listen(path, { track });
    assertAlmostEquals(heard.length / heardRate, 1, 0.15);
    // AAC of FFmpeg 4.3 is off by a quarter of a decibel.
    const tolerance = track === 0 ? 0.001 : 0.02;
    assertAlmostEquals(amplitudeOf(heard.subarray(4800, 40000), 1000), 0.5, tolerance);
  }
});

test(
  "ReadingSession: metadata of HDR in the packets of a video",
  { skip: missingEncoders("libx265") },
  () => {
    const params = "log-level=none:transfer=smpte2084:max-cll=900,300:" +
      "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)";
    const options = [
      "-c:v",
      "libx265",
      "-preset",
      "ultrafast",
      "-pix_fmt",
      "yuv420p10le",
      "-x265-params",
      params,
    ];
    using folder = new TemporaryFolder();
    const path = makeClip(folder.file("hdr.ts"), "25", 1, ...options);
    using session = new ReadingSession(loadNative(), {
      place: { kind: "file", path },
      ...{ label: path, format: null, stream: 0, logLevel: "error" },
    });
    const { masteringDisplay, contentLight } = session.info.color;
    assertEquals([masteringDisplay?.maxLuminance, contentLight], [1000, { maxCll: 900, maxFall: 300 }]);
  },
);
if (missingEncoders("libx265") !== false) touched.add("AVFrameSideData.data");

test("smoke: a file is read: frames in order and at any time, and audio", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("read.mp4");
  const writer = await createFileWriter("h264", path, 30, {
    audio: { codec: "aac", sampleRate: heardRate, channels: 1 },
  });
  await writer.writeAudio(sine({ count: heardRate, sampleRate: heardRate }));
  await writeBars(writer, 29);
  using session = new ReadingSession(loadNative(), {
    place: { kind: "file", path },
    ...{ label: path, format: "rgba", stream: 0, logLevel: "error" },
  });
  assertEquals(session.info.frameRate, { num: 30, den: 1 });
  assertEquals(session.info.audioTracks.map(({ codec, channels }) => [codec, channels]), [["aac", 1]]);
  for (const index of [0, 1, 2, 17, 28]) {
    const frame = index < 3 ? session.next()! : session.frameAt((index + 0.5) / 30)!;
    assertAlmostEquals(frame.timestamp, index / 30, 1e-4);
    assertAlmostEquals(frame.duration!, 1 / 30, 1e-4);
    assert(frame.data instanceof ArrayBuffer);
    assert(psnr(new Uint8Array(frame.data), barFrame(index).data) >= 30, `frame ${index}`);
  }
  const native = loadNative();
  using packetsOfFile = new FilePackets(native, path, "read");
  assertEquals(packetsOfFile.facts(0)["the profile"], "High");
  assertEquals(packetsOfFile.evenAudio(1), { sampleRate: heardRate, packetSamples: 1024 });
  using limits = new DisposableStack();
  using demuxer = new Demuxer(native, `file:${path}`, {
    ...{ formats: null, protocols: "file,tcp" },
    onContext: (context) => void limits.use(new SingleConnection(native, context)),
  });
  const protocols = native.fields.get(demuxer.address, "AVFormatContext", "protocol_whitelist");
  assertEquals(native.memory.text(protocols), "file");
  const stream = [0, 1].find((index) => demuxer.isOf("audio", index))!;
  assert(demuxer.packetSamples(stream) >= 0);
  assert(["", "LC"].includes(new InputStream(native, demuxer, stream).profile));
  using audio = session.openAudio(0, 0);
  assertAlmostEquals(audio.next()[0]!.timestamp, 0, 0.03);
  using packets = session.openPackets();
  const read = [...packets.next(), ...packets.next()];
  assertEquals(read.filter(({ kind }) => kind === "video").length, 29);
});

test("smoke: streams of bytes and a file in memory play", async () => {
  using folder = new TemporaryFolder();
  for (const format of ["matroska", "mp4", "mpegts"]) {
    const stream = new Collected();
    const writer = await createStreamWriter("mpeg4", stream.writable, 25, { format, thread: "main" });
    await writeBars(writer, 10);
    writeFileSync(folder.file(`stream.${format}`), await stream.all());
    assertEquals(frameTimes(folder.file(`stream.${format}`)).length, 10, format);
  }
  const writer = await createMemoryWriter("mpeg4", "mp4", 25);
  for (let index = 0; index < 10; index++) await writer.write(barFrame(index));
  writeFileSync(folder.file("memory.mp4"), await writer.close());
  assertEquals(probe(folder.file("memory.mp4")).frames, 10);
});

const withoutDevices = missingDevices();

const skipDevices: SkipReason = process.platform === "win32" ? "dshow is this system's" : withoutDevices;

if (skipDevices !== false) touched.add("AVInputFormat.name");

test("smoke: a device of another system is refused", { skip: skipDevices }, () => {
  const native = loadNative();
  const open = (): CaptureDevice =>
    new CaptureDevice(native, { kind: "device", system: "dshow", name: "default" });
  assertThrows(open, UnsupportedError, "dshow");
});

test("encoder: statistics of a first pass are read, and given to the second", () => {
  const native = loadNative();
  using encoder = new Encoder(native, encoderByName(native, "mpeg4")!);
  assertEquals(encoder.statistics, null);
  encoder.statistics = "pass one";
});

test("layouts: the smoke tests read or write every struct field that has a place in this FFmpeg's layout", () => {
  const native = loadNative();
  selfCheck(native);
  const column = avcodecMajors.findIndex((major) => major === native.avcodecMajor);
  // Where the library is asked what an encoder takes, the fields are there but not used.
  const lists = ["AVCodec.pix_fmts", "AVCodec.supported_samplerates", "AVCodec.sample_fmts"];
  if (native.supportedConfig !== null) { for (const field of lists) touched.add(field); }
  // Releases that have both ways to name channels are told the new one.
  const old = ["AVFrame", "AVCodecContext", "AVCodecParameters"].flatMap((
    struct,
  ) => [`${struct}.channels`, `${struct}.channel_layout`]);
  if (native.fields.has("AVFrame", "ch_layout")) { for (const field of old) touched.add(field); }
  if (native.fields.has("AVFrame", "duration")) touched.add("AVFrame.pkt_duration");
  // Where side data belongs to a stream's parameters, it is copied with them, though the stream's own fields
  // are there until 8.0.
  const sideData = ["AVPacketSideData.data", "AVPacketSideData.size", "AVPacketSideData.type"];
  const inStream = ["AVStream.side_data", "AVStream.nb_side_data"];
  if (native.streamSideData === null) { for (const field of [...sideData, ...inStream]) touched.add(field); }
  // Only a device's encoder has them read and written.
  const frames = Object.keys(layouts.AVHWFramesContext.fields).map((field) => `AVHWFramesContext.${field}`);
  for (const field of [...frames, "AVCodecContext.hw_device_ctx", "AVCodecContext.hw_frames_ctx"]) {
    touched.add(field);
  }
  const untouched = Object.entries(layouts).flatMap(([struct, { fields }]) =>
    Object.entries(fields)
      .filter(([field, { offset }]) => offset[column] !== null && !touched.has(`${struct}.${field}`))
      .map(([field]) => `${struct}.${field}`)
  );
  assertEquals(untouched, []);
});
