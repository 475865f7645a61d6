/**
 * The time between two texts of mp4, where one empty text would be longer than its muxer can tell.
 *
 * @module
 */

/** The longest step between two samples, in ticks: movenc.c takes 31 bits. */
const maxTicks = 2n ** 30n;

/** The bytes of a sample of 3GPP Timed Text that has no text (3GPP TS 26.245): its length alone. */
export const emptyText: Uint8Array = new Uint8Array(2);

/** An empty text, in ticks. */
export interface TextGap {
  readonly start: bigint;
  readonly duration: bigint;
}

/**
 * The empty texts that divide the time from the end of one text to the start of the next; none where the
 * muxer's own will do.
 */
export function textGaps(end: bigint, start: bigint): TextGap[] {
  const gaps: TextGap[] = [];
  for (let at = end; start - at > maxTicks; at += maxTicks) gaps.push({ start: at, duration: maxTicks });
  return gaps;
}
