/**
 * Opens the tracks of sound, each by where its sound comes from.
 *
 * @module
 */
import { type Native, runtime } from "../../ffi/mod.ts";
import { audioCandidates } from "../audio/audio_families.ts";
import type { CheckedAudioOptions } from "../audio/audio_options.ts";
import type { SoundAddress } from "../audio/audio_source.ts";
import { CopiedTrack } from "../audio/copied_track.ts";
import { openAudioEncoder, type UsualSound } from "../audio/open_audio_encoder.ts";
import { Player } from "../audio/player.ts";
import { SoundFile } from "../audio/sound_file.ts";
import { AudioTrack, type SoundTrack, type TrackRequest } from "../audio/track.ts";
import { AvError } from "../errors.ts";
import { encoderByName } from "../libav/encoder.ts";
import { Muxer, type MuxerInfo, type StreamRequest } from "../libav/muxer.ts";
import type { Samples, SoundShape } from "../libav/sound.ts";
import { isExperimental, isRareSound, requireContainerTakesSound, takesSound } from "./container.ts";
import { requireReadable } from "./target.ts";

/** A track that is open. */
export interface OpenTrack extends Disposable {
  readonly track: SoundTrack;
  /** libavcodec's name of the codec. */
  readonly codec: string;
  /** What encodes it, and from what; `null` where packets are copied. */
  readonly encoded: { readonly encoder: string; readonly shape: SoundShape } | null;
  /** Encodes samples, heard at a time in seconds; `null` where no samples are written to it. */
  readonly write: ((samples: Samples, seconds: number | null) => void) | null;
  /** Has its own source begin at a time in seconds, with the video; `null` where the samples come from elsewhere. */
  readonly beginAt: ((seconds: number) => void) | null;
  /**
   * Goes on with its own source until a time in seconds; `false` where that has ended. Throws a `ReadError` where it has failed. `null`
   * where the samples come from elsewhere.
   */
  readonly follow: ((seconds: number) => boolean) | null;
}

/** What a track is opened for. */
export interface TrackPlan {
  /** The container. */
  readonly info: MuxerInfo;
  readonly options: CheckedAudioOptions;
  /** What sound is made into unless something else was asked for. */
  readonly usual: UsualSound;
  /** Whether the track may begin later than the file. */
  readonly mayBeginLate: boolean;
}

/** Opens a track; its packets go to `take`. Throws where its source or an encoder can't be opened, or the container does not take it. */
export function openTrack(native: Native, plan: TrackPlan, take: TrackRequest["take"]): OpenTrack {
  const { info, options } = plan;
  const { source } = options;
  if (source.kind !== "file") return openEncoded(native, plan, take, null);
  requireSource(source.address);
  const file = new SoundFile(native, source.address, source.stream);
  const isCopied = !source.loops && isAsIs(options) && isTakenAsIs(native, info, options, file);
  return isCopied
    ? openCopied(native, file, take)
    : openEncoded(native, plan, take, new Player(native, file, source.loops));
}

/** Adds a stream for a track, or for a file that is copied. */
export function addSoundStream(
  muxer: Muxer,
  { describeInto, timeBase }: Pick<StreamRequest, "describeInto" | "timeBase">,
  codec: string,
  metadata: Readonly<Record<string, string>> = {},
): void {
  if (isExperimental(muxer.info, codec)) muxer.options.setField("strict", "experimental");
  muxer.addStream({ describeInto, timeBase, frameRate: null, tag: null, metadata });
}

/** Throws a `ReadError`, or Deno's own `NotCapable`, where a file can't be read or a host may not be reached. */
function requireSource({ url, path }: SoundAddress): void {
  if (path === null) runtime().requireNetwork(new URL(url).host);
  else requireReadable(path, "read the sound of");
}

function openEncoded(
  native: Native,
  { info, options, usual, mayBeginLate }: TrackPlan,
  take: TrackRequest["take"],
  player: Player | null,
): OpenTrack {
  using owned = new DisposableStack();
  owned.use(player);
  const opened = openAudioEncoder(native, {
    options,
    usual,
    container: info.name,
    globalHeader: info.wantsGlobalHeader,
    requireUsable: (encoder) => requireContainerTakesSound(native, info, encoder),
  });
  const track = owned.use(new AudioTrack(native, { ...opened, take, mayBeginLate }));
  const { kind } = options.source;
  const beSilent = (seconds: number): boolean => {
    track.beSilentUntil(seconds);
    return true;
  };
  const parts = owned.move();
  return {
    track,
    codec: opened.encoder.info.codecName,
    encoded: { encoder: opened.encoder.info.name, shape: opened.shape },
    write: kind === "samples" || kind === "device"
      ? (samples, seconds) => track.write(samples, seconds)
      : null,
    beginAt: player !== null
      ? (seconds) => player.beginAt(seconds)
      : kind === "silence"
      ? (seconds) => track.beginAt(seconds)
      : null,
    follow: player !== null ? (seconds) => player.play(seconds, track) : kind === "silence" ? beSilent : null,
    [Symbol.dispose]: () => parts.dispose(),
  };
}

function openCopied(native: Native, file: SoundFile, take: TrackRequest["take"]): OpenTrack {
  const track = new CopiedTrack(native, file, take);
  return {
    track,
    codec: file.codec.codecName,
    encoded: null,
    write: null,
    beginAt: (seconds) => track.beginAt(seconds),
    follow: (seconds) => track.copy(seconds),
    [Symbol.dispose]: () => track[Symbol.dispose](),
  };
}

/** Whether nothing was asked for that a copy would not have. */
function isAsIs(options: CheckedAudioOptions): boolean {
  const { layout, sampleRate, sampleFormat, bitrate, encoderOptions } = options;
  return layout === null &&
    [sampleRate, sampleFormat, bitrate, encoderOptions].every((given) => given === undefined);
}

/** Whether a file's packets are of the codec that was asked for, and the container takes them. */
function isTakenAsIs(
  native: Native,
  info: MuxerInfo,
  { codec }: CheckedAudioOptions,
  file: SoundFile,
): boolean {
  const { codecId, codecName } = file.codec;
  const isWanted = codec === undefined
    ? !isRareSound(info, codecName)
    : audioCandidates(codec, info.name, undefined).some((name) =>
      encoderByName(native, name, "audio")?.codecId === codecId
    );
  // libavformat would take them out, but not while it writes fragments.
  const hasHeadersTwice = info.wantsGlobalHeader && file.hasOwnHeaders;
  return isWanted && !hasHeadersTwice && takesSound(native, info, file.codec) === true &&
    isHeaderTaken(native, info, file);
}

/** Writes a header into memory: only the muxer itself knows all that it refuses. */
function isHeaderTaken(native: Native, info: MuxerInfo, file: SoundFile): boolean {
  using muxer = new Muxer(native, info, "");
  try {
    const { codec: { codecName }, timeBase } = file;
    addSoundStream(muxer, { timeBase, describeInto: (to) => file.describeInto(to) }, codecName);
    muxer.openMemory();
    muxer.writeHeader();
    return true;
  } catch (error) {
    if (error instanceof AvError) return false;
    throw error;
  }
}
