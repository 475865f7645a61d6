/**
 * Files of subtitles, read as a whole.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { AvError, ReadError } from "../errors.ts";
import { Demuxer } from "../libav/demuxer.ts";
import { Packet } from "../libav/packet.ts";
import { parsers, type SubtitleNotation } from "./subtitle_codecs.ts";
import type { TimedText } from "./segments.ts";

/** The files that are read, by the names of libavformat's demuxers. */
const formats = ["srt", "webvtt", "ass"] as const;

const operation = "read subtitles";

/** A cue of a file. */
export interface FileCue extends TimedText {
  /** It, as it is in the file, with what the file says of it beside its text. */
  readonly packet: Packet;
}

/** A file of subtitles. */
export class SubtitleFile implements Disposable {
  /** How its texts are written. */
  readonly notation: SubtitleNotation;
  /** What the file says of all cues. */
  readonly headers: Uint8Array;
  /** The cues, in order of their starts. */
  readonly cues: readonly FileCue[];
  readonly #owned: DisposableStack;

  /** Reads all of a file. Throws a {@linkcode ReadError} where it is none of subtitles. */
  constructor(native: Native, path: string) {
    const cues: FileCue[] = [];
    using owned = new DisposableStack();
    try {
      using demuxer = new Demuxer(native, `file:${path}`, { formats, findsStreamInfo: false });
      this.notation = demuxer.codecName(0) as SubtitleNotation;
      this.headers = demuxer.headers(0);
      const { num, den } = demuxer.timeBase(0);
      for (;;) {
        const packet = owned.use(new Packet(native));
        if (!demuxer.read(packet)) break;
        const start = Number(packet.pts) * num / den;
        const end = Number(packet.pts + packet.duration) * num / den;
        const runs = parsers[this.notation](textOf(packet, path));
        // What is never seen would only end others where one text is shown at a time.
        if (end > start && start >= 0 && runs.length > 0) cues.push({ start, end, runs, packet });
      }
    } catch (error) {
      if (!(error instanceof AvError) || error.constructor !== AvError) throw error;
      throw unreadable(path, `it can't be read as SRT, WebVTT or ASS (${error.message})`, error);
    }
    if (cues.length === 0) throw unreadable(path, "it has no cue");
    this.#owned = owned.move();
    this.cues = cues;
  }

  /** Frees the packets. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function textOf(packet: Packet, path: string): string {
  try {
    return decoder.decode(packet.bytes);
  } catch {
    throw unreadable(path, "its text is not in UTF-8");
  }
}

function unreadable(path: string, problem: string, cause?: AvError): ReadError {
  return new ReadError(`Cannot read subtitles from ${path}: ${problem}`, {
    code: cause?.code ?? "INVALIDDATA",
    operation,
    hint: "Give a file of subtitles in UTF-8",
    cause,
  });
}
