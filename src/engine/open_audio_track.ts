/**
 * Opens the audio tracks, each by where its audio comes from.
 *
 * @module
 */
import { type Address, address, type Native, runtime } from "../../ffi/mod.ts";
import { audioCandidates } from "../audio/audio_families.ts";
import { AudioFile } from "../audio/audio_file.ts";
import type { CheckedAudioOptions } from "../audio/audio_options.ts";
import type { AudioAddress } from "../audio/audio_source.ts";
import type { AudioTrack } from "../audio/audio_track.ts";
import { CopiedTrack } from "../audio/copied_track.ts";
import { EncodedTrack, type TrackRequest } from "../audio/encoded_track.ts";
import { type AudioDefaults, openAudioEncoder } from "../audio/open_audio_encoder.ts";
import { Player } from "../audio/player.ts";
import {
  isExperimentalAudioCodec,
  isRareAudioCodec,
  requireAudioCodecSupport,
  supportsAudioCodec,
} from "../container/codec_support.ts";
import { movFamily } from "../container/known_containers.ts";
import { AvError } from "../errors.ts";
import { requireReadable } from "../file/target.ts";
import type { AudioFormat, Samples } from "../libav/audio_frame.ts";
import { encoderByName } from "../libav/encoder.ts";
import { Muxer } from "../libav/muxer.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import type { StreamRequest } from "../libav/streams/stream_parameters.ts";

/** A track that is open. */
export interface OpenTrack extends Disposable {
  readonly track: AudioTrack;
  /** libavcodec's name of the codec. */
  readonly codec: string;
  /** The encoder and its input format; `null` where packets are copied. */
  readonly encoded: { readonly encoder: string; readonly shape: AudioFormat } | null;
  /** Encodes samples that start at a time in seconds; `null` where none are written to it. */
  readonly write: ((samples: Samples, seconds: number | null) => void) | null;
  /**
   * Has its own source begin at a time in seconds, with the video; `null` where the samples come from
   * elsewhere.
   */
  readonly beginAt: ((seconds: number) => void) | null;
  /**
   * Reads its own source up to a time in seconds; `false` where that has ended. Throws a `ReadError` where it
   * failed. `null` where samples come from elsewhere.
   */
  readonly advanceTo: ((seconds: number) => boolean) | null;
}

/** What a track is opened for. */
export interface TrackPlan {
  /** The container. */
  readonly info: MuxerInfo;
  readonly options: CheckedAudioOptions;
  /** The audio format unless another one is requested. */
  readonly defaults: AudioDefaults;
  /** Whether the track may begin later than the file. */
  readonly mayBeginLate: boolean;
}

/**
 * Opens a track, whose packets go to `take`. Throws where its source or an encoder cannot be opened, or the
 * container does not support the codec.
 */
export function openTrack(native: Native, plan: TrackPlan, take: TrackRequest["take"]): OpenTrack {
  const { info, options } = plan;
  const { source } = options;
  if (source.kind !== "file") return openEncoded(native, plan, take, null);
  requireSource(source.address);
  const file = new AudioFile(native, source.address, source.stream);
  return canCopyAudio(native, info, options, file, true)
    ? openCopied(native, file, take)
    : openEncoded(native, plan, take, new Player(native, file, source.loops));
}

/** Adds a stream for a track, or for a file that is copied. */
export function addAudioStream(
  muxer: Muxer,
  { describeInto, timeBase }: Pick<StreamRequest, "describeInto" | "timeBase">,
  codec: string,
  metadata: Readonly<Record<string, string>> = {},
): void {
  if (isExperimentalAudioCodec(muxer.info, codec)) muxer.options.setField("strict", "experimental");
  muxer.addStream({ describeInto, timeBase, frameRate: null, tag: null, metadata });
}

/** Where an OpusHead (RFC 7845) says how many samples are left out at the beginning: two bytes. */
const opusPreSkip = 10;

/** Says of a stream that no sample is left out at its beginning: its encoder has begun in another file. */
export function leaveOutDelay({ fields, memory }: Native, parameters: Address): void {
  fields.set(parameters, "AVCodecParameters", "initial_padding", 0);
  const size = fields.get(parameters, "AVCodecParameters", "extradata_size");
  if (size <= opusPreSkip) return;
  const header = new Uint8Array(size);
  const extradata = fields.get(parameters, "AVCodecParameters", "extradata");
  memory.read(extradata, header);
  if (new TextDecoder().decode(header.subarray(0, 8)) !== "OpusHead") return;
  memory.write(address(extradata + BigInt(opusPreSkip)), new Uint8Array(2));
}

/**
 * Throws a `ReadError`, or Deno's own `NotCapable`, where a file can't be read or a host may not be reached.
 */
function requireSource({ url, path }: AudioAddress): void {
  if (path === null) runtime().requireNetwork(new URL(url).host);
  else requireReadable(path, "read the audio of");
}

function openEncoded(
  native: Native,
  { info, options, defaults, mayBeginLate }: TrackPlan,
  take: TrackRequest["take"],
  player: Player | null,
): OpenTrack {
  using owned = new DisposableStack();
  owned.use(player);
  const opened = openAudioEncoder(native, {
    options,
    defaults: player === null ? defaults : defaultsFor(player, defaults),
    container: (info.parts ?? info).name,
    globalHeader: info.wantsGlobalHeader,
    requireUsable: (encoder) => requireAudioCodecSupport(native, info, encoder),
  });
  const track = owned.use(new EncodedTrack(native, { ...opened, take, mayBeginLate }));
  const { kind } = options.source;
  const writeSilence = (seconds: number): boolean => {
    track.writeSilenceUntil(seconds);
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
    beginAt: player === null && kind !== "silence" ? null : (seconds) => {
      player?.beginAt(seconds);
      track.beginAt(seconds);
    },
    advanceTo: player !== null
      ? (seconds) => player.play(seconds, track)
      : kind === "silence"
      ? writeSilence
      : null,
    [Symbol.dispose]: () => parts.dispose(),
  };
}

/** A file keeps its channels where they are more than usual, and its bits. */
function defaultsFor(player: Player, defaults: AudioDefaults): AudioDefaults {
  const { sampleFormat, layout } = player.input;
  const isLarger = layout !== null && layout.channels > defaults.layout.channels;
  return { ...defaults, sampleFormat, ...(isLarger ? { layout, isGiven: true } : {}) };
}

function openCopied(native: Native, file: AudioFile, take: TrackRequest["take"]): OpenTrack {
  const track = new CopiedTrack(native, file, take);
  return {
    track,
    codec: file.codec.codecName,
    encoded: null,
    write: null,
    beginAt: (seconds) => track.beginAt(seconds),
    advanceTo: (seconds) => track.copy(seconds),
    [Symbol.dispose]: () => track[Symbol.dispose](),
  };
}

/** Whether no option asks for what a copy would not have. */
function hasDefaultFormat(options: CheckedAudioOptions): boolean {
  const { layout, sampleRate, sampleFormat, bitrate, encoderOptions } = options;
  return layout === null &&
    [sampleRate, sampleFormat, bitrate, encoderOptions].every((given) => given === undefined);
}

/** Muxers that remove the headers of packets (ADTS), unless they write fragments. */
function removesHeaders({ name }: MuxerInfo): boolean {
  return name === "matroska" || name === "flv" || movFamily.includes(name);
}

/**
 * Whether a file's packets can be copied: no option asks for what a copy would not have, they have the
 * requested codec, and the container supports it. `mayFragment`: the file may be written in fragments.
 */
export function canCopyAudio(
  native: Native,
  info: MuxerInfo,
  options: CheckedAudioOptions,
  file: AudioFile,
  mayFragment: boolean,
): boolean {
  const { codec, source } = options;
  if (!hasDefaultFormat(options) || source.kind === "file" && source.loops) return false;
  const { codecId, codecName } = file.codec;
  const isWanted = codec === undefined
    ? !isRareAudioCodec(info, codecName)
    : audioCandidates(codec, (info.parts ?? info).name, undefined).some((name) =>
      encoderByName(native, name, "audio")?.codecId === codecId
    );
  const hasHeadersTwice = info.wantsGlobalHeader && file.hasOwnHeaders &&
    (mayFragment || !removesHeaders(info));
  return isWanted && !hasHeadersTwice && supportsAudioCodec(native, info, file.codec) === true &&
    acceptsHeader(native, info, file);
}

/** Writes a header into memory: only the muxer itself knows everything that it refuses. */
function acceptsHeader(native: Native, info: MuxerInfo, file: AudioFile): boolean {
  using muxer = new Muxer(native, info, "");
  try {
    const { codec: { codecName }, timeBase } = file;
    addAudioStream(muxer, { timeBase, describeInto: (to) => file.describeInto(to) }, codecName);
    muxer.openMemory();
    muxer.writeHeader();
    return true;
  } catch (error) {
    if (error instanceof AvError) return false;
    throw error;
  }
}
