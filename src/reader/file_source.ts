/**
 * A source over a file that is read in another thread.
 *
 * @module
 */
import type { Address } from "../../ffi/mod.ts";
import { audioSamples } from "../audio/decoded_samples.ts";
import type { MediaPacket } from "../engine/copying/media_packet.ts";
import type { PacketSource } from "../engine/copying/packet_source.ts";
import type { ReadFrame } from "../engine/reading/reading_types.ts";
import { ReadError } from "../errors.ts";
import { shown } from "../shown.ts";
import type { Lender, SourceFrame } from "../source/pipeline/source_frame.ts";
import type { DecodedFrame } from "../source/source.ts";
import type { SubtitleCue } from "../subtitles/cue.ts";
import type { Reading } from "../thread/reading/reading_calls.ts";
import type { OpenReading } from "../thread/reading/reading_thread.ts";
import { receivedPacket, receivedSamples } from "../thread/sending/sent_bytes.ts";
import { DescribedSource } from "./described_source.ts";
import { SourcePackets } from "./source_packets.ts";
import type { DecodedSamples, VideoSource } from "./video_source.ts";

/** Frames on their way. */
type Coming = Promise<ReadFrame | null>;

/** A source over an open file. */
export class FileSource extends DescribedSource implements VideoSource {
  readonly #reading: Reading;
  readonly #queueSize: number;
  /** Frames that were asked for and not given yet, in order. */
  #coming: Coming[] = [];
  /** Frames that were lent, to be given back with the next question. */
  readonly #returned: Address[] = [];
  readonly #lender: Lender = {
    giveBack: (address) => {
      this.#returned.push(address);
      // No question may come.
      if (this.#coming.length === 0 || this.distributor.isEmpty) this.#giveBack();
    },
    load: async (lent) => {
      const copy = await this.#unlessEnded(this.#reading.ask("copy", { lent, ...this.frameAsk }));
      return copy.data as ArrayBuffer;
    },
  };
  #status: VideoSource["status"] = "running";
  /** Why there is no more of it: it was closed, or aborted. */
  #end: { readonly reason: unknown } | null = null;
  #closing: Promise<void> | null = null;
  readonly #packets = new SourcePackets({
    packets: () => this.#readPackets(),
    describe: async () => await this.#unlessEnded(this.#reading.ask("describe", {})),
  });
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => void this.#close(this.#signal!.reason);

  /** A source that decodes so many frames ahead, until it is closed or the signal is aborted. */
  constructor({ reading, info }: OpenReading, queueSize: number, signal: AbortSignal | undefined) {
    super(info, queueSize);
    this.#reading = reading;
    this.#queueSize = queueSize;
    this.#signal = signal;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  get packets(): PacketSource {
    return this.#packets;
  }

  override get status(): VideoSource["status"] {
    return this.#status;
  }

  protected override async pull(): Promise<SourceFrame | null> {
    this.#requireOpen();
    while (this.#coming.length < this.#queueSize) {
      const mayLend = this.takesLent;
      const returned = this.#returned.splice(0);
      const coming = this.#reading.ask("frame", { returned, ...(mayLend ? { mayLend } : this.frameAsk) });
      // Told when its turn has come.
      coming.catch(() => {});
      this.#coming.push(coming);
    }
    const frame = await this.#unlessEnded(this.#coming.shift()!);
    if (frame !== null) return this.frameOf(frame);
    this.#status = "ended";
    this.#dropComing();
    return null;
  }

  protected override rest(): void {
    this.#giveBack();
  }

  protected override get lender(): Lender {
    return this.#lender;
  }

  async seek(seconds: number): Promise<void> {
    this.#requireOpen();
    requireSeconds(seconds, "seek to");
    this.#dropComing();
    this.#status = "running";
    this.restart();
    await this.#unlessEnded(this.#reading.ask("seek", { seconds }));
  }

  async frameAt(seconds: number): Promise<DecodedFrame | null> {
    this.#requireOpen();
    requireSeconds(seconds, "read the frame at");
    const frame = await this.#unlessEnded(this.#reading.ask("frameAt", { seconds, ...this.frameAsk }));
    return frame === null ? null : this.#shown(frame);
  }

  async *framesAt(sorted: Iterable<number>): AsyncGenerator<DecodedFrame, void, undefined> {
    const coming: { readonly seconds: number; readonly frame: Coming }[] = [];
    const give = async (): Promise<DecodedFrame> => {
      const { seconds, frame: asked } = coming.shift()!;
      const frame = await this.#unlessEnded(asked);
      if (frame !== null) return this.#shown(frame);
      throw noFrameError(seconds, this.duration);
    };
    let before = -Infinity;
    for (const seconds of sorted) {
      this.#requireOpen();
      requireSeconds(seconds, "read the frame at");
      if (seconds < before) {
        throw new RangeError(
          `Cannot read the frame at ${seconds} s after that at ${before} s: sort the times`,
        );
      }
      before = seconds;
      const frame = this.#reading.ask("frameAt", { seconds, ...this.frameAsk });
      frame.catch(() => {});
      coming.push({ seconds, frame });
      if (coming.length >= this.#queueSize) yield await give();
    }
    while (coming.length > 0) yield await give();
  }

  audio(track = 0): AsyncGenerator<DecodedSamples, void, undefined> {
    return this.audioFrom(track, 0);
  }

  /** The samples from a time in seconds on; where the file can't be read from there, those before, too. */
  async *audioFrom(track: number, from: number): AsyncGenerator<DecodedSamples, void, undefined> {
    requireTrack("audio", track, this.audioTracks.length);
    this.#requireOpen();
    const opened = this.#reading.ask("openTrack", { kind: "audio", track, from });
    const pieces = this.#read(opened, askedAhead((reader) => this.#reading.ask("samples", { reader })));
    for await (const { samples: sent, timestamp } of pieces) {
      const samples = receivedSamples(sent);
      yield { samples: audioSamples(samples), timestamp, duration: samples.count / samples.sampleRate };
    }
  }

  async *cues(track = 0): AsyncGenerator<SubtitleCue, void, undefined> {
    requireTrack("subtitle", track, this.subtitleTracks.length);
    const { isText, codec } = this.subtitleTracks[track]!;
    if (!isText) {
      throw new ReadError(`Cannot read subtitle track ${track} as text: ${codec} has pictures`, {
        code: "SUBTITLES",
        operation: "read subtitles",
        hint: null,
      });
    }
    this.#requireOpen();
    const opened = this.#reading.ask("openTrack", { kind: "subtitles", track, from: 0 });
    yield* this.#read(opened, async (reader) => {
      const cue = await this.#reading.ask("cue", { reader });
      return cue === null ? null : [cue];
    });
  }

  /** Packets of all tracks. */
  async *#readPackets(): AsyncGenerator<MediaPacket, void, undefined> {
    this.#requireOpen();
    const opened = this.#reading.ask("openPackets", {});
    const packets = this.#read(opened, askedAhead((reader) => this.#reading.ask("packets", { reader })));
    for await (const packet of packets) yield receivedPacket(packet);
  }

  /** What a reader reads, which is closed at the end. */
  async *#read<Piece>(
    opened: Promise<number>,
    next: (reader: number) => Promise<readonly Piece[] | null>,
  ): AsyncGenerator<Piece, void, undefined> {
    const reader = await this.#unlessEnded(opened);
    try {
      for (;;) {
        this.#requireOpen();
        const pieces = await this.#unlessEnded(next(reader));
        if (pieces === null) return;
        yield* pieces;
      }
    } finally {
      if (this.#end === null) await this.#reading.ask("closeTrack", { reader });
    }
  }

  async close(): Promise<void> {
    await this.#close(
      new ReadError("Cannot read on: the source was closed", {
        code: "CLOSED",
        operation: "read a file",
        hint: "Open the file again",
      }),
    );
  }

  protected override async free(): Promise<void> {
    await Promise.all([super.free(), this.#packets.detachAll()]);
    await this.close();
  }

  /** The part of a frame that is asked for. */
  #shown(frame: ReadFrame): DecodedFrame {
    return this.partOf(this.frameOf(frame));
  }

  #close(reason: unknown): Promise<void> {
    this.#end ??= { reason };
    this.#status = "ended";
    this.dropUnsent();
    this.#dropComing();
    this.#signal?.removeEventListener("abort", this.#onAbort);
    return this.#closing ??= this.#reading.close();
  }

  /** Frames that were asked for are not given. */
  #dropComing(): void {
    for (const coming of this.#coming.splice(0)) {
      coming.then((frame) => frame !== null && this.frameOf(frame).release(), () => {});
    }
    this.#giveBack();
  }

  /** Gives back what waits for the next question: none may come. */
  #giveBack(): void {
    const returned = this.#returned.splice(0);
    if (returned.length > 0) this.#reading.ask("giveBack", { returned }).catch(() => {});
  }

  #requireOpen(): void {
    if (this.#end !== null) throw this.#end.reason;
  }

  /** What a thread answers; throws the reason where the source was closed meanwhile. */
  async #unlessEnded<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      this.#requireOpen();
      throw error;
    }
  }
}

/** Asks for pieces while those before are given; there are none at the end. */
function askedAhead<Piece>(
  ask: (reader: number) => Promise<readonly Piece[]>,
): (reader: number) => Promise<readonly Piece[] | null> {
  let coming: Promise<readonly Piece[]> | null = null;
  return async (reader) => {
    const pieces = await (coming ?? ask(reader));
    coming = pieces.length === 0 ? null : ask(reader);
    coming?.catch(() => {});
    return pieces.length === 0 ? null : pieces;
  };
}

function requireSeconds(seconds: unknown, action: string): void {
  if (typeof seconds !== "number") {
    throw new TypeError(`Cannot ${action} ${shown(seconds)}: give a number of seconds`);
  }
  if (!Number.isFinite(seconds)) {
    throw new RangeError(`Cannot ${action} ${seconds} s: give a finite number of seconds`);
  }
}

/** The error where no frame is shown at a time. */
function noFrameError(seconds: number, duration: number | null): Error {
  if (duration === null || seconds < 0 || seconds >= duration) {
    return new RangeError(
      `Cannot read the frame at ${seconds} s: the video is from 0 to ${duration ?? "?"} s`,
    );
  }
  return new ReadError(
    `Cannot read the frame at ${seconds} s: the video ends before, and the file says it is ${duration} s long`,
    { code: "INVALIDDATA", operation: "read a frame", hint: null },
  );
}

function requireTrack(kind: string, track: unknown, count: number): void {
  if (Number.isInteger(track) && (track as number) >= 0 && (track as number) < count) return;
  throw new RangeError(
    `Cannot read ${kind} track ${shown(track)}: the file has ${
      count === 0 ? "none" : `${count}, counted from 0`
    }`,
  );
}
