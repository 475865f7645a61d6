/**
 * A file that exists in memory only, written by a container's muxer and read by its reader: only these two
 * know what comes back.
 *
 * @module
 */
import { type Address, cString, type Native, NULL } from "../../ffi/mod.ts";
import { AvError } from "../errors.ts";
import { Demuxer } from "../libav/demuxer.ts";
import type { MemoryFile } from "../libav/muxing/memory_file.ts";
import type { Muxer } from "../libav/muxer.ts";
import { NativePacket } from "../libav/native_packet.ts";
import type { ChapterPlace } from "../libav/streams/stream_parameters.ts";

/** What goes into a trial. */
export interface TrialContent {
  /** Writes the packets, after the header; `null` for a file without any. */
  readonly writePackets: ((muxer: Muxer) => void) | null;
  /** The chapters. */
  readonly chapters: readonly ChapterPlace[];
  /** Whether the muxer gets them before the header. */
  readonly hasChaptersFirst: boolean;
}

/**
 * The muxer that is tried for one that writes several files: it adds nothing to the packets, and readers find
 * what the codec keeps.
 */
export const bareMuxer = "image2pipe";

/** How a tag of ID3v2 begins: "ID3". */
const id3Mark = [0x49, 0x44, 0x33] as const;

/** The file, and its reader. */
export class TrialFile implements Disposable {
  readonly #native: Native;
  readonly #memory: MemoryFile | null;
  /** The reader; `null` where nothing can read the file. */
  readonly demuxer: Demuxer | null;
  /** Whether the file begins with a tag of ID3v2. */
  readonly beginsWithId3: boolean;

  /** Writes the file and opens it. */
  constructor(native: Native, muxer: Muxer, content: TrialContent) {
    this.#native = native;
    this.#memory = write(muxer, content);
    this.beginsWithId3 = this.#memory !== null && this.#memory.size > id3Mark.length &&
      this.#memory.firstBytes(id3Mark.length).every((byte, index) => byte === id3Mark[index]);
    this.demuxer = this.#memory === null ? null : read(native, this.#memory, muxer.info.name);
  }

  /** The sizes of the packets of the first stream. Reads the file to its end. */
  get packetSizes(): string {
    const sizes: number[] = [];
    if (this.demuxer === null || this.demuxer.streams.length === 0) return "";
    using packet = new NativePacket(this.#native);
    try {
      while (this.demuxer.read(packet)) {
        if (packet.streamIndex === 0) sizes.push(packet.size);
        packet.unref();
      }
    } catch (error) {
      if (!(error instanceof AvError)) throw error;
    }
    return sizes.join();
  }

  /** Frees both. */
  [Symbol.dispose](): void {
    this.demuxer?.[Symbol.dispose]();
    this.#memory?.[Symbol.dispose]();
  }
}

/** Writes the whole file; `null` where the muxer does not take it. */
function write(muxer: Muxer, { writePackets, chapters, hasChaptersFirst }: TrialContent): MemoryFile | null {
  // Moving the index to the front reads the file by its path.
  // The mp4 family describes streams without packets in fragments only.
  const layout = writePackets === null ? "-faststart+frag_keyframe+empty_moov" : "-faststart";
  if (muxer.options.has("movflags")) muxer.options.setField("movflags", layout);
  if (muxer.options.has("cues_to_front")) muxer.options.setField("cues_to_front", 0);
  muxer.openMemory();
  try {
    if (hasChaptersFirst) muxer.setChapters(chapters);
    muxer.writeHeader();
    writePackets?.(muxer);
    if (!hasChaptersFirst && chapters.length > 0) muxer.setChapters(chapters);
    muxer.writeTrailer();
  } catch (error) {
    if (!(error instanceof AvError)) throw error;
    return null;
  }
  return muxer.takeMemory();
}

/** Opens a file in memory: by the reader of the muxer's name, or by one that knows the content. */
function read(native: Native, memory: MemoryFile, name: string): Demuxer | null {
  const own = native.memoryFiles().av_find_input_format(cString(name));
  const formats: readonly Address[] = own === NULL || name === bareMuxer ? [NULL] : [own, NULL];
  for (const format of formats) {
    try {
      memory.rewind();
      return new Demuxer(native, "", { formats: null, protocols: "none", format, memory }).findStreamInfo();
    } catch (error) {
      if (!(error instanceof AvError)) throw error;
    }
  }
  return null;
}
