import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import process from "node:process";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { createPacketWriter, type MediaPacket, type NetworkSource, openNetworkSource } from "../mod.ts";
import { FirstTimes } from "../src/engine/copying/first_times.ts";
import { PacketTimeline } from "../src/engine/copying/packet_timeline.ts";
import { convertClip } from "./support/clips.ts";
import { missingEncoders, missingHttp } from "./support/features.ts";
import { TemporaryFolder } from "./support/media.ts";
import { freePort, missingRtspServer, webServer } from "./support/stream_server.ts";
import { testsOf } from "./support/test.ts";

const { isAll, test, testLong } = testsOf(import.meta.url);

const folder = new TemporaryFolder();
after(() => folder[Symbol.dispose]());
const skip = missingEncoders("libx264", "aac");

function livePacket(stream: number, seconds: number, decodeTimestamp: number | null = seconds): MediaPacket {
  return {
    ...{ data: new Uint8Array(1), kind: stream === 0 ? "video" : "audio", stream, sideData: [] },
    ...{ timestamp: seconds, decodeTimestamp, duration: stream === 0 ? 0.04 : 0.02 },
    ...{ isKeyFrame: true, isDiscontinuous: false },
  };
}

/** Streams and times of packets whose clock goes back to 1, and how far they have to come out. */
const backward: readonly (readonly [stream: number, given: number, placed: number, isMarked: boolean])[] = [
  ...([[0, 5, 5, false], [1, 5, 5, false], [0, 5.04, 5.04, false], [1, 5.02, 5.02, false]] as const),
  // The video ends at 5.08; audio of before comes later than video of afterwards.
  ...([[0, 1, 5.08, true], [1, 5.04, 5.04, false], [1, 1, 5.08, true]] as const),
  ...([[0, 1.04, 5.12, false], [1, 1.02, 5.1, false], [0, 0.2, 5.16, true]] as const),
];

test("source.packets: a live clock that goes back is marked, and times go on for all tracks", () => {
  const timeline = new PacketTimeline();
  for (const [stream, given, placed, isMarked] of backward) {
    const { timestamp, decodeTimestamp, isDiscontinuous } = timeline.place(livePacket(stream, given));
    assertAlmostEquals(timestamp!, placed, 1e-9);
    assertAlmostEquals(decodeTimestamp!, placed, 1e-9);
    assertEquals(isDiscontinuous, isMarked, `${stream} at ${given}`);
  }
  // B-frames of sources that only tell when they are shown are not marked.
  const reordered = new PacketTimeline();
  for (const seconds of [0, 0.12, 0.04, 0.08, 0.24, 0.16]) {
    const { timestamp, isDiscontinuous } = reordered.place(livePacket(0, seconds, null));
    assertEquals([timestamp, isDiscontinuous], [seconds, false]);
  }
});

/** The first packets of an RTSP stream with B-frames: their streams, and when they are shown and decoded. */
const first: readonly (readonly [stream: number, shown: number | null, decoded: number | null])[] = [
  ...([[1, 0, 0], [0, null, null], [0, 0.12, null], [1, 0.02, 0.02], [0, 0.04, null]] as const),
  ...([[0, 0.08, 0.04], [0, 0.24, 0.08]] as const),
];

test("source.packets: first packets of a live stream that have no time get one", () => {
  const times = new FirstTimes();
  const given = first.map(([stream, shown, decoded]) => ({
    ...livePacket(stream, 0),
    ...{ timestamp: shown, decodeTimestamp: decoded },
  }));
  const taken = given.map((packet) => times.take(packet));
  // They wait until one tells when it is decoded.
  assertEquals(taken.map(({ length }) => length), [1, 0, 0, 0, 0, 5, 1]);
  assertEquals(taken.flat().map(({ timestamp }) => timestamp), [0, 0, 0.12, 0.02, 0.04, 0.08, 0.24]);
  assertEquals(taken.flat().map(({ stream }) => stream), first.map(([stream]) => stream));
  const without = new FirstTimes();
  assertEquals(without.take(given[1]!), []);
  assertEquals(without.rest(), [given[1]!]);
});

/** A file's packets by stream. */
interface Packets {
  readonly video: readonly (readonly [shown: number, hash: string])[];
  readonly audio: readonly (readonly [shown: number, hash: string])[];
}

/** When each packet of a file is shown, in seconds, and its hash. */
function packetsOf(path: string): Packets {
  const all = (stream: string): [number, string][] => {
    const options = ["-map", `0:${stream}`, "-c", "copy", "-copyts", "-f", "framemd5", "-"];
    const lines = execFileSync("ffmpeg", ["-v", "error", "-i", path, ...options], {
      encoding: "utf8",
      maxBuffer: 2 ** 28,
    }).split("\n");
    const [num, den] = lines.find((line) => line.startsWith("#tb"))!.split(" ")[2]!.split("/").map(Number);
    return lines.filter((line) => /^\d/.test(line)).map((line) => line.split(",").map((part) => part.trim()))
      .map((parts) => [Number(parts[2]) * num! / den!, parts[5]!]);
  };
  return { video: all("v"), audio: all("a") };
}

function clip(extension: string, length: number): string {
  return convertClip(
    folder.file(`in-${length}.${extension}`),
    ...["-f", "lavfi", "-i", `testsrc2=size=160x120:rate=25:duration=${length}`],
    ...["-f", "lavfi", "-i", `sine=sample_rate=48000:duration=${length}`],
    ...["-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "25", "-pix_fmt", "yuv420p"],
    ...["-c:a", "aac", "-b:a", "64k"],
  );
}

/** Records a source until it ends; returns the kinds of the packets that are marked. */
async function record(source: NetworkSource, path: string): Promise<MediaPacket["kind"][]> {
  await using writer = await createPacketWriter(path, source.packets);
  const marked: MediaPacket["kind"][] = [];
  const target = {
    write(packet: MediaPacket): Promise<void> {
      if (packet.isDiscontinuous) marked.push(packet.kind);
      return writer.write(packet);
    },
  };
  await source.packets.attach(target).finished;
  await writer.close();
  return marked;
}

testLong("source.packets: a recording goes on where a stream begins again", {
  skip: skip || missingHttp(),
}, async () => {
  const clipPath = clip("ts", 2);
  const bytes = readFileSync(clipPath);
  const { port, server } = await webServer((_, response) => {
    response.writeHead(200, { "content-type": "video/mp2t" });
    response.write(bytes);
    response.end(bytes);
  });
  using _server = {
    [Symbol.dispose]: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  const given = packetsOf(clipPath);
  const lag = given.audio[0]![0] - given.video[0]![0];
  for (const extension of ["mkv", "mp4"]) {
    await using source = await openNetworkSource(`http://127.0.0.1:${port}/live.ts`);
    const path = folder.file(`again.${extension}`);
    assertEquals((await record(source, path)).toSorted(), ["audio", "video"]);
    const { video, audio } = packetsOf(path);
    assertEquals(video.length, 100);
    // ffmpeg leaves out what is heard before the file begins.
    assertAlmostEquals(audio.length, 2 * given.audio.length, 1);
    const shown = video.map(([time]) => time).sort((one, other) => one - other);
    for (const [index, time] of shown.slice(1).entries()) {
      if (index !== 49) assertAlmostEquals(time - shown[index]!, 0.04, 0.0011, `frame ${index}`);
    }
    // The second part begins when all of the first one is over, audio too.
    const gap = shown[50]! - shown[49]!;
    assert(gap > 0.03 && gap < 0.2, `a gap of ${gap} s`);
    assertAlmostEquals(audio.at(-given.audio.length)![0] - shown[50]!, lag, 0.0011);
  }
});

/** How long the RTSP server plays. */
const rtspSeconds = isAll ? 300 : 4;

testLong("source.packets: RTSP is recorded bit for bit, all of it, with times and audio as sent", {
  skip: skip || missingRtspServer(),
}, async () => {
  const sent = clip("mp4", rtspSeconds);
  const port = await freePort();
  const script = fileURLToPath(new URL("support/rtsp_server.py", import.meta.url));
  const server = spawn("/usr/bin/python3", [script, `${port}`, sent, "with-audio"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  using _server = { [Symbol.dispose]: () => void process.kill(server.pid!, "SIGKILL") };
  await once(server.stdout, "data");
  await using source = await openNetworkSource(`rtsp://127.0.0.1:${port}/live`);
  const path = folder.file("rtsp.mkv");
  assertEquals(await record(source, path), []);
  const [copied, given] = [packetsOf(path), packetsOf(sent)];
  assertEquals(copied.video.map(([, hash]) => hash), given.video.map(([, hash]) => hash));
  for (const [index, [time]] of copied.video.entries()) {
    assertAlmostEquals(time - copied.video[0]![0], given.video[index]![0] - given.video[0]![0], 0.0011);
  }
  // The server leaves out what only primes the decoder, and the last piece.
  const from = given.audio.findIndex(([, hash]) => hash === copied.audio[0]![1]);
  assert(from >= 0 && from <= 2 && copied.audio.length >= given.audio.length - from - 2);
  const expected = given.audio.slice(from, from + copied.audio.length);
  assertEquals(copied.audio.map(([, hash]) => hash), expected.map(([, hash]) => hash));
  const lag = expected[0]![0] - given.video[0]![0];
  for (const [index, [time]] of copied.audio.entries()) {
    assertAlmostEquals(time - copied.video[0]![0], expected[index]![0] - expected[0]![0] + lag, 0.02);
  }
});
