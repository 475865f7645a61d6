/**
 * Families of audio codecs: which encoders make them, best first, and which one a container gets. Data only.
 *
 * @module
 */

/** The names of the families of audio codecs. */
export type AudioCodecFamily = "aac" | "opus" | "mp3" | "flac" | "alac" | "vorbis" | "ac3" | "pcm";

/**
 * A family of audio codecs, resolved to the best usable encoder, or the exact name of any audio encoder of
 * libavcodec.
 */
export type AudioCodec = AudioCodecFamily | (string & Record<never, never>);

/** Encoders in the order in which they are tried. libavcodec's own of Opus and Vorbis are experimental. */
const families: Readonly<Record<Exclude<AudioCodecFamily, "pcm">, readonly string[]>> = {
  aac: ["aac", "libfdk_aac"],
  opus: ["libopus"],
  mp3: ["libmp3lame", "libshine"],
  flac: ["flac"],
  alac: ["alac"],
  vorbis: ["libvorbis"],
  ac3: ["ac3"],
};

/** The names of all families. */
export const audioFamilies: readonly string[] = [...Object.keys(families), "pcm"];

/** Containers whose samples lie with the highest byte first. */
const bigEndian: readonly string[] = ["aiff", "au"];

/** PCM's encoders by what is asked for (`s16` is the usual one). */
const pcmEncoders: Readonly<Record<string, string>> = {
  u8: "pcm_u8",
  s16: "pcm_s16",
  s32: "pcm_s32",
  flt: "pcm_f32",
  dbl: "pcm_f64",
};

/** The encoders to try for a codec in a container; `sampleFormat` is what was asked for. */
export function audioCandidates(
  codec: AudioCodec,
  container: string,
  sampleFormat: string | undefined,
): readonly string[] {
  if (codec === "pcm") {
    const name = pcmEncoders[(sampleFormat ?? "s16").replace(/p$/, "")] ?? "pcm_s16";
    if (name === "pcm_u8") return [name];
    return [`${name}${bigEndian.includes(container) ? "be" : "le"}`];
  }
  return Object.hasOwn(families, codec) ? families[codec as keyof typeof families] : [codec];
}

/** What plays everywhere that a container does. */
const defaultCodecs: Readonly<Record<string, AudioCodec>> = {
  webm: "opus",
  ogg: "opus",
  oga: "opus",
  ogv: "opus",
  opus: "opus",
  avi: "mp3",
  mp3: "mp3",
  flac: "flac",
  wav: "pcm",
  aiff: "pcm",
  au: "pcm",
  mxf: "pcm",
};

/** The codec of a container, unless something else is asked for. */
export function defaultAudioCodec(container: string): AudioCodec {
  return defaultCodecs[container] ?? "aac";
}
