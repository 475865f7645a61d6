/**
 * How large the index of an mp4 or mov file gets (ISO/IEC 14496-12, 8.6 and 8.7): with that much room in
 * front, the file is written once. movenc.c's `faststart` writes it, and then moves all of it.
 *
 * @module
 */
import type { NativePacket } from "../libav/native_packet.ts";

/** Bytes of an entry: stts, ctts, stss, stsz, stsc, and stco or co64. */
const entryBytes = { run: 8, key: 4, size: 4, chunk: 12, offset: 4, longOffset: 8 } as const;
/** A chunk is full when the next sample would make it this long (movenc.c); two in a row are longer. */
const chunkBytes = 2 ** 20;
/** What a stream may have in its tables beside entries: headers, groups of samples, bit rates. */
const streamBytes = 256;
/** The track of chapters' titles, and for each chapter its entries, here and in Nero's list. */
const chapterTrackBytes = 1024, chapterBytes = 64;
/** Files longer than this have offsets of 64 bits. */
const longFileBytes = 2 ** 32 - 2 ** 26;

/** The packets of one stream. */
class StreamTables {
  packets = 0;
  bytes = 0;
  keys = 0;
  /** Runs of packets with the same step to the next, and with the same time from decoding to showing. */
  #steps = 1;
  #delays = 1;
  #decoded = 0n;
  #step = -1n;
  #delay = 0n;

  add({ dts, pts, size, isKey }: NativePacket): void {
    const step = dts - this.#decoded;
    if (this.packets > 0 && step !== this.#step) this.#steps++;
    if (pts - dts !== this.#delay) this.#delays++;
    [this.#decoded, this.#step, this.#delay] = [dts, step, pts - dts];
    this.packets++;
    this.bytes += size;
    if (isKey) this.keys++;
  }

  /** Its samples: texts have their ends, too. */
  samples(isText: boolean): number {
    return isText ? 2 * this.packets + 1 : this.packets;
  }

  /** Bytes of its tables, where so many samples are of other streams. */
  tableBytes(others: number, isText: boolean, isLong: boolean): number {
    const samples = this.samples(isText);
    const runs = (isText ? samples : this.#steps + 2) + this.#delays;
    const chunks = Math.min(samples, others + 1 + Math.ceil(2 * this.bytes / chunkBytes));
    const keys = this.keys === this.packets ? 0 : this.keys;
    return streamBytes + runs * entryBytes.run + keys * entryBytes.key + samples * entryBytes.size +
      chunks * (entryBytes.chunk + (isLong ? entryBytes.longOffset : entryBytes.offset)) +
      // Which samples others need (sdtp).
      (keys > 0 ? samples : 0);
  }
}

/** What else is in an index. */
export interface IndexParts {
  /** Bytes of the index of the recording, which has no samples. */
  readonly emptyBytes: number;
  /** Bytes of the file. */
  readonly fileBytes: number;
  /** Whether a stream has texts. */
  readonly isText: (stream: number) => boolean;
  /** The titles of chapters. */
  readonly chapters: readonly { readonly title: string }[];
  /** Bytes of pictures. */
  readonly pictureBytes: number;
}

/** Counts the packets of a file, for the size of its index. */
export class IndexSize {
  readonly #streams: StreamTables[] = [];

  /** Counts a packet, in the time base of its stream. */
  add(packet: NativePacket): void {
    (this.#streams[packet.streamIndex] ??= new StreamTables()).add(packet);
  }

  /** The most bytes that the index can take. */
  bytes({ emptyBytes, fileBytes, isText, chapters, pictureBytes }: IndexParts): number {
    const streams = [...this.#streams.entries()].filter(([, stream]) => stream !== undefined);
    const samples = streams.map(([index, stream]) => stream.samples(isText(index)));
    // Each chapter is a sample.
    const all = samples.reduce((sum, count) => sum + count, chapters.length);
    let bytes = emptyBytes + pictureBytes + streamBytes;
    for (const [place, [index, stream]] of streams.entries()) {
      bytes += stream.tableBytes(all - samples[place]!, isText(index), fileBytes > longFileBytes);
    }
    if (chapters.length === 0) return bytes;
    const titles = chapters.reduce((sum, { title }) => sum + 3 * title.length, 0);
    return bytes + chapterTrackBytes + chapters.length * chapterBytes + titles;
  }
}
