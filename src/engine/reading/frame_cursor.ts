/**
 * A place in a video: the frame that is shown there, and the next one.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { AvError, ReadError } from "../../errors.ts";
import { NativeFrame } from "../../libav/native_frame.ts";
import { NativePacket } from "../../libav/native_packet.ts";
import type { InputStream } from "../../libav/reading/input_stream.ts";
import { frameDuration, frameTicks, VideoDecoder } from "../../libav/reading/video_decoder.ts";
import type { HeldFrame, ShownFrame } from "./held_frame.ts";
import { InputClock, type MediaInput } from "./media_input.ts";
import { reading } from "./reading_error.ts";
import { type SourceKind, StreamPackets } from "./stream_packets.ts";

/** How far before a time a key frame is looked for, in seconds, until one is early enough. */
const stepsBack = [0, 2, 8, 32] as const;
/** How far ahead a time may be to be decoded to where no index tells of key frames, in seconds. */
const nearSeconds = 3;
/** The most damaged packets before the first frame: streams that were cut begin with some. */
const maxDamagedFirst = 1000;

/** Decodes a video stream, forwards, and from wherever it is told to. */
export class FrameCursor implements Disposable {
  readonly #native: Native;
  readonly #stream: InputStream;
  readonly #label: string;
  readonly #isLive: boolean;
  readonly #isResumable: boolean;
  readonly #packets: StreamPackets;
  readonly #owned: DisposableStack;
  readonly #decoder: VideoDecoder;
  readonly #packet: NativePacket;
  /** Seconds and ticks. */
  readonly clock: InputClock;
  /** How long a frame is shown where nothing else tells, in ticks. */
  readonly #usualDuration: bigint;
  #spare: HeldFrame[];
  #current: HeldFrame | null = null;
  #next: HeldFrame | null = null;
  #hasBegun = false;
  /** Frames before this time refer to others that were not decoded. */
  #trustedFrom: bigint | null = null;
  /** Whether the packet at hand is to be sent next. */
  #hasPacket = false;
  #lastDecodeTime: bigint = NativePacket.noTime;
  #lastTicks: bigint | null = null;
  #lastDuration = 0n;
  #frames = 0;
  #damaged = 0;
  #isDiscontinuous = false;
  /** Whether the current frame is the next one to give. */
  #isPending = false;
  /** Why nothing comes after the next frame. */
  #failure: ReadError | null = null;

  /** At the beginning of a stream; takes over the input. A live one is not read ahead. */
  constructor(
    native: Native,
    input: MediaInput,
    stream: InputStream,
    label: string,
    kind: SourceKind = "file",
  ) {
    using owned = new DisposableStack();
    this.#native = native;
    const { demuxer } = owned.use(input);
    const origin = { demuxer, stream: stream.index, label, kind };
    this.#packets = owned.use(new StreamPackets(native, origin));
    this.#stream = stream;
    this.#label = label;
    this.#isLive = kind !== "file";
    this.#isResumable = kind === "resumable";
    this.clock = new InputClock(stream, input.origin);
    demuxer.readOnly(stream.index);
    this.#decoder = reading(label, "decode", () => owned.use(new VideoDecoder(native, stream, this.#isLive)));
    this.#packet = owned.use(new NativePacket(native));
    const held = (): HeldFrame => ({ frame: owned.use(new NativeFrame(native)), ticks: 0n, duration: 0n });
    this.#spare = [held(), held()];
    const [rate] = stream.suggestedRates;
    const { num, den } = stream.timeBase;
    this.#usualDuration = rate === undefined ? 0n : BigInt(Math.round(rate.den * den / (rate.num * num)));
    this.#owned = owned.move();
  }

  /** The next frame in the order of display; `null` at the end. */
  advance(): ShownFrame | null {
    // A seek has decoded ahead, also in what is live.
    if (this.#isLive && !this.#isPending && this.#next === null) this.#moveNow();
    else this.#move();
    return this.#shown();
  }

  /** The frame that is shown at a time in seconds; `null` where none is. */
  at(seconds: number): ShownFrame | null {
    const target = this.clock.ticks(seconds);
    this.#goTo(target);
    if (this.#current === null || this.#hasEndedBefore(target)) return null;
    // Before the first frame, which is later where audio begins first, players show that one.
    return this.#current.ticks <= target || seconds >= 0 ? this.#shown() : null;
  }

  /** Whether the current frame is the last one, and over at a time. */
  #hasEndedBefore(target: bigint): boolean {
    const current = this.#current;
    if (current === null || this.#next !== null) return false;
    const duration = this.#durationOf(current);
    return duration > 0n && target >= current.ticks + duration;
  }

  /** Has the frame that is shown at a time in seconds, or the first one after it, come next. */
  seek(seconds: number): void {
    const target = this.clock.ticks(seconds);
    this.#goTo(target);
    this.#isPending = this.#current !== null && !this.#hasEndedBefore(target);
    this.#isDiscontinuous = true;
  }

  #move(): void {
    if (this.#isPending) {
      this.#isPending = false;
      return;
    }
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#next = this.#decode();
    }
    if (this.#next === null && this.#failure !== null) throw this.#failure;
    const before = this.#current;
    this.#current = this.#next;
    if (before !== null) {
      if (this.#current !== null && this.#current.ticks <= before.ticks) this.#isDiscontinuous = true;
      this.#release(before);
    }
    this.#next = this.#current === null ? null : this.#decode();
  }

  /** Takes the next frame of a live stream, without a look at the one after it, which is yet to come. */
  #moveNow(): void {
    const before = this.#lastTicks;
    if (this.#current !== null) this.#release(this.#current);
    this.#current = this.#decode();
    if (this.#current === null && this.#failure !== null) throw this.#failure;
    if (before !== null && this.#current !== null && this.#current.ticks <= before) {
      this.#isDiscontinuous = true;
    }
  }

  #release(held: HeldFrame): void {
    held.frame.unref();
    this.#spare.push(held);
  }

  #shown(): ShownFrame | null {
    const current = this.#current;
    if (current === null) return null;
    const isDiscontinuous = this.#isDiscontinuous;
    this.#isDiscontinuous = false;
    const duration = this.#durationOf(current);
    return {
      frame: current.frame,
      timestamp: this.clock.seconds(current.ticks),
      duration: duration > 0n ? this.clock.length(duration) : null,
      isDiscontinuous,
    };
  }

  /** How long a frame is shown: until the next one, or as long as the stream or the packet says. */
  #durationOf({ ticks, duration }: HeldFrame): bigint {
    const next = this.#next;
    if (next !== null && next.ticks > ticks) return next.ticks - ticks;
    const { startTicks, durationTicks, frameCount } = this.#stream;
    // Where the header counts frames, it is of the whole file, and not an estimate.
    if (next === null && frameCount > 0 && startTicks !== null && durationTicks !== null) {
      const left = startTicks + durationTicks - ticks;
      if (left > 0n) return left;
    }
    return duration > 0n ? duration : this.#usualDuration;
  }

  #goTo(target: bigint): void {
    if (!this.#isAhead(target)) this.#jump(target);
    if (!this.#hasBegun || this.#current === null) this.#move();
    this.#isPending = false;
    while (this.#next !== null && this.#next.ticks <= target) this.#move();
    if (this.#failure !== null && this.#hasEndedBefore(target)) throw this.#failure;
  }

  /** Whether a time is reached by decoding on, with no key frame to begin at between here and there. */
  #isAhead(target: bigint): boolean {
    const current = this.#current;
    if (current === null || target < current.ticks) return false;
    if (this.#next === null || target < this.#next.ticks) return true;
    const key = this.#stream.keyFrameBefore(target);
    if (key === null) return this.clock.length(target - current.ticks) < nearSeconds;
    const here = this.#lastDecodeTime === NativePacket.noTime ? current.ticks : this.#lastDecodeTime;
    return key === this.#stream.keyFrameBefore(here);
  }

  /** Goes to the last key frame from which everything at a time can be decoded. */
  #jump(target: bigint): void {
    const { num, den } = this.#stream.timeBase;
    for (const back of stepsBack) {
      const at = target - BigInt(Math.round(back * den / num));
      if (at < (this.#stream.startTicks ?? 0n)) break;
      if (this.#restart(at) && this.#trustedFrom !== null && this.#trustedFrom <= target) {
        this.#move();
        if (this.#current !== null && this.#current.ticks <= target) return;
      }
    }
    this.#restart(null);
    this.#move();
  }

  /** Begins anew at a key frame before a time, or at the beginning; returns whether there is one. */
  #restart(at: bigint | null): boolean {
    for (const held of [this.#current, this.#next]) if (held !== null) this.#release(held);
    this.#current = this.#next = null;
    this.#hasBegun = this.#hasPacket = this.#isPending = false;
    this.#failure = null;
    this.#packet.unref();
    this.#packets.restart();
    this.#decoder.flush();
    this.#trustedFrom = this.#lastTicks = null;
    this.#lastDecodeTime = NativePacket.noTime;
    this.#frames = this.#damaged = 0;
    if (!(at === null ? this.#stream.rewind() : this.#stream.seek(at))) {
      if (at === null) {
        throw new ReadError(
          `Cannot go back in ${this.#label}: this file is not readable from another place on`,
          {
            code: "NOT_SEEKABLE",
            operation: "seek in a file",
            hint: "Read it from its beginning",
          },
        );
      }
      return false;
    }
    if (at === null) return true;
    while (this.#packets.read(this.#packet)) {
      if (this.#packet.isKey) {
        const { pts, dts } = this.#packet;
        this.#trustedFrom = pts === NativePacket.noTime ? dts : pts;
        return this.#hasPacket = true;
      }
      this.#packet.unref();
    }
    return false;
  }

  /** Reads the next packet. Where a live stream breaks off for good, what came before it is decoded first. */
  #readOn(): boolean {
    try {
      return this.#packets.read(this.#packet);
    } catch (error) {
      if (!this.#isLive || this.#isResumable || !(error instanceof ReadError)) throw error;
      this.#failure = error;
      return false;
    }
  }

  /** The next frame that the decoder gives; `null` at the end, which may be a failure. */
  #decode(): HeldFrame | null {
    const held = this.#spare.pop()!;
    try {
      if (this.#decodeInto(held)) return held;
    } catch (error) {
      if (!(error instanceof ReadError)) throw error;
      this.#failure = error;
    }
    this.#spare.push(held);
    return null;
  }

  #decodeInto(held: HeldFrame): boolean {
    for (;;) {
      const received = this.#receive(held.frame);
      if (received === "end") return false;
      if (received === "nothing") {
        this.#feed();
        continue;
      }
      this.#place(held);
      if (this.#trustedFrom === null || held.ticks >= this.#trustedFrom) return true;
      held.frame.unref();
    }
  }

  #receive(frame: NativeFrame): "frame" | "nothing" | "end" {
    try {
      return this.#decoder.receive(frame);
    } catch (error) {
      this.#noteDamage(error as Error);
      return "nothing";
    }
  }

  #feed(): void {
    if (!this.#hasPacket && !this.#readOn()) {
      this.#decoder.send(null);
      if (this.#frames === 0 && this.#damaged > 0) throw this.#damage(null);
      return;
    }
    this.#hasPacket = false;
    this.#lastDecodeTime = this.#packet.dts;
    const { isCorrupt } = this.#packet;
    const isTaken = this.#decoder.send(this.#packet);
    this.#packet.unref();
    if (!isTaken || isCorrupt) this.#noteDamage(null);
  }

  /** Before the first frame, damage is what was cut off; later an error. Live streams lose packets. */
  #noteDamage(cause: Error | null): void {
    if (cause !== null && !(cause instanceof AvError)) throw cause;
    this.#damaged++;
    this.#isDiscontinuous ||= this.#isLive;
    if (this.#frames > 0 && !this.#isLive || this.#damaged > maxDamagedFirst) throw this.#damage(cause);
  }

  #damage(cause: Error | null): ReadError {
    const place = this.#lastTicks === null
      ? "none of its frames can be decoded"
      : `what comes after ${this.clock.seconds(this.#lastTicks).toFixed(3)} s is damaged`;
    return new ReadError(`Cannot decode ${this.#label}: ${place}`, {
      code: "INVALIDDATA",
      operation: "decode a frame",
      hint: this.#lastTicks === null ? null : "Frames behind it can be read after a seek",
      cause: cause ?? undefined,
    });
  }

  /** Gives a frame its time: where nothing tells it, that at which the one before ends. */
  #place(held: HeldFrame): void {
    held.duration = frameDuration(this.#native, held.frame);
    const usual = this.#lastDuration > 0n ? this.#lastDuration : this.#usualDuration;
    held.ticks = frameTicks(this.#native, held.frame) ??
      (this.#lastTicks === null ? this.#stream.startTicks ?? 0n : this.#lastTicks + usual);
    this.#lastTicks = held.ticks;
    this.#lastDuration = held.duration;
    this.#frames++;
    if (this.#isLive) this.#damaged = 0;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
