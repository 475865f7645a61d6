/**
 * Files of subtitles, read as a whole.
 *
 * @module
 */
import { type Native, readFile } from "../../ffi/mod.ts";
import { AvError, ReadError } from "../errors.ts";
import { Demuxer } from "../libav/demuxer.ts";
import { NativePacket } from "../libav/native_packet.ts";
import type { TimedText } from "./segments.ts";
import { parsers, type SubtitleNotation } from "./subtitle_codecs.ts";

/** Supported subtitle files, by the names of libavformat's demuxers. */
const formats = ["srt", "webvtt", "ass"] as const;

const operation = "read subtitles";

/** A cue of a file. */
export interface FileCue extends TimedText {
  /** The packet, with the file's data beside the text. */
  readonly packet: NativePacket;
}

/** A file of subtitles. */
export class SubtitleFile implements Disposable {
  /** The notation of its texts. */
  readonly notation: SubtitleNotation;
  /** The file's headers for all cues. */
  readonly headers: Uint8Array;
  /** The cues, in order of their starts. */
  readonly cues: readonly FileCue[];
  readonly #owned: DisposableStack;

  /** Reads a complete file. Throws a {@linkcode ReadError} where it is not a subtitle file. */
  constructor(native: Native, path: string) {
    const cues: FileCue[] = [];
    using owned = new DisposableStack();
    try {
      // libavformat does not read UTF-16 (4.3 to 9.0), nor anything after a style sheet (5.1).
      const url = `data:text/plain,${withoutStyleSheets(textOf(readFile(path), path))}`;
      using demuxer = new Demuxer(native, url, { formats, protocols: "data" });
      this.notation = demuxer.codecName(0) as SubtitleNotation;
      this.headers = demuxer.headers(0);
      const { num, den } = demuxer.timeBase(0);
      for (;;) {
        const packet = owned.use(new NativePacket(native));
        if (!demuxer.read(packet)) break;
        const start = Number(packet.pts) * num / den;
        const end = Number(packet.pts + packet.duration) * num / den;
        const runs = parsers[this.notation](new TextDecoder().decode(packet.bytes));
        // A cue that is never shown would only end others where one text is shown at a time.
        if (end > start && start >= 0 && runs.length > 0) cues.push({ start, end, runs, packet });
      }
    } catch (error) {
      if (!(error instanceof AvError) || error.constructor !== AvError) throw error;
      throw unreadable(path, `it cannot be read as SRT, WebVTT or ASS (${error.message})`, error);
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

/** Decodes a file, which is UTF-8 unless a byte order mark says UTF-16. */
function textOf(bytes: Uint8Array, path: string): string {
  const mark = bytes.length < 2 ? 0 : bytes[0]! << 8 | bytes[1]!;
  const encoding = mark === 0xFFFE ? "utf-16le" : mark === 0xFEFF ? "utf-16be" : "utf-8";
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw unreadable(path, "its text is not in UTF-8");
  }
  if (text.includes("\0")) throw unreadable(path, "it holds a NUL character");
  return text.replace(/\r\n?/g, "\n");
}

/** A WebVTT text without the blocks that are no cues; any other text unchanged. */
function withoutStyleSheets(text: string): string {
  if (!text.startsWith("WEBVTT")) return text;
  return text.split(/\n{2,}/).filter((block) => !/^(?:STYLE|REGION|NOTE)(?:\s|$)/.test(block)).join("\n\n");
}

function unreadable(path: string, problem: string, cause?: AvError): ReadError {
  return new ReadError(`Cannot read subtitles from ${path}: ${problem}`, {
    code: cause?.code ?? "INVALIDDATA",
    operation,
    hint: "Give a file of subtitles in UTF-8 or UTF-16",
    cause,
  });
}
