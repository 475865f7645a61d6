import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { createFileWriter, type FrameOptions, type FrameRate, type WriterOptions } from "../mod.ts";
import { missingEncoders } from "./support/features.ts";
import { barFrame, decode, frameTimes, probe, psnr, TemporaryFolder, writeBars } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { isLong, some, test, testBoth } = testsOf(import.meta.url);

const width = 160, height = 90;

/** Fails unless every decoded frame shows the bar of its index. */
function assertOrder(path: string, count: number): void {
  const decoded = decode(path, "rgba");
  const bytes = width * height * 4;
  assertEquals(decoded.length, count * bytes);
  for (let index = 0; index < count; index++) {
    const ratio = psnr(decoded.subarray(index * bytes, (index + 1) * bytes), barFrame(index).data);
    assert(ratio > 30, `frame ${index} has ${ratio} dB`);
  }
}

const countCases = [
  { codec: "h264", encoder: "libx264", file: "h264.mp4" },
  { codec: "hevc", encoder: "libx265", file: "hevc.mkv" },
  { codec: "vp9", encoder: "libvpx-vp9", file: "vp9.webm" },
  { codec: "av1", encoder: "libsvtav1", file: "av1.mp4" },
  { codec: "mpeg4", encoder: "mpeg4", file: "mpeg4.avi" },
] as const;

for (const { codec, encoder, file } of some(countCases, 2)) {
  const name =
    `createFileWriter: 1, 2, 29 and 250 frames of ${codec} all come out, in order and with their length`;
  testBoth(name, { skip: missingEncoders(encoder) }, async () => {
    using folder = new TemporaryFolder();
    for (const count of isLong || codec === "h264" ? [1, 2, 29, 250] : [1, 2, 29]) {
      const path = folder.file(`${count}-${file}`);
      await writeBars(await createFileWriter(codec, path, 25), count);
      const stream = probe(path);
      assertEquals(stream.frames, count);
      assertAlmostEquals(stream.duration, count / 25, 0.0011);
      assertOrder(path, count);
    }
  });
}

test("createFileWriter: h264 and hevc use B-frames, and still give every frame its time", async () => {
  using folder = new TemporaryFolder();
  for (const codec of ["h264", "hevc"]) {
    const path = folder.file(`${codec}.mp4`);
    await writeBars(await createFileWriter(codec, path, 30), 60);
    assert(probe(path).has_b_frames > 0);
    const times = frameTimes(path);
    for (const [index, time] of times.entries()) assertAlmostEquals(time, index / 30, 0.0001);
    assertEquals(times.length, 60);
  }
});

const rates: readonly { rate: FrameRate; exact: string; seconds: number }[] = [
  { rate: 59.94, exact: "60000/1001", seconds: 1001 / 60000 },
  { rate: "24000/1001", exact: "24000/1001", seconds: 1001 / 24000 },
  { rate: { num: 1, den: 2 }, exact: "1/2", seconds: 2 },
  { rate: 240, exact: "240/1", seconds: 1 / 240 },
  { rate: 23.976, exact: "24000/1001", seconds: 1001 / 24000 },
  { rate: 12.5, exact: "25/2", seconds: 0.08 },
];

for (const { rate, exact, seconds } of some(rates, 2)) {
  testBoth(
    `createFileWriter: a rate of ${JSON.stringify(rate)} is ${exact} in the file, frame by frame`,
    async () => {
      using folder = new TemporaryFolder();
      for (const file of some(["rate.mp4", "rate.mov", "rate.mkv", "rate.avi"], 2)) {
        const path = folder.file(file);
        const codec = file.endsWith("avi") ? "mpeg4" : "h264";
        await writeBars(await createFileWriter(codec, path, rate), 29);
        const stream = probe(path);
        assertEquals([file, stream.frames], [file, 29]);
        const tolerance = file.endsWith("mkv") ? 0.001 : 0.00001;
        if (file.endsWith("mkv")) {
          // Matroska names the time between frames in nanoseconds; ffprobe shows the fraction below 30000
          // nearest to it, but up to five frames a second a guess of its own as r_frame_rate (matroskadec.c).
          const { avg_frame_rate, r_frame_rate } = stream;
          for (const shown of seconds < 0.2 ? [avg_frame_rate, r_frame_rate] : [avg_frame_rate]) {
            const [num, den] = shown.split("/").map(Number) as [number, number];
            assertAlmostEquals(den / num, seconds, 1e-8);
          }
        } else {
          assertEquals([file, stream.r_frame_rate, stream.avg_frame_rate], [file, exact, exact]);
        }
        assertAlmostEquals(stream.duration, 29 * seconds, tolerance);
        for (const [index, time] of frameTimes(path).entries()) {
          assertAlmostEquals(time, index * seconds, tolerance);
        }
      }
    },
  );
}

test("createFileWriter: a gif shows each frame at its time to a hundredth of a second, and refuses rates beyond that", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("bars.gif");
  await writeBars(await createFileWriter("gif", path, 30), 31);
  for (const [index, time] of frameTimes(path).entries()) assertAlmostEquals(time, index / 30, 0.0051);
  let message = "";
  await createFileWriter("gif", folder.file("fast.gif"), 240).catch((error) => message = error.message);
  assert(message.includes("at most 50"), message);
});

const gifEnds: readonly { name: string; options: WriterOptions; timings: FrameOptions[]; seconds: number }[] =
  [
    {
      name: "1/fps is too short",
      options: {},
      timings: [{ timestamp: 0 }, { timestamp: 0.05 }],
      seconds: 0.07,
    },
    { name: "so is a duration", options: {}, timings: [{ timestamp: 0, duration: 0.001 }], seconds: 0.02 },
    {
      name: "a duration",
      options: {},
      timings: [{ timestamp: 0 }, { timestamp: 0.05, duration: 0.3 }],
      seconds: 0.35,
    },
    { name: "a later start", options: {}, timings: [{ timestamp: 1 }, { timestamp: 1.05 }], seconds: 0.07 },
    {
      name: "what a filter leaves",
      options: { filter: "select='eq(n,0)'" },
      timings: [{ timestamp: 0 }, { timestamp: 0.05 }],
      seconds: 0.02,
    },
    {
      name: "final_delay",
      options: { formatOptions: { final_delay: 50 } },
      timings: [{ timestamp: 0 }, { timestamp: 0.05 }],
      seconds: 0.55,
    },
  ];

for (const { name, options, timings, seconds } of some(gifEnds, 2)) {
  testBoth(
    `createFileWriter: a gif shows its last frame for as long as was asked for, and two hundredths at least: ${name}`,
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file("a.gif");
      const writer = await createFileWriter("gif", path, 120, { timing: "timestamps", ...options });
      for (const [index, timing] of timings.entries()) await writer.write(barFrame(index), timing);
      const summary = await writer.close();
      assertAlmostEquals(probe(path).duration, seconds, 1e-6);
      const isAsked = options.formatOptions !== undefined;
      if (!isAsked) assertAlmostEquals(summary.seconds, seconds + (timings[0]!.timestamp ?? 0), 1e-6);
    },
  );
}
