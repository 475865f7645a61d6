import { assert, assertEquals } from "@std/assert";
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import {
  createStreamWriter,
  type OutputStats,
  ReadError,
  type StreamWriterOptions,
  WriteError,
} from "../../../mod.ts";
import { type Counted, packetSeconds, readCounted, writeCounted } from "../../support/counted.ts";
import { missingEncoders } from "../../support/features.ts";
import { keyFrameTimes, TemporaryFolder } from "../../support/media.ts";
import { noisyFrame } from "../../support/record.ts";
import { listen, loudness, probeAudio, type ProbedAudio } from "../../support/audio.ts";
import { assertFails } from "../../support/messages.ts";
import { httpServer, lightOptions, makeCertificate, receiverKinds } from "../../support/more_receivers.ts";
import { runScript } from "../../support/processes.ts";
import { lastingPort } from "../../support/stream_server.ts";
import { test } from "../../support/test.ts";

const secure = receiverKinds["rtmps to nginx behind stunnel"]!;

/** Options of an encoder that is fast enough. */
const encoderOptions: Readonly<Record<string, StreamWriterOptions>> = {
  libx264: lightOptions,
  libvpx: { keyFrameInterval: 1, encoderOptions: { deadline: "realtime", "cpu-used": 8 } },
  libtheora: { keyFrameInterval: 1 },
};

/** Fails where a receiver has not got all that was sent, or 97 % of it, in order, in time and in sync. */
function requireAll(
  { numbers, jitterSeconds, audioPackets, offsets }: Counted,
  { state, frames, droppedFrames, packets }: OutputStats,
  count: number,
  isLossy: boolean,
): void {
  assertEquals([state, frames, droppedFrames], ["closed", count, 0]);
  const first = numbers[0] ?? count;
  assertEquals(numbers, Array.from({ length: count - first }, (_, index) => first + index));
  assert(numbers.length >= count * (isLossy ? 0.97 : 1), `${numbers.length} of ${count} frames`);
  const audioSent = packets - frames;
  assert(audioPackets >= audioSent * (isLossy ? 0.97 : 1), `${audioPackets} of ${audioSent} audio packets`);
  assert(jitterSeconds < 0.002, `times differ by ${jitterSeconds} s from the rate`);
  // Some recordings have times in milliseconds.
  const isInSync = (offset: number): boolean => Math.abs(offset) <= packetSeconds + 0.001;
  assert(offsets.length >= 4 && offsets.every(isInSync), `${offsets}`);
}

for (const [name, kind] of Object.entries(receiverKinds)) {
  const { codec = "libx264", audioCodec = "aac", make, missing, isLossy = false } = kind;
  test(`createStreamWriter, ${name}: all frames in order, and audio in sync to a packet`, {
    skip: missing() || missingEncoders(codec, audioCodec),
  }, async () => {
    using folder = new TemporaryFolder();
    using receiver = make(folder.path, await lastingPort());
    await receiver.start();
    const audio = { codec: audioCodec, sampleRate: 48_000, channels: 1 };
    const options = { ...encoderOptions[codec], ...receiver.options, audio };
    const count = 135;
    const writer = await createStreamWriter(codec, receiver.address, 30, options);
    await writeCounted(writer, count);
    await writer.close();
    const [file] = await receiver.recorded();
    requireAll(readCounted(file!), writer.stats.outputs![0]!, count, isLossy);
  });
}

/** Receivers, and times shortly before those of 24 and of 33 bits begin anew. */
const lateStarts = [
  ["rtmp to ffmpeg", 16_775],
  ["rtmp to nginx", 16_775],
  ["rtmp to node-media-server", 16_775],
  ["rtsp to GStreamer over tcp", 95_441],
  ["srt to srt-live-transmit", 95_441],
  ["udp to ffmpeg", 95_441],
  ["tcp to ffmpeg", 95_441],
  ["http PUT, mpegts", 95_441],
] as const;

for (const [name, startSeconds] of lateStarts) {
  const { make, missing, isLossy = false } = receiverKinds[name]!;
  test(`createStreamWriter, ${name}: times that begin at ${startSeconds} s`, {
    skip: missing() || missingEncoders("libx264", "aac"),
  }, async () => {
    using folder = new TemporaryFolder();
    using receiver = make(folder.path, await lastingPort());
    await receiver.start();
    const audio = { codec: "aac", sampleRate: 48_000, channels: 1 };
    const options = { ...lightOptions, ...receiver.options, audio, timing: "timestamps" } as const;
    const writer = await createStreamWriter("libx264", receiver.address, 30, options);
    await writeCounted(writer, 135, { startSeconds });
    await writer.close();
    const [file] = await receiver.recorded();
    requireAll(readCounted(file!), writer.stats.outputs![0]!, 135, isLossy);
  });
}

test("caFile: rtmps: refuses a certificate of an unknown authority", {
  skip: secure.missing() || missingEncoders("libx264"),
}, async () => {
  using folder = new TemporaryFolder();
  using other = new TemporaryFolder();
  using receiver = secure.make(folder.path, await lastingPort());
  await receiver.start();
  const { authority } = makeCertificate(other.path);
  for (const options of [{}, { caFile: authority }]) {
    const error = await assertFails(
      () => createStreamWriter("libx264", receiver.address, 30, { ...lightOptions, ...options }),
      {
        type: WriteError,
        code: "CERTIFICATE",
        says: ["the certificate of the server is not trusted", "caFile"],
      },
    );
    assert(!`${error.stack}`.includes("key"));
  }
  await assertFails(() => createStreamWriter("libx264", receiver.address, 30, { caFile: "/nowhere.pem" }), {
    type: ReadError,
    code: "ENOENT",
    says: ["Cannot read certificates from /nowhere.pem"],
  });
});

test("createStreamWriter, https: an authority is trusted that the runtime is told of", {
  skip: missingEncoders("libx264", "aac"),
}, async () => {
  using folder = new TemporaryFolder();
  const certificate = makeCertificate(folder.path);
  using receiver = httpServer("PUT", "a.ts?key=s3cret", certificate)(folder.path, await lastingPort());
  await receiver.start();
  const script = fileURLToPath(new URL("../../support/send_https.ts", import.meta.url));
  const send = (variables: Readonly<Record<string, string>>): string =>
    runScript(script, [receiver.address], { variables }).stdout;
  const refused = send({});
  assert(refused.includes("the certificate of the server is not trusted"), refused);
  const { authority } = certificate;
  const told = send({ DENO_CERT: authority, NODE_EXTRA_CA_CERTS: authority });
  assertEquals((JSON.parse(told) as OutputStats).state, "closed");
  const [file] = await receiver.recorded();
  const { numbers, offsets } = readCounted(file!);
  assertEquals(numbers.length, 135);
  assert(offsets.every((offset) => Math.abs(offset) < 0.001), `${offsets}`);
});

test("createStreamWriter, rtmp: the options for YouTube and Twitch, as nginx gets them", {
  skip: receiverKinds["rtmp to nginx"]!.missing() || missingEncoders("libx264", "aac"),
}, async () => {
  using folder = new TemporaryFolder();
  using receiver = receiverKinds["rtmp to nginx"]!.make(folder.path, await lastingPort());
  await receiver.start();
  const writer = await createStreamWriter("libx264", receiver.address, 30, {
    ...{ preset: "ultrafast", keyFrameInterval: 2, bitrate: "600k", maxBitrate: "600k" },
    encoderOptions: { "nal-hrd": "cbr" },
    audio: { codec: "aac", sampleRate: 44_100, from: { silence: true } },
  });
  for (let index = 0; index < 195; index++) {
    // Half of the pictures barely change.
    const { data, width, height } = noisyFrame(index < 100 ? index : 100, 320, 180);
    await writer.write({ data, width, height });
  }
  await writer.close();
  const [file] = await receiver.recorded();
  const times = keyFrameTimes(file!);
  assertEquals(times.map((time) => Math.round((time - times[0]!) * 100) / 100), [0, 2, 4, 6]);
  const [{ codec_name, sample_rate }] = probeAudio(file!) as [ProbedAudio];
  assertEquals([codec_name, sample_rate], ["aac", "44100"]);
  assert(loudness(listen(file!)) < 1e-4);
  // The rate is a constant one: as high where nothing changes.
  const sizes = videoSizes(file!);
  const kilobits = (from: number): number =>
    sizes.slice(from, from + 60).reduce((sum, size) => sum + size) * 8 / 2 / 1000;
  for (const from of [60, 130]) {
    assert(kilobits(from) > 500 && kilobits(from) < 700, `${kilobits(from)} kbit/s from frame ${from} on`);
  }
});

/** The sizes of a file's packets of video. */
function videoSizes(path: string): number[] {
  const text = execFileSync("ffprobe", [
    ...["-v", "error", "-select_streams", "v:0", "-show_entries", "packet=size", "-of", "csv=p=0", path],
  ], { encoding: "utf8" });
  return text.split("\n").filter((line) => line !== "").map(Number.parseFloat);
}
