/**
 * Judges, on Linux, what was written on Windows.
 *
 * @module
 */
import type { TestResult } from "../matrix/report.ts";
import { barFrame, decode, probe, psnr } from "../../tests/support/media.ts";
import { frameCount, frameRate, type Sample, samples } from "./samples.ts";

/** Returns why a file is not what was written; `null` where it is. */
function faultOf(file: string, { codec, leastDecibels }: Sample): string | null {
  const stream = probe(file);
  if (stream.codec_name !== codec) return `its codec is ${stream.codec_name}`;
  if (stream.r_frame_rate !== frameRate) return `its rate is ${stream.r_frame_rate}`;
  const decoded = decode(file, "rgba");
  const frameBytes = stream.width * stream.height * 4;
  if (decoded.length !== frameCount * frameBytes) return `it has ${decoded.length / frameBytes} frames`;
  for (let index = 0; index < frameCount; index++) {
    const frame = decoded.subarray(index * frameBytes, (index + 1) * frameBytes);
    const decibels = psnr(frame, barFrame(index).data);
    if (decibels < leastDecibels) return `frame ${index} has ${decibels.toFixed(1)} dB`;
  }
  return null;
}

/** Judges a folder of samples. */
export function judgeSamples(folder: string): TestResult[] {
  const repaired: Sample = { ...samples[0]!, path: "repaired.mp4" };
  const results = [...samples, repaired].map((sample): TestResult => {
    const name = `${sample.codec} in ${sample.path}, decoded on Linux`;
    let reason: string | null;
    try {
      reason = faultOf(`${folder}/${sample.path}`, sample);
    } catch (error) {
      reason = (error as Error).message;
    }
    return { name, status: reason === null ? "passed" : "failed", reason: reason ?? "" };
  });
  const names = new Set([...samples, repaired].map(({ path }) => path.split("/").at(-1)!));
  const others = [folder, `${folder}/a folder`].flatMap((path) => [...Deno.readDirSync(path)])
    .filter(({ name, isFile }) => isFile && !names.has(name));
  const reason = others.map(({ name }) => name).join(", ");
  return [...results, { name: "nothing else is left", status: reason === "" ? "passed" : "failed", reason }];
}
