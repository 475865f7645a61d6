/**
 * AVChapter: the chapters of a context.
 *
 * @module
 */
import { type Address, address, type Native, NULL } from "../../../ffi/mod.ts";
import { packRational } from "../rational.ts";
import type { ChapterPlace } from "../streams/stream_parameters.ts";
import { setTags } from "../streams/stream_tags.ts";

/** Chapters count in milliseconds, as players show them. */
const chapterTicks = 1000;

/** Gives a context chapters, once. It calls `fail` where there is no memory. */
export function setChapters(
  native: Native,
  context: Address,
  chapters: readonly ChapterPlace[],
  fail: () => never,
): void {
  const { avutil, fields, memory } = native;
  const allocate = (bytes: number): Address => {
    const allocated = avutil.av_mallocz(BigInt(bytes));
    return allocated === NULL ? fail() : allocated;
  };
  const list = allocate(chapters.length * 8);
  // From here on, the context frees everything.
  fields.set(context, "AVFormatContext", "chapters", list);
  for (const [index, { start, end, title }] of chapters.entries()) {
    const chapter = allocate(fields.size("AVChapter"));
    memory.write(address(list + BigInt(index * 8)), BigUint64Array.of(chapter));
    fields.set(context, "AVFormatContext", "nb_chapters", index + 1);
    // Matroska's muxer writes only one of several with the same number (4.3).
    fields.set(chapter, "AVChapter", "id", index + 1);
    fields.set(chapter, "AVChapter", "time_base", packRational({ num: 1, den: chapterTicks }));
    fields.set(chapter, "AVChapter", "start", BigInt(Math.round(start * chapterTicks)));
    fields.set(chapter, "AVChapter", "end", BigInt(Math.round(end * chapterTicks)));
    setTags(native, fields.addressOf(chapter, "AVChapter", "metadata"), { title });
  }
}
