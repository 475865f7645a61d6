import process from "node:process";
import { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  createFileWriter,
  createPacketWriter,
  type DeviceOptions,
  openDevice,
  OptionError,
  ReadError,
  UnsupportedError,
} from "../mod.ts";
import { loadNative, type Native } from "../ffi/mod.ts";
import { Demuxer } from "../src/libav/demuxer.ts";
import { InterruptedError, interruptWhen } from "../src/libav/interruption.ts";
import { NativePacket } from "../src/libav/native_packet.ts";
import { systemOf } from "../src/reader/device/device_options.ts";
import { makeClip } from "./support/clips.ts";
import { missingDevices, type SkipReason } from "./support/features.ts";
import { probe, TemporaryFolder } from "./support/media.ts";
import { hasXvfb, Screen } from "./support/screen.ts";
import { testsOf } from "./support/test.ts";

const { isAll, isLong, test, testBoth } = testsOf(import.meta.url);

const folder = new TemporaryFolder();
after(() => folder[Symbol.dispose]());
const skip = missingDevices();
const withoutScreen: SkipReason = skip || !hasXvfb() && "there is no Xvfb here";

const pattern = "testsrc2=size=320x180:rate=30";
const lavfi: DeviceOptions = { system: "lavfi" };
/** How long is recorded, in seconds. */
const seconds = isAll ? 60 : isLong ? 5 : 1;

/** Records a device by the clock on the wall; checks that the file is as long as that took. */
async function record(name: string, options: DeviceOptions, rate: number, file: string): Promise<void> {
  const path = folder.file(file);
  await using source = await openDevice(name, options);
  await using writer = await createFileWriter("mpeg4", path, rate, { timing: "wallclock" });
  const attached = source.attach(writer, { policy: "drop-oldest" });
  // The file begins with the first frame.
  while (attached.received === 0) await sleep(2);
  const beginMs = performance.now();
  await sleep(seconds * 1000);
  const lasted = (performance.now() - beginMs) / 1000;
  await source.detach(writer);
  const { frames } = await writer.close();
  const { duration, frames: shown } = probe(path);
  assertEquals([attached.written, shown], [frames, frames]);
  assertAlmostEquals(duration, lasted, 0.25);
  // A machine that is busy may be late for some.
  const { received } = attached;
  assert(
    received > lasted * rate / 2 && received < 1.5 * lasted * rate + 5,
    `${received} frames in ${lasted} s`,
  );
}

testBoth(`openDevice: ${seconds} s of lavfi are as long on the clock`, { skip }, async () => {
  await record(pattern, lavfi, 30, "lavfi.mp4");
});

testBoth(
  `openDevice: ${seconds} s of an X11 screen are as long on the clock`,
  { skip: withoutScreen },
  async () => {
    using screen = await Screen.start(320, 240);
    await record(screen.name, { frameRate: 25, size: { width: 160, height: 120 } }, 25, "screen.mp4");
  },
);

test("openDevice: frames begin at 0, in the format asked for", { skip }, async () => {
  await using source = await openDevice(pattern, { ...lavfi, format: "rgba" });
  assertEquals([source.width, source.height, source.format, source.status], [320, 180, "rgba", "running"]);
  const beginMs = performance.now();
  const times: number[] = [];
  for await (const { timestamp, data } of source) {
    assertEquals(data.length, 320 * 180 * 4);
    if (times.push(timestamp) === 7) break;
  }
  for (const [index, time] of times.entries()) assertAlmostEquals(time, index / 30, 1e-6);
  assert(performance.now() - beginMs > 150, "lavfi runs ahead of the clock");
});

test("openDevice: its packets go to several writers over one connection", { skip }, async () => {
  await using source = await openDevice(pattern, lavfi);
  if (source.codec === "wrapped_avframe") {
    // lavfi's packets of FFmpeg 7 and newer are pointers to frames.
    const path = folder.file("wrapped.nut");
    await assertRejects(() => createPacketWriter(path, source.packets), UnsupportedError, "wrapped_avframe");
    return;
  }
  const beginMs = performance.now();
  const writers = await Promise.all(["a.nut", "b.nut"].map(async (name) => {
    const writer = await createPacketWriter(folder.file(name), source.packets);
    return { writer, attached: source.packets.attach(writer) };
  }));
  // Who asks for frames does not end the recording.
  await assertRejects(() => source.nextFrame(), ReadError, "packets of it are read already");
  await sleep(400);
  for (const { writer, attached } of writers) {
    await source.packets.detach(writer);
    const { packets, path } = await writer.close();
    assertEquals([attached.state, attached.written], ["detached", packets]);
    const lasted = (performance.now() - beginMs) / 1000;
    assert(packets >= 6 && packets <= 31 * lasted + 2, `${packets} packets in ${lasted} s`);
    assertEquals(probe(path).frames, packets);
  }
});

test("openDevice: what can't be opened is told", { skip }, async () => {
  const refused = async (
    name: string,
    options: DeviceOptions,
    type: typeof ReadError,
    ...codes: string[]
  ) => {
    const error = await assertRejects(() => openDevice(name, options), type);
    assert(codes.includes(error.code), error.code);
  };
  const v4l2 = { system: "v4l2" } as const;
  await refused("/nowhere/video0", v4l2, ReadError, "ENOENT");
  // A device file, but no camera.
  await refused("/dev/null", v4l2, ReadError, "ENOTTY");
  await refused("nosuchfilter", lavfi, ReadError, "EINVAL", "FILTER_NOT_FOUND");
  await refused(pattern, { ...lavfi, inputOptions: { nope: 1 } }, OptionError as never, "OPTION_NOT_FOUND");
  await refused("desktop", { system: "gdigrab" }, UnsupportedError as never, "NO_DEVICES");
  const workerUrl = new URL("nothing.js", import.meta.url);
  await refused(pattern, { ...lavfi, workerUrl }, UnsupportedError as never, "NO_THREAD");
  await assertRejects(() => openDevice("something"), TypeError, "the option system");
  await assertRejects(() => openDevice(pattern, { system: "x12" as never }), TypeError, "system");
  const { signal } = { signal: AbortSignal.abort(new Error("enough")) };
  await assertRejects(() => openDevice(pattern, { ...lavfi, signal }), Error, "enough");
});

test("openDevice: a signal ends it at once", { skip }, async () => {
  const control = new AbortController();
  await using source = await openDevice(pattern, { ...lavfi, signal: control.signal });
  assert(await source.nextFrame() !== null);
  const beginMs = performance.now();
  control.abort(new Error("enough"));
  await assertRejects(() => source.nextFrame(), Error, "enough");
  assert(performance.now() - beginMs < 200);
});

test("openDevice: the name tells the system where it can", () => {
  const told = (["/dev/video0", ":0.0", "host:1.0+10,20", "testsrc"] as const).map((name) =>
    systemOf(name, "linux")
  );
  assertEquals(told, ["v4l2", "x11grab", "x11grab", null]);
  assertEquals([systemOf("0", "darwin"), systemOf("desktop", "windows"), systemOf("USB Camera", "windows")], [
    ...["avfoundation", "gdigrab", "dshow"] as const,
  ]);
});

test("openDevice: a device that has no frame yet is asked again, until it has one or is aborted", () => {
  const native = loadNative();
  const path = folder.file("again.mkv");
  makeClip(path, "10", 1);
  // AVERROR(EAGAIN) of this system, as AVFoundation's reader says it.
  const again = process.platform === "darwin" ? -35 : -11;
  let left = 3;
  const slow: Native = {
    ...native,
    avformat: {
      ...native.avformat,
      av_read_frame: (...parameters) => left-- > 0 ? again : native.avformat.av_read_frame(...parameters),
    },
  };
  using demuxer = new Demuxer(slow, `file:${path}`, { formats: null });
  using packet = new NativePacket(native);
  assertEquals([demuxer.read(packet), left, packet.size > 0], [true, -1, true]);
  packet.unref();
  left = Infinity;
  let asked = 0;
  interruptWhen(slow, () => ++asked > 20);
  assertThrows(() => demuxer.read(packet), InterruptedError);
  assertEquals(asked, 21);
});
