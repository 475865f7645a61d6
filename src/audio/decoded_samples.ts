/**
 * Samples as programs get them.
 *
 * @module
 */
import type { Samples } from "../libav/audio_frame.ts";
import { layoutName } from "./channels.ts";
import { formatOfName, numbersIn } from "./sample_data.ts";
import type { AudioSamples } from "./samples.ts";

/** Samples in typed arrays, as a writer takes them: one array, or one per channel. */
export function audioSamples({ format, layout, sampleRate, planes }: Samples): AudioSamples {
  const { plain, isPlanar } = formatOfName(format)!;
  const arrays = planes.map((plane) => numbersIn(plane, plain));
  const name = layoutName(layout);
  return {
    data: isPlanar ? arrays : arrays[0]!,
    sampleRate,
    channels: layout.channels,
    ...(name === null ? {} : { layout: name }),
  };
}
