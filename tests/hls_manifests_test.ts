import { assert, assertEquals } from "@std/assert";
import {
  createMemoryWriter,
  createStreamWriter,
  type StreamWriterOptions,
  type VideoWriter,
} from "../mod.ts";
import { sine } from "./support/audio.ts";
import { missingEncoders } from "./support/features.ts";
import { barFrame } from "./support/media.ts";
import { rejection } from "./support/messages.ts";
import { readPlaylist } from "./support/segments.ts";
import { testsOf } from "./support/test.ts";

const { test, testLong } = testsOf(import.meta.url);

const fps = 30;
const skip = missingEncoders("libx264");
const fast: StreamWriterOptions = { preset: "ultrafast", tune: "zerolatency" };

/** What a writer stores, as text. */
async function stored(
  options: StreamWriterOptions,
  write: (writer: VideoWriter) => Promise<void>,
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const open = (name: string): WritableStream<Uint8Array> =>
    new WritableStream({ write: (bytes) => void files.set(name, new TextDecoder().decode(bytes)) });
  const writer = await createStreamWriter("libx264", open, fps, { format: "hls", ...fast, ...options });
  await write(writer);
  await writer.close();
  return files;
}

async function writeFrames(writer: VideoWriter, from = 0): Promise<void> {
  for (let index = 0; index < 30; index++) {
    await writer.write(barFrame(index), { timestamp: from + index / fps });
  }
}

for (
  const [codec, channels, layout] of [["aac", 1, "mono"], ["aac", 6, "5.1"], ["ac3", 1, "mono"], [
    "eac3",
    6,
    "5.1",
  ]] as const
) {
  (codec === "aac" ? test : testLong)(`createStreamWriter: HLS tells the channels of ${layout} ${codec}`, {
    skip: skip || missingEncoders(codec),
  }, async () => {
    const files = await stored(
      { audio: { codec, channels }, adaptive: { segmentSeconds: 0.5 } },
      async (writer) => {
        for (let index = 0; index < 15; index++) {
          await writer.write(barFrame(index));
          await writer.writeAudio({ data: new Float32Array(1600 * channels), sampleRate: 48_000, channels });
        }
      },
    );
    const [, told] = /CHANNELS="(\d+)"/.exec(files.get("index.m3u8")!)!;
    assertEquals(told, String(channels));
  });
}

test("createStreamWriter: parts of audio at 96 kHz have a length", { skip }, async () => {
  const options = {
    audio: { codec: "aac", sampleRate: 96_000 },
    adaptive: { segmentSeconds: 0.4, partSeconds: 0.2 },
  };
  const lists: string[] = [];
  const open = (name: string): WritableStream<Uint8Array> =>
    new WritableStream({
      write: (bytes) => void (name === "index-audio.m3u8" && lists.push(new TextDecoder().decode(bytes))),
    });
  const writer = await createStreamWriter("libx264", open, fps, { format: "hls", ...fast, ...options });
  for (let index = 0; index < 30; index++) {
    await writer.write(barFrame(index));
    await writer.writeAudio(sine({ from: index * 3200, count: 3200, sampleRate: 96_000 }));
  }
  await writer.close();
  const [, target] = /PART-TARGET=(.*)/.exec(lists[0]!)!;
  assert(Number(target) > 0.2 && Number(target) < 0.25, target);
});

test("createStreamWriter: the target duration is the same from the first playlist on", { skip }, async () => {
  const targets = new Set<string>();
  const open = (name: string): WritableStream<Uint8Array> =>
    new WritableStream({
      write(bytes) {
        if (name !== "index-video.m3u8") return;
        targets.add(readPlaylist(new TextDecoder().decode(bytes)).tags.get("TARGETDURATION")!);
      },
    });
  // Segments of 1.4 and 1.5 seconds.
  const options = { format: "hls", ...fast, adaptive: { segmentSeconds: 1.44 } };
  const writer = await createStreamWriter("libx264", open, 10, options);
  for (let index = 0; index < 120; index++) await writer.write(barFrame(index));
  await writer.close();
  assertEquals([...targets], ["2"]);
});

for (
  const [codec, transfer, names, range] of [
    ["libx265", "smpte2084", /^hvc1\.2\.4\.L30\.[0-9a-f.]+$/, "PQ"],
    ["libsvtav1", "smpte2084", /^av01\.0\.00M\.10\.0\.110\.09\.16\.09\.0$/, "PQ"],
    ["libvpx-vp9", "arib-std-b67", /^vp09\.02\.10\.10\.01\.09\.18\.09\.00$/, "HLG"],
  ] as const
) {
  testLong(`createStreamWriter: HLS tells the bits, colours and range of HDR by ${codec}`, {
    skip: missingEncoders(codec),
  }, async () => {
    const files = new Map<string, string>();
    const open = (name: string): WritableStream<Uint8Array> =>
      new WritableStream({ write: (bytes) => void files.set(name, new TextDecoder().decode(bytes)) });
    const writer = await createStreamWriter(codec, open, fps, {
      ...{ format: "hls", pixelFormat: "yuv420p10le" },
      color: { primaries: "bt2020", transfer, matrix: "bt2020nc" },
    });
    const frame = {
      data: new Uint8Array(160 * 90 * 3),
      width: 160,
      height: 90,
      format: "yuv420p10le",
    } as const;
    for (let index = 0; index < 10; index++) await writer.write(frame);
    await writer.close();
    const [, told] = /CODECS="(.*?)"/.exec(files.get("index.m3u8")!)!;
    assert(names.test(told!), told);
    assert(files.get("index.m3u8")!.includes(`VIDEO-RANGE=${range},`));
  });
}

test("createStreamWriter: startDate is the time of the first frame, whenever that is", { skip }, async () => {
  const startDate = new Date("2026-01-01T00:00:00Z");
  const options = { timing: "timestamps", adaptive: { segmentSeconds: 0.5, startDate } } as const;
  const files = await stored(options, (writer) => writeFrames(writer, 100));
  const { segments } = readPlaylist(files.get("index-video.m3u8")!);
  assertEquals(segments.map(({ date }) => date! - startDate.getTime()), [0, 500]);
});

test("createStreamWriter: the frame rate of a manifest is that after filters", { skip }, async () => {
  const options = { filter: "fps=15", adaptive: { segmentSeconds: 0.5 } };
  const write = async (writer: VideoWriter): Promise<void> => {
    for (let index = 0; index < 60; index++) await writer.write(barFrame(index));
  };
  const hls = (await stored(options, write)).get("index.m3u8")!;
  assert(hls.includes("FRAME-RATE=15.000"), hls);
  const dash = (await stored({ ...options, format: "dash" }, write)).get("index.mpd")!;
  assert(dash.includes('frameRate="15"'), dash);
});

test("createStreamWriter: a step's rate is in place of the writer's", { skip }, async () => {
  const ladder = [{ width: 160, height: 90, bitrate: "300k" }];
  for (const own of [{ quality: "high" }, { bitrate: "1M", maxBitrate: "2M" }] as const) {
    const files = await stored({ ...own, adaptive: { ladder } }, async (writer) => {
      await writer.write(barFrame(0));
    });
    assert(files.has("index.m3u8"));
  }
});

test("createStreamWriter: addresses and options that segments can't have are told", async () => {
  const address = "http://me:geheim@127.0.0.1:1/100%.m3u8?token=verraten";
  const wrong = await rejection(() => createStreamWriter("h264", address, fps));
  assert(wrong instanceof TypeError && /127\.0\.0\.1.*percent sign/.test(wrong.message), String(wrong));
  assert(!/geheim|verraten/.test(wrong.message), wrong.message);
  const listening = { format: "hls", onSegment: () => {} };
  const unheard = await rejection(() =>
    createStreamWriter("h264", () => new WritableStream(), fps, listening)
  );
  assert(unheard instanceof TypeError && unheard.message.includes("onSegment"), String(unheard));
});

test("createMemoryWriter: outputs are refused", async () => {
  const error = await rejection(() => createMemoryWriter("h264", "mp4", fps, { outputs: ["a.mkv"] }));
  assert(error instanceof TypeError && error.message.includes("outputs"), String(error));
});
