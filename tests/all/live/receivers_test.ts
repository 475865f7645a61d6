import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import {
  createStreamWriter,
  type OutputStats,
  ReadError,
  type StreamWriterOptions,
  WriteError,
} from "../../../mod.ts";
import { packetSeconds, readCounted, writeCounted } from "../../support/counted.ts";
import { missingEncoders } from "../../support/features.ts";
import { TemporaryFolder } from "../../support/media.ts";
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
