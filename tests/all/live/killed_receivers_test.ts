import { statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { assert, assertEquals } from "@std/assert";
import { createStreamWriter, type OutputStats, type StreamWriterOptions } from "../../../mod.ts";
import { missingEncoders } from "../../support/features.ts";
import {
  frameRecorder,
  heldBytes,
  recordedFrames,
  recordedProtocols,
} from "../../support/frame_recorders.ts";
import { barFrame, TemporaryFolder } from "../../support/media.ts";
import { noisyFrame } from "../../support/record.ts";
import { lastingPort } from "../../support/stream_server.ts";
import { test } from "../../support/test.ts";

const vp8: StreamWriterOptions = { encoderOptions: { deadline: "realtime", "cpu-used": 8 } };
const h264: StreamWriterOptions = { preset: "ultrafast", tune: "zerolatency" };
const noise = Array.from({ length: 30 }, (_, index) => noisyFrame(index, 640, 360));

for (const protocol of recordedProtocols) {
  const codec = protocol === "icecast" ? "libvpx" : "libx264";
  for (const isStopped of [false, true]) {
    const what = isStopped ? "was stopped, and is killed" : "is killed";
    test(`reconnect, ${protocol}: a receiver that ${what} for 3 s costs what it has not read, and no more`, {
      skip: missingEncoders(codec, "aac", "libopus"),
    }, async () => {
      using folder = new TemporaryFolder();
      const port = await lastingPort();
      using receiver = frameRecorder(protocol, folder.path, port);
      await receiver.start();
      const writer = await createStreamWriter(codec, receiver.address, 30, {
        ...{ ...(protocol === "icecast" ? vp8 : h264), ...receiver.options, keyFrameInterval: 60 },
        ...(isStopped ? { bitrate: "40M" } : {}),
        audio: { codec: protocol === "icecast" ? "libopus" : "aac", from: { silence: true } },
      });
      const output = (): OutputStats => writer.stats.outputs![0]!;
      let goesOn = true, count = 0;
      const written = (async () => {
        const beganMs = performance.now();
        for (; goesOn; count++) {
          await writer.write(isStopped ? noise[count % 30]! : barFrame(count));
          await delay(Math.max(1, beganMs + count * 1000 / 30 - performance.now()));
        }
      })();
      const until = async (holds: () => boolean): Promise<void> => {
        while (!holds()) await Promise.race([delay(10), written]);
      };
      await until(() => output().frames >= 60);
      receiver.freeze();
      if (isStopped) await until(() => output().state === "stalled");
      const held = heldBytes(port);
      await receiver.kill();
      await delay(3000);
      await receiver.start();
      await until(() => output().reconnects > 0);
      const before = output().frames;
      await until(() => output().frames >= before + 60);
      goesOn = false;
      await written;
      await writer.close();
      const { state, frames, droppedFrames, reconnects } = output();
      assertEquals([state, frames + droppedFrames, reconnects], ["closed", count, 1]);
      const paths = await receiver.recorded();
      const received = paths.map((path) => recordedFrames(protocol, path));
      const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0);
      const found = received.reduce((sum, each) => sum + each, 0);
      const lost = frames - found;
      const told =
        `${frames} frames sent, ${droppedFrames} dropped, ${received} received; ${held} bytes held`;
      // Frames are of different sizes. One may have begun, and what is sent first after the end is noticed
      // only later: a few packets, or of WebM a cluster of a second.
      const most = 1.5 * held / (bytes / found) + (protocol === "icecast" ? 30 : 3);
      assert(lost >= -1 && lost <= most, `${told}: ${lost}, at most ${most}`);
      assert(received.length === 2 && received.every((each) => each > 30), told);
    });
  }
}
