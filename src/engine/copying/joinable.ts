/**
 * Which files can be one after the other in a third one.
 *
 * @module
 */
import { UnsupportedError } from "../../errors.ts";
import type { FilePackets } from "./file_packets.ts";

/** Throws an {@linkcode UnsupportedError} where two files can't be one after the other in a third one. */
export function requireSameStreams(
  one: FilePackets,
  other: FilePackets,
  streams: readonly number[],
  others: readonly number[],
): void {
  const difference = streams.join() === others.join()
    ? streams.map((index) => differenceOf(one, other, index)).find((found) => found !== null)
    : `${others.length} streams in place of ${streams.length}, or in another order`;
  if (difference === undefined && other.hidesFirstFrames()) throw hiddenFramesError(one, other);
  if (difference === undefined) return;
  throw new UnsupportedError(`Cannot join ${other.path} with ${one.path}: it has ${difference}`, {
    code: "CODEC_HEADERS",
    operation: "join files",
    hint:
      "Files are joined as they are where one encoder has made them with the same settings: transcode the others first",
  });
}

function hiddenFramesError(one: FilePackets, other: FilePackets): UnsupportedError {
  return new UnsupportedError(
    `Cannot join ${other.path} with ${one.path}: it begins with frames that its edit list hides`,
    {
      code: "EDIT_LIST",
      operation: "join files",
      hint: "Cut it anew: trim begins at a key frame, or exactly",
    },
  );
}

function differenceOf(one: FilePackets, other: FilePackets, index: number): string | null {
  const facts = [one, other].map((source) => source.facts(index));
  for (const name of Object.keys(facts[0]!)) {
    const [first, second] = [facts[0]![name], facts[1]![name]];
    // What is empty is not known, or has no meaning.
    if (first !== second && first !== "" && second !== "") {
      return `${name} ${second} in stream ${index}, not ${first}`;
    }
  }
  const [headers, otherHeaders] = [one.demuxer.headers(index), other.demuxer.headers(index)];
  const isSame = headers.length === otherHeaders.length &&
    headers.every((byte, at) => byte === otherHeaders[at]);
  return isSame ? null : `other codec headers in stream ${index}`;
}
