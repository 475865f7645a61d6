/**
 * A program that writes noise with audio into files: whatever is printed, is printed without need.
 *
 * Its parameter is a JSON array of `[codec, path, audio, channels]`, where `audio` is the codec of the audio
 * track or `null`; with `codec` null it is a file of audio.
 *
 * @module
 */
import process from "node:process";
import { createAudioWriter, createFileWriter } from "../../mod.ts";
import { sine } from "./audio.ts";
import { noisyFrame } from "./record.ts";

const sampleRate = 48000;

for (const [codec, path, audio, channels = 2] of JSON.parse(process.argv[2]!)) {
  const samples = sine({ count: sampleRate, sampleRate, channels });
  if (codec === null) {
    const writer = await createAudioWriter(audio, path);
    await writer.write(samples);
    await writer.close();
    continue;
  }
  const writer = await createFileWriter(codec, path, 25, { audio: audio === null ? [] : { codec: audio } });
  if (audio !== null) await writer.writeAudio(samples);
  for (let index = 0; index < 25; index++) await writer.write(noisyFrame(index, 160, 96));
  await writer.close();
}
