/**
 * Asks a container what it keeps, before there is a file: by writing one into memory and reading it back.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { AvError } from "../errors.ts";
import type { Demuxer } from "../libav/demuxer.ts";
import { setLogLevel } from "../libav/log.ts";
import type { LogLevel } from "../libav/log.ts";
import type { Muxer } from "../libav/muxer.ts";
import { muxerByName, type MuxerInfo } from "../libav/muxer_info.ts";
import { type KeptRequest, type Loss, lossError, lossesOf } from "./kept.ts";
import { bareMuxer, TrialFile } from "./trial_file.ts";

/** What is asked. */
export interface ContainerQuestion {
  readonly info: MuxerInfo;
  readonly request: KeptRequest;
  /** What else did not come back. */
  readonly otherLosses: (file: Demuxer | null) => Loss[];
  /** Creates a muxer with all streams, tags and options; `namesKeys`: tags go under keys of their own. */
  readonly createMuxer: (info: MuxerInfo, namesKeys: boolean) => Muxer;
  /** Writes real packets. */
  readonly writePackets: (muxer: Muxer) => void;
  /** What to print afterwards: nothing of a trial is worth telling. */
  readonly logLevel: LogLevel | undefined;
  /** Whether the user chose options of the muxer. */
  readonly hasOptions: boolean;
  /** Containers to name in an error, where they keep what this one does not. */
  readonly others: readonly string[];
}

/** How a container keeps what it was asked for. */
export interface ContainerAnswer {
  /** Whether tags go under keys of their own: those of the mp4 family that have no atom. */
  readonly namesKeys: boolean;
  /** Whether chapters go into the header, which is written over at the end. */
  readonly hasChaptersFirst: boolean;
}

/** One way to try. */
interface Attempt extends ContainerAnswer {
  readonly hasPackets: boolean;
}

/** The answer where nothing was asked for. */
export const nothingAsked: ContainerAnswer = { namesKeys: false, hasChaptersFirst: false };

/** Whether there is anything to ask. */
export function asksAnything({ metadata, chapters, cover }: KeptRequest): boolean {
  return Object.keys(metadata).length > 0 || chapters.length > 0 || cover !== null;
}

/**
 * Asks a container. Throws an `UnsupportedError` for the first thing that would be lost, whatever the
 * container's options.
 */
export function askContainer(native: Native, question: ContainerQuestion): ContainerAnswer {
  setLogLevel(native, "quiet");
  try {
    return ask(native, question);
  } finally {
    setLogLevel(native, question.logLevel);
  }
}

function ask(native: Native, question: ContainerQuestion): ContainerAnswer {
  const { info, request } = question;
  const tried = info.opensFilesItself ? muxerByName(native, bareMuxer) ?? info : info;
  let fewest: Loss[] | null = null;
  let isNamed = false;
  for (const attempt of attemptsFor(request)) {
    const losses = tryOnce(native, question, tried, attempt);
    if (losses === null) continue;
    if (losses.length === 0) return attempt;
    if (!attempt.hasPackets || fewest !== null && !isBetter(losses, fewest)) continue;
    fewest = losses;
    isNamed = attempt.namesKeys;
  }
  const [first] = fewest ?? [...lossesOf(info.name, null, request), ...question.otherLosses(null)];
  const keepers = question.others.filter((name) => {
    const other = muxerByName(native, name);
    return other !== null && other.name !== info.name && !other.opensFilesItself &&
      isKept(native, question, other, first!);
  });
  throw lossError(info.name, { ...first!, why: reasonOf(first!, isNamed, question.hasOptions) }, keepers);
}

/** Whether an attempt shows better what is wrong: it loses less, or keeps the tags at least. */
function isBetter(losses: readonly Loss[], others: readonly Loss[]): boolean {
  const tags = (lost: readonly Loss[]): number => lost.filter(({ kind }) => kind === "tag").length;
  return losses.length < others.length || losses.length === others.length && tags(losses) < tags(others);
}

function reasonOf({ kind, why }: Loss, isNamed: boolean, hasOptions: boolean): string {
  if (isNamed && kind !== "tag") return "it has no place beside tags under keys of their own";
  return hasOptions ? `${why} with these formatOptions` : why;
}

/** The cheap attempts come first: without packets, there is nothing to encode. */
function attemptsFor({ chapters }: KeptRequest): Attempt[] {
  const attempts: Attempt[] = [];
  // Chapters must leave packets alone.
  for (const hasPackets of chapters.length > 0 ? [true] : [false, true]) {
    for (const namesKeys of [false, true]) attempts.push({ hasPackets, namesKeys, hasChaptersFirst: false });
  }
  if (chapters.length > 0) attempts.push({ hasPackets: true, namesKeys: false, hasChaptersFirst: true });
  return attempts;
}

/** What is lost in one attempt; `null` where it is none for this container. */
function tryOnce(
  native: Native,
  { request, otherLosses, createMuxer, writePackets }: ContainerQuestion,
  info: MuxerInfo,
  { hasPackets, namesKeys, hasChaptersFirst }: Attempt,
): Loss[] | null {
  using muxer = createMuxer(info, namesKeys);
  if (namesKeys && !muxer.options.has("movflags")) return null;
  using file = new TrialFile(native, muxer, {
    writePackets: hasPackets ? writePackets : null,
    chapters: request.chapters,
    hasChaptersFirst,
  });
  // Only a tag of ID3v2 can be written over.
  if (hasChaptersFirst && !file.beginsWithId3) return null;
  const losses = [...lossesOf(info.name, file.demuxer, request), ...otherLosses(file.demuxer)];
  if (request.chapters.length === 0 || losses.length > 0) return losses;
  using plain = createMuxer(info, namesKeys);
  using without = new TrialFile(native, plain, { writePackets, chapters: [], hasChaptersFirst });
  // Some muxers write chapters over the packets: asf does, with the trailer.
  return file.packetSizes === without.packetSizes
    ? []
    : lossesOf(info.name, null, { ...nothing, chapters: request.chapters });
}

const nothing: KeptRequest = { metadata: {}, chapters: [], cover: null };

/** Whether another container keeps what was lost. */
function isKept(native: Native, question: ContainerQuestion, other: MuxerInfo, lost: Loss): boolean {
  try {
    return attemptsFor(question.request).some((attempt) => {
      const losses = tryOnce(native, question, other, attempt);
      return losses !== null && !losses.some(({ kind, what }) => kind === lost.kind && what === lost.what);
    });
  } catch (error) {
    if (!(error instanceof AvError)) throw error;
    return false;
  }
}

/** Whether a muxer keeps more tags under keys of their own. `createMuxer` makes it with them. */
export function needsNamedKeys(
  native: Native,
  info: MuxerInfo,
  metadata: Readonly<Record<string, string>>,
  createMuxer: (namesKeys: boolean) => Muxer,
): boolean {
  const [plain, named] = [false, true].map((namesKeys) => {
    using muxer = createMuxer(namesKeys);
    if (!muxer.options.has("movflags")) return 0;
    using file = new TrialFile(native, muxer, { writePackets: null, chapters: [], hasChaptersFirst: false });
    // What is replaced is the muxer's own: brands, and its name.
    return lossesOf(info.name, file.demuxer, { metadata, chapters: [], cover: null })
      .filter(({ isReplaced }) => !isReplaced).length;
  });
  return named! < plain!;
}
