/**
 * When the packets of a video are decoded: the one place that decides it.
 *
 * Encoders tell decode times that count frames. Where frames come unevenly, containers need times that no
 * encoder knows: each later than the last, none after its picture is shown, and in mp4, which keeps nothing
 * but the steps between them, with a sum that is the length of the video.
 *
 * With a reorder depth of D, packet n is decoded when the frame D places before the next one to be shown is
 * shown, but no earlier than D steps of the nominal rate before that: so a pause in the video is a pause in
 * decoding, too.
 *
 * @module
 */

/** A frame's place in time, in ticks. */
interface Shown {
  readonly start: bigint;
  readonly end: bigint;
}

/** When a packet is decoded, in ticks. */
export interface DecodeTime {
  /** When it is decoded: never after its frame is shown. */
  readonly time: bigint;
  /**
   * How long until the next one is decoded; at the end of the video, until its decoding has taken as long as
   * it is shown.
   */
  readonly duration: bigint;
}

/** Whether a packet is followed by others: of frames that are known, of frames that may come, or by none. */
export type Followers = "sure" | "unsure" | "none";

/** The reorder depth that H.264 and H.265 allow at most (ITU-T H.264, max_num_reorder_frames). */
export const maxReorderFrames = 16;

/** The decode times of one video. Frames are told by their numbers, in the order in which they are shown. */
export class DecodeTimes {
  /** Ticks of a frame at the nominal rate. */
  readonly #step: bigint;
  /** The least ticks between two decode times. */
  #tick = 1n;
  #depth = 0;
  readonly #frames = new Map<number, Shown>();
  #count = 0;
  /** The first frame whose packet is yet to come. */
  #next = 0;
  /** Frames after that whose packets are there already. */
  readonly #ahead = new Set<number>();
  #forgotten = 0;
  /** When the last packet was decoded. */
  #last: bigint | null = null;
  /** By how much the first packet is decoded before the first frame is shown. */
  #lead = 0n;

  /** For a nominal rate whose frames are so many ticks long. */
  constructor(step: bigint) {
    this.#step = step;
  }

  /** Notes by how many frames packets may be out of order. */
  noteDelay(frames: number): void {
    // x265 (3.5 at least) leaves decode times uninitialized in streams that are shorter than its reorder
    // depth.
    if (frames >= 0 && frames <= maxReorderFrames) this.#depth = Math.max(this.#depth, frames);
  }

  /** Keeps decode times at least so many ticks apart: those that the container can tell from each other. */
  set tick(ticks: bigint) {
    this.#tick = ticks;
  }

  /** When the first frame is shown whose packet is yet to come; `null` where all packets are there. */
  get waitingSince(): bigint | null {
    return this.#frames.get(this.#next)?.start ?? null;
  }

  /** When the last frame that was taken is shown. */
  get last(): Shown | null {
    return this.#frames.get(this.#count - 1) ?? null;
  }

  /** Takes the next frame, shown from one tick to another; returns its number. */
  take(start: bigint, end: bigint): number {
    this.#frames.set(this.#count, { start, end });
    return this.#count++;
  }

  /** Shows the last frame that was taken until another tick. */
  extend(end: bigint): void {
    const last = this.last;
    if (last !== null) this.#frames.set(this.#count - 1, { ...last, end });
  }

  /** Ends the video after its first `count` frames: no more of its packets come. */
  cut(count: number): void {
    for (let frame = count; frame < this.#count; frame++) this.#frames.delete(frame);
    this.#count = count;
  }

  /** When a frame is shown; `null` for a number that none has. */
  shown(frame: number): Shown | null {
    return this.#frames.get(frame) ?? null;
  }

  /** The decode time of the packet that comes next, which is that of a frame. */
  place(frame: number, followers: Followers): DecodeTime {
    const { start, end } = this.#frames.get(frame)!;
    const placed = this.#decodeTime();
    const time = placed < start ? placed : start;
    if (this.#last === null) this.#lead = this.#frames.get(0)!.start - time;
    this.#last = time;
    this.#leave(frame);
    if (followers === "sure") return { time, duration: this.#decodeTime() - time };
    // The next one may come at once, and be reordered by more: fragments take none before the last has ended.
    if (followers === "unsure") return { time, duration: this.#tick };
    // As long as it is shown at least: where it is shown last, nothing else tells when the video ends.
    return { time, duration: latest(this.last!.end - this.#lead - time, end - start, this.#tick) };
  }

  /** When the next packet is decoded, whichever it is. */
  #decodeTime(): bigint {
    const early = Math.max(0, this.#depth - this.#ahead.size);
    // Where no frame is left, one might be shown when the last one ends.
    const next = this.#frames.get(this.#next)?.start ?? this.last!.end;
    const evenly = next - BigInt(early) * this.#step;
    const before = this.#frames.get(this.#next - early)?.start ?? evenly;
    return latest(before, evenly, this.#last === null ? evenly : this.#last + this.#tick);
  }

  #leave(frame: number): void {
    this.#ahead.add(frame);
    // More packets than may be out of order are there already: the encoder has left a frame out.
    if (this.#ahead.size > this.#depth && !this.#ahead.has(this.#next)) this.#next = Math.min(...this.#ahead);
    while (this.#ahead.delete(this.#next)) this.#next++;
    // The file may end with any of the last group of frames that are coded out of order.
    const needed = Math.min(this.#next - maxReorderFrames - 1, this.#count - 1);
    for (; this.#forgotten < needed; this.#forgotten++) this.#frames.delete(this.#forgotten);
  }
}

function latest(first: bigint, ...others: readonly bigint[]): bigint {
  return others.reduce((most, ticks) => ticks > most ? ticks : most, first);
}
