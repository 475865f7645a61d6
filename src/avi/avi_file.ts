/**
 * AVI in a file: OpenDML (AVI File Format Extensions 1.02), which has no limit of size.
 *
 * A file is a row of RIFF lists. Each has room for its indexes in front of its chunks, and every chunk is
 * entered at once, in the index and in all counters: whenever the program is killed, the file is whole up to
 * its last chunk. Of a chunk the data is written first and its header last, so that none is ever cut off.
 *
 * @module
 */
import { WriteError } from "../errors.ts";
import { type Chunk, chunkHeaderBytes, RiffBytes } from "./chunk.ts";
import {
  createHeader,
  type HeaderPlaces,
  indexedFlags,
  indexHeaderBytes,
  superEntryBytes,
} from "./header.ts";
import { type AviLayout, chunkDuration, chunkId } from "./layout.ts";

/** A file to write, in any order. */
export interface AviFileOutput {
  /** Writes bytes at a place. */
  writeAt(offset: number, bytes: Uint8Array): void;
}

/** What takes the chunks of an AVI file. */
export interface AviMuxer {
  /** Bytes of the file so far. */
  readonly bytes: number;
  /** Writes a chunk of a stream: 0 is the video. */
  write(stream: number, chunk: Chunk): void;
  /** Makes the file whole. */
  finish(): void;
}

/** How large the parts of a file are. */
export interface AviFileLimits {
  /** Bytes of the first RIFF list, and of those that follow. */
  readonly listBytes: readonly [first: number, others: number];
  /** Chunks of a stream in the first RIFF list, and in those that follow. */
  readonly listChunks: readonly [first: number, others: number];
  /** RIFF lists. */
  readonly lists: number;
}

/**
 * Old readers take 1 GiB of the first list and know no other; new ones read 2 GiB of each. A file has up to
 * 3.8 TiB.
 */
const defaultLimits: AviFileLimits = {
  listBytes: [2 ** 30, 2 ** 31 - 2 ** 27],
  listChunks: [2048, 16384],
  lists: 2048,
};

/** Bytes of an entry of an index of chunks, and of the old index. */
const entryBytes = 8, oldEntryBytes = 16;
/** AVIIF_KEYFRAME, vfw.h. */
const keyFrameFlag = 0x10;

/** A RIFF list that is being written. */
interface RiffList {
  /** Where it begins. */
  readonly start: number;
  /** Where the sizes of the RIFF list and of its list of chunks are. */
  readonly riffSize: number;
  readonly moviSize: number;
  /** The index of each stream. */
  readonly indexes: readonly StreamIndex[];
  /** Chunks that an index has room for. */
  readonly room: number;
}

interface StreamIndex {
  /** Where its chunk begins. */
  readonly start: number;
  chunks: number;
  /** The length of its chunks, in the stream's unit. */
  duration: number;
}

/** Writes an AVI file. */
export class AviFile implements AviMuxer {
  readonly #output: AviFileOutput;
  readonly #layout: AviLayout;
  readonly #limits: AviFileLimits;
  readonly #places: HeaderPlaces;
  readonly #lengths: number[];
  /** The old index, of the first RIFF list. */
  #old: RiffBytes | null = null;
  #list: RiffList;
  #lists = 0;
  #end = 0;
  readonly #numbers = new DataView(new ArrayBuffer(24));

  /** Writes the header. */
  constructor(output: AviFileOutput, layout: AviLayout, limits: AviFileLimits = defaultLimits) {
    this.#output = output;
    this.#layout = layout;
    this.#limits = limits;
    const header = createHeader(layout, limits.lists);
    this.#places = header.places;
    this.#lengths = header.places.lengths.map(() => 0);
    this.#append(header.bytes);
    this.#list = this.#openList(0, 4, header.places.moviSize);
  }

  get bytes(): number {
    return this.#end;
  }

  write(stream: number, { bytes, data }: Chunk): void {
    if (data.length === 0) return;
    if (!this.#hasRoom(stream, bytes.length)) this.#openNext();
    const list = this.#list, at = this.#end;
    this.#output.writeAt(at + chunkHeaderBytes, bytes.subarray(chunkHeaderBytes));
    this.#output.writeAt(at, bytes.subarray(0, chunkHeaderBytes));
    this.#end += bytes.length;
    this.#addToIndex(list, stream, at, data.length);
    this.#addToOldIndex(list, stream, at, data.length);
    this.#count(stream, chunkDuration(this.#layout, stream, data.length));
    this.#putSizes(list);
  }

  finish(): void {
    if (this.#lists === 1) this.#writeOldIndex();
  }

  #hasRoom(stream: number, bytes: number): boolean {
    const { start, indexes, room } = this.#list;
    const limit = this.#limits.listBytes[this.#lists === 1 ? 0 : 1];
    const isEmpty = indexes.every(({ chunks }) => chunks === 0);
    // A chunk larger than a list has one of its own.
    return indexes[stream]!.chunks < room && (isEmpty || this.#end - start + bytes <= limit);
  }

  /** Ends a RIFF list and begins another one. */
  #openNext(): void {
    if (this.#lists === this.#limits.lists) {
      throw new WriteError(`Cannot write the file: an AVI file has ${this.#lists} RIFF lists at most`, {
        code: "EFBIG",
        operation: "write the file",
        hint: "Begin another file",
      });
    }
    this.finish();
    const start = this.#end;
    const head = new RiffBytes(24);
    head.chunk("RIFF", () => {
      head.text("AVIX");
      head.list("movi", () => {});
    });
    this.#append(head.written);
    this.#list = this.#openList(start, start + 4, start + 16);
  }

  /** Makes room for the indexes of a RIFF list. */
  #openList(start: number, riffSize: number, moviSize: number): RiffList {
    const room = this.#limits.listChunks[this.#lists === 0 ? 0 : 1];
    const bytes = indexHeaderBytes + room * entryBytes;
    const indexes = this.#lengths.map((_, stream): StreamIndex => {
      const index = { start: this.#end, chunks: 0, duration: 0 };
      const id = chunkId(this.#layout, stream);
      const head = new RiffBytes(chunkHeaderBytes + bytes);
      head.chunk(`ix${id.slice(0, 2)}`, () => {
        head.u16(2, 1 << 8);
        head.u32(0);
        head.text(id);
        head.u64(start);
        head.zeros(4 + room * entryBytes);
      });
      this.#append(head.written);
      this.#enterList(stream, index, head.length);
      return index;
    });
    this.#lists++;
    const list = { start, riffSize, moviSize, indexes, room };
    this.#putSizes(list);
    return list;
  }

  /** Enters a list's index in the stream's index of indexes. */
  #enterList(stream: number, { start }: StreamIndex, bytes: number): void {
    const place = this.#places.indexes[stream]!;
    this.#numbers.setBigUint64(0, BigInt(start), true);
    this.#numbers.setUint32(8, bytes, true);
    this.#numbers.setUint32(12, 0, true);
    this.#put(place + indexHeaderBytes + this.#lists * superEntryBytes, superEntryBytes);
    this.#putNumber(place + 4, this.#lists + 1);
  }

  #addToIndex({ start, indexes }: RiffList, stream: number, at: number, bytes: number): void {
    const index = indexes[stream]!;
    this.#numbers.setUint32(0, at + chunkHeaderBytes - start, true);
    this.#numbers.setUint32(4, bytes, true);
    const entries = index.start + chunkHeaderBytes + indexHeaderBytes;
    this.#put(entries + index.chunks * entryBytes, entryBytes);
    index.chunks++;
    index.duration += chunkDuration(this.#layout, stream, bytes);
    this.#putNumber(index.start + chunkHeaderBytes + 4, index.chunks);
    const superIndex = this.#places.indexes[stream]! + indexHeaderBytes;
    this.#putNumber(superIndex + (this.#lists - 1) * superEntryBytes + 12, index.duration);
  }

  #addToOldIndex({ moviSize, room }: RiffList, stream: number, at: number, bytes: number): void {
    if (this.#lists > 1) return;
    this.#old ??= new RiffBytes(chunkHeaderBytes + room * this.#lengths.length * oldEntryBytes);
    this.#old.text(chunkId(this.#layout, stream));
    // Offsets count from the list's type.
    this.#old.u32(keyFrameFlag, at - (moviSize + 4), bytes);
  }

  #writeOldIndex(): void {
    const entries = this.#old;
    if (entries === null) return;
    const chunk = new RiffBytes(chunkHeaderBytes + entries.length);
    chunk.chunk("idx1", () => chunk.bytes(entries.written));
    this.#append(chunk.written);
    this.#putNumber(this.#list.riffSize, this.#end - this.#list.riffSize - 4);
    this.#putNumber(this.#places.flags, indexedFlags);
    this.#old = null;
  }

  #count(stream: number, duration: number): void {
    const { lengths, frames, allFrames } = this.#places;
    const length = this.#lengths[stream]! += duration;
    this.#putNumber(lengths[stream]!, Math.min(length, 0xffffffff));
    if (stream > 0) return;
    if (this.#lists === 1) this.#putNumber(frames, length);
    this.#putNumber(allFrames!, length);
  }

  #putSizes({ riffSize, moviSize }: RiffList): void {
    this.#putNumber(riffSize, this.#end - riffSize - 4);
    this.#putNumber(moviSize, this.#end - moviSize - 4);
  }

  #append(bytes: Uint8Array): void {
    this.#output.writeAt(this.#end, bytes);
    this.#end += bytes.length;
  }

  #putNumber(at: number, value: number): void {
    this.#numbers.setUint32(0, value, true);
    this.#put(at, 4);
  }

  #put(at: number, bytes: number): void {
    this.#output.writeAt(at, new Uint8Array(this.#numbers.buffer, 0, bytes));
  }
}
