/**
 * The film that the farm makes: any of its frames can be drawn without the others.
 *
 * @module
 */
import { existsSync, renameSync } from "node:fs";
import { createAudioWriter, createFileWriter } from "../../mod.ts";

/** The film's frames. */
const width = 320, height = 180;
/** Frames per second. */
export const fps = 30;
const sampleRate = 48_000;

/** A part of the film, as it is sent to a machine. */
export interface Chunk {
  /** Its first frame in the film. */
  first: number;
  /** How many frames it has. */
  frames: number;
  /** Where it is written: on a disk that all machines share. */
  path: string;
}

/** The chunks of a film, each of so many frames; the last one has what is left. */
export function chunksOf(frames: number, framesPerChunk: number, folder: string): Chunk[] {
  const chunks: Chunk[] = [];
  for (let first = 0; first < frames; first += framesPerChunk) {
    const count = Math.min(framesPerChunk, frames - first);
    chunks.push({ first, frames: count, path: `${folder}/chunk-${String(first).padStart(8, "0")}.mp4` });
  }
  return chunks;
}

/** Draws a frame by its number, as RGBA: a disc over colours that flow. */
function draw(index: number): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(width * height * 4);
  const [x, y] = [width / 2 + 100 * Math.sin(index / 20), height / 2 + 50 * Math.cos(index / 13)];
  for (let row = 0, at = 0; row < height; row++) {
    for (let column = 0; column < width; column++, at += 4) {
      const isDisc = (column - x) ** 2 + (row - y) ** 2 < 900;
      data[at] = isDisc ? 250 : (column + index) & 255;
      data[at + 1] = isDisc ? 200 : row;
      data[at + 2] = isDisc ? 60 : 128;
      data[at + 3] = 255;
    }
  }
  return data;
}

/**
 * Writes one chunk. It has its name only once it is whole, whatever happens to the machine; one that is there
 * is done.
 */
export async function renderChunk({ first, frames, path }: Chunk): Promise<void> {
  if (existsSync(path)) return;
  const unfinished = path.replace(/\.mp4$/, `.${crypto.randomUUID()}.mp4`);
  const writer = await createFileWriter("h264", unfinished, fps, { chunk: { frames } });
  for (let index = first; index < first + frames; index++) {
    await writer.write({ data: draw(index), width, height });
  }
  await writer.close();
  renameSync(unfinished, path);
}

/** Writes the sound of the whole film. It is encoded once: each encoder begins with silence of its own. */
export async function renderAudio(totalFrames: number, path: string): Promise<void> {
  await using writer = await createAudioWriter("aac", path);
  const samples = Math.round(totalFrames * sampleRate / fps);
  for (let from = 0; from < samples; from += sampleRate) {
    const data = Float32Array.from({ length: Math.min(sampleRate, samples - from) }, (_, index) => {
      const seconds = (from + index) / sampleRate;
      return Math.sin(2 * Math.PI * 220 * seconds) * Math.exp(-4 * (seconds % 0.5)) / 4;
    });
    await writer.write({ data, sampleRate, channels: 1 });
  }
}
