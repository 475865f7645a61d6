/**
 * The streams of a file of packets that are copied.
 *
 * @module
 */
import type { Address, Native } from "../../../ffi/mod.ts";
import { needsNamedKeys } from "../../container/ask_container.ts";
import {
  isExperimentalAudioCodec,
  supportsAudioCodec,
  supportsSubtitleCodec,
  supportsVideoCodec,
} from "../../container/codec_support.ts";
import { plainTags } from "../../container/plain_tags.ts";
import { repairsCover } from "../../container/cover.ts";
import { movFamily } from "../../container/known_containers.ts";
import { isIntermediate, muxerOptions, type Stage } from "../../container/muxer_options.ts";
import { UnsupportedError } from "../../errors.ts";
import type { Demuxer } from "../../libav/demuxer.ts";
import { Muxer } from "../../libav/muxer.ts";
import { isMatroska, type MuxerInfo } from "../../libav/muxer_info.ts";
import {
  type DescribedStream,
  fillParameters,
  fillStream,
  rawTag,
} from "../../libav/streams/described_stream.ts";
import type { OptionValue } from "../../libav/options.ts";
import type { Rational } from "../../libav/rational.ts";
import { addAudioStream } from "../open_audio_track.ts";
import type { CopiedFile, CopiedStream } from "./media_packet.ts";

/** Containers whose packets of AAC have headers of their own. */
const adtsContainers: readonly string[] = ["mpegts", "adts", "hls", "segment", "stream_segment,ssegment"];

/** What streams are copied from, and options of the muxer. */
export interface CopiedInto extends Pick<CopiedFile, "streams"> {
  readonly formatOptions: Readonly<Record<string, OptionValue>> | undefined;
}

/** A track of audio that is not copied, but encoded. */
export interface AddedTrack {
  readonly codec: string;
  readonly timeBase: Rational;
  readonly tags: Readonly<Record<string, string>>;
  readonly describeInto: (parameters: Address) => void;
}

/** What a muxer is made for. */
export interface CopyTarget {
  readonly url: string;
  readonly stage: Stage;
  /** The recorded file, where the final one is made from it. */
  readonly recording: Demuxer | null;
  readonly metadata: Readonly<Record<string, string>>;
  /** Headers of streams that have none, by their place. */
  readonly headers: ReadonlyMap<number, Uint8Array>;
  readonly namesKeys: boolean;
  /** Tracks that come behind those that are copied. */
  readonly added?: readonly AddedTrack[];
}

/** The streams that are copied: the video first, as files of this module have it. */
export class CopiedStreams {
  readonly #native: Native;
  readonly #into: CopiedInto;
  readonly #info: MuxerInfo;
  /** Those with packets. */
  readonly tracks: readonly CopiedStream[];
  /** Pictures and files that go along. */
  readonly #files: readonly CopiedStream[];

  /** Throws an {@linkcode UnsupportedError} where the container does not take a stream. */
  constructor(native: Native, info: MuxerInfo, into: CopiedInto) {
    this.#native = native;
    this.#info = info;
    this.#into = into;
    const { streams } = into;
    const tracks = streams.filter(({ kind }) => kind !== null);
    const video = tracks.find(({ kind }) => kind === "video");
    this.tracks = video === undefined ? tracks : [video, ...tracks.filter((track) => track !== video)];
    this.#files = streams.filter(({ kind, picture }) =>
      kind === null && (picture === null ? info.name === "matroska" : repairsCover(info))
    );
    for (const track of this.tracks) this.#requireSupport(track);
  }

  /** Whether the first track is of video. */
  get hasVideo(): boolean {
    return this.tracks[0]?.kind === "video";
  }

  /** Whether a track needs a header that only its packets tell. */
  needsHeader({ codecName, headers }: CopiedStream): boolean {
    return codecName === "aac" && headers.length === 0 && !adtsContainers.includes(this.#info.name);
  }

  /** Whether tags need keys of their own. */
  namesKeys(target: Omit<CopyTarget, "namesKeys">): boolean {
    return needsNamedKeys(
      this.#native,
      this.#info,
      target.metadata,
      (namesKeys) => this.createMuxer({ ...target, url: "", stage: "direct", namesKeys }),
    );
  }

  /** Makes a muxer with all streams and options. */
  createMuxer(target: CopyTarget): Muxer {
    const { url, stage, recording, metadata, headers, namesKeys, added = [] } = target;
    const muxer = new Muxer(this.#native, this.#info, url);
    try {
      for (const [place, track] of this.tracks.entries()) {
        this.#add(muxer, track, (parameters) => {
          fillParameters(this.#native, parameters, track, headers.get(place));
          recording?.copyHeaders(place, parameters);
        });
      }
      for (const { codec, tags, ...track } of added) addAudioStream(muxer, track, codec, tags);
      if (!isIntermediate(this.#info, stage)) {
        for (const file of this.#files) {
          this.#add(muxer, file, (parameters) => fillParameters(this.#native, parameters, file));
        }
      }
      muxer.setMetadata(metadata);
      const { timeBase } = this.tracks[0] ?? added[0]!;
      muxer.options.setAll(muxerOptions(muxer, timeBase, stage, this.#into.formatOptions, namesKeys));
      if (this.#isExperimental) muxer.options.setField("strict", "experimental");
      return muxer;
    } catch (error) {
      muxer[Symbol.dispose]();
      throw error;
    }
  }

  get #isExperimental(): boolean {
    return this.tracks.some(({ codecName }) => isExperimentalAudioCodec(this.#info, codecName));
  }

  #add(muxer: Muxer, stream: CopiedStream, describeInto: (parameters: Address) => void): void {
    const { timeBase, frameRate, picture } = stream;
    const tag = this.#tagOf(stream);
    const added = muxer.addStream({
      ...{ describeInto, timeBase, frameRate, tag },
      ...(picture === null ? {} : { picture }),
    });
    const tags = plainTags(stream.tags);
    fillStream(this.#native, added, { ...stream, tags } satisfies DescribedStream);
  }

  /** The four-character code: that of the source, in the same container only. */
  #tagOf(stream: CopiedStream): string | number | null {
    const { codecName, container } = stream;
    if (codecName === "rawvideo") return rawTag(this.#native, stream);
    const names = container.split(",");
    const isMov = movFamily.includes(this.#info.name);
    if (isMov && names.includes("mov") || names.includes(this.#info.name)) return null;
    // QuickTime and Safari play HEVC under hvc1 only.
    return isMov && codecName === "hevc" ? "hvc1" : 0;
  }

  #requireSupport(track: CopiedStream): void {
    const { kind, codecName, container } = track;
    const info = this.#info;
    const isTaken = kind === "video"
      ? supportsVideoCodec(this.#native, info, track, "experimental")
      : kind === "audio"
      ? supportsAudioCodec(this.#native, info, track, isMatroska(info) ? "experimental" : "normal")
      : supportsSubtitleCodec(this.#native, info, track);
    // avienc.c wants start codes before its units (ITU-T H.264, annex B), not their lengths.
    if (info.name === "avi" && ["h264", "hevc"].includes(codecName) && track.headers[0] === 1) {
      throw this.#unsupportedError(track, "the container needs start codes in it, which it has not");
    }
    // avienc.c knows few of them, and writes what nobody reads of the others.
    if (info.name === "avi" && codecName === "rawvideo" && container !== "avi") {
      throw this.#unsupportedError(track, "the container has few pixel formats");
    }
    if (isTaken !== false) return;
    throw this.#unsupportedError(track, `the container does not take ${codecName}`);
  }

  /** The error for a stream that the container does not take. */
  #unsupportedError({ kind, codecName }: CopiedStream, why: string): UnsupportedError {
    const other = `another container, such as ${isMatroska(this.#info) ? ".nut" : ".mkv"}`;
    const hint = {
      video: `Copy into ${other}, or decode the video and encode it`,
      audio: `Leave it out with audio: false, or copy into ${other}`,
      subtitle: `Leave them out with subtitles: false, or copy into ${other}`,
    }[kind ?? "video"];
    return new UnsupportedError(`Cannot copy the ${kind} in ${codecName} into ${this.#info.name}: ${why}`, {
      code: "CODEC_NOT_FOR_CONTAINER",
      operation: `copy ${codecName} into ${this.#info.name}`,
      hint,
    });
  }
}
