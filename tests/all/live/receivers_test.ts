import { assert, assertEquals } from "@std/assert";
import { createStreamWriter, type StreamWriterOptions } from "../../../mod.ts";
import { packetSeconds, readCounted, writeCounted } from "../../support/counted.ts";
import { missingEncoders } from "../../support/features.ts";
import { TemporaryFolder } from "../../support/media.ts";
import { lightOptions, receiverKinds } from "../../support/more_receivers.ts";
import { lastingPort } from "../../support/stream_server.ts";
import { test } from "../../support/test.ts";

/** Options of an encoder that is fast enough. */
const encoderOptions: Readonly<Record<string, StreamWriterOptions>> = {
  libx264: lightOptions,
  libvpx: { keyFrameInterval: 1, encoderOptions: { deadline: "realtime", "cpu-used": 8 } },
  libtheora: { keyFrameInterval: 1 },
};

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
    const { state, frames, droppedFrames, packets } = writer.stats.outputs![0]!;
    assertEquals([state, frames, droppedFrames], ["closed", count, 0]);
    const [file] = await receiver.recorded();
    const { numbers, jitterSeconds, audioPackets, offsets } = readCounted(file!);
    const first = numbers[0] ?? count;
    assertEquals(numbers, Array.from({ length: count - first }, (_, index) => first + index));
    assert(numbers.length >= count * (isLossy ? 0.97 : 1), `${numbers.length} of ${count} frames`);
    const audioSent = packets - frames;
    assert(audioPackets >= audioSent * (isLossy ? 0.97 : 1), `${audioPackets} of ${audioSent} audio packets`);
    assert(jitterSeconds < 0.002, `times differ by ${jitterSeconds} s from the rate`);
    // Some recordings have times in milliseconds.
    const isInSync = (offset: number): boolean => Math.abs(offset) <= packetSeconds + 0.001;
    assert(offsets.length >= 4 && offsets.every(isInSync), `${offsets}`);
  });
}
