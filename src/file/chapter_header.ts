/**
 * Chapters at the begin of a file, in a tag of ID3v2 (ID3v2 Chapter Frame Addendum): only at the end is known
 * where they end.
 *
 * @module
 */
import { type Chapter, placeChapters, trialChapters } from "../container/chapters.ts";
import type { Muxer } from "../libav/muxer.ts";
import type { ChapterPlace } from "../libav/streams/stream_parameters.ts";

/** The bytes of a tag before those that it counts (ID3v2.4, 3.1). */
const tagHeaderBytes = 10;
/** The least padding that libavformat writes (id3v2enc.c). */
const leastPadding = 10;

/** A file with chapters. */
export interface ChapteredFile {
  readonly chapters: readonly Chapter[];
  /** Creates another muxer like the file's. */
  readonly createMuxer: (url: string, stage: "direct", recording: null) => Muxer;
}

/** The length of the tag at the begin of a file: seven bits of each of four bytes. */
function tagBytes(header: Uint8Array): number {
  return tagHeaderBytes + header.subarray(6, 10).reduce((sum, byte) => sum * 128 + byte, 0);
}

/**
 * Writes the tag at the begin of a finished file once more, with the chapters as they are now. It is as long
 * as the one before, by its padding.
 */
export function writeChaptersOver(
  file: Muxer,
  { chapters, createMuxer }: ChapteredFile,
  endSeconds: number,
): void {
  const tagOf = (places: readonly ChapterPlace[], padding: number | null): Uint8Array => {
    using muxer = createMuxer("", "direct", null);
    if (padding !== null) muxer.options.setField("metadata_header_padding", padding);
    if (places.length > 0) muxer.setChapters(places);
    muxer.openMemory();
    muxer.writeHeader();
    using memory = muxer.takeMemory();
    return memory.firstBytes(tagBytes(memory.firstBytes(tagHeaderBytes)));
  };
  const places = placeChapters(chapters, endSeconds);
  const before = tagOf(trialChapters(chapters), null);
  const shortest = tagOf(places, leastPadding);
  file.overwrite(tagOf(places, leastPadding + before.length - shortest.length));
}
