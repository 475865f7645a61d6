/**
 * Answers what a reader asks of its file.
 *
 * @module
 */
import { loadNative, type Native } from "../../../ffi/mod.ts";
import { SessionControl } from "../../engine/ending/session_control.ts";
import type { MediaPacket } from "../../engine/copying/media_packet.ts";
import { LentFrames } from "../../engine/reading/lent_frames.ts";
import type { PacketReader } from "../../engine/reading/packet_reader.ts";
import { LiveSession } from "../../engine/reading/live_session.ts";
import { ReadingSession } from "../../engine/reading/reading_session.ts";
import type { AudioReader, SubtitleReader } from "../../engine/reading/track_readers.ts";
import { interruptWhen } from "../../libav/interruption.ts";
import { type SentPacket, sentSamples } from "../sending/sent_bytes.ts";
import type { AskedCall, ReadCallName, ReadCalls, SentPiece } from "./reading_calls.ts";

/** An answer, and the buffers in it that become the program's. */
export interface ReadAnswer {
  readonly value: ReadCalls[ReadCallName]["answer"];
  readonly transferred: ArrayBuffer[];
}

/** Reads one file at a time. */
export class ReadingService {
  /** Whether the thread does nothing else, so that all work in it ends with its reader. */
  readonly #isAlone: boolean;
  #native: Native | null = null;
  #session: ReadingSession | LiveSession | null = null;
  /** What is lent, also of files that are closed. */
  readonly #lent = new LentFrames();
  readonly #tracks = new Map<number, AudioReader | SubtitleReader | PacketReader>();
  #lastTrack = 0;

  /** In a thread that does nothing else, or in the program's. */
  constructor(isAlone: boolean) {
    this.#isAlone = isAlone;
  }

  /** Does what is asked. */
  answer(call: AskedCall): ReadAnswer {
    const value = this.#do(call);
    return { value, transferred: buffersOf(value) };
  }

  #do(call: AskedCall): ReadCalls[ReadCallName]["answer"] {
    switch (call.type) {
      case "open":
        return this.#open(call);
      case "devices":
        return loadNative(call.libraryPath).devicesPath;
      case "frame":
        this.#lent.giveBack(call.returned ?? []);
        return this.#session!.next(call.memory, call.mayLend ? this.#lent : null);
      case "copy":
        return this.#file.copyOf(this.#lent.at(call.lent), call.memory);
      case "giveBack":
        this.#lent.giveBack(call.returned);
        return null;
      case "seek":
        this.#file.seek(call.seconds);
        return null;
      case "frameAt":
        return this.#file.frameAt(call.seconds, call.memory);
      case "openTrack":
        return this.#openTrack(call);
      case "samples":
        return this.#samples(call.reader);
      case "cue":
        return (this.#tracks.get(call.reader) as SubtitleReader).next();
      case "describe":
        return this.#session!.describe();
      case "openPackets":
        this.#tracks.set(++this.#lastTrack, this.#session!.openPackets());
        return this.#lastTrack;
      case "packets":
        return (this.#tracks.get(call.reader) as PacketReader).next().map(sentWhole);
      case "closeTrack":
        this.#tracks.get(call.reader)?.[Symbol.dispose]();
        this.#tracks.delete(call.reader);
        return null;
      case "close":
        this.#close();
        return null;
    }
  }

  #open(
    { request, libraryPath, control: memory }: AskedCall & { type: "open" },
  ): ReadCalls["open"]["answer"] {
    const native = this.#native = loadNative(libraryPath);
    const control = new SessionControl(memory);
    if (this.#isAlone) interruptWhen(native, () => control.isAborted);
    this.#session = ["network", "device"].includes(request.place.kind)
      ? new LiveSession(native, request, control)
      : new ReadingSession(native, request);
    return { info: this.#session.info, folder: native.folder };
  }

  /** A file, which can be read at any place. */
  get #file(): ReadingSession {
    return this.#session as ReadingSession;
  }

  #openTrack({ kind, track, from }: AskedCall & { type: "openTrack" }): number {
    const session = this.#file;
    const reader = kind === "audio" ? session.openAudio(track, from) : session.openSubtitles(track);
    this.#tracks.set(++this.#lastTrack, reader);
    return this.#lastTrack;
  }

  #samples(reader: number): SentPiece[] {
    return (this.#tracks.get(reader) as AudioReader).next()
      .map(({ samples, timestamp }) => ({ samples: sentSamples(samples), timestamp }));
  }

  #close(): void {
    for (const track of this.#tracks.values()) track[Symbol.dispose]();
    this.#tracks.clear();
    this.#session?.[Symbol.dispose]();
    this.#session = null;
    if (this.#isAlone && this.#native !== null) interruptWhen(this.#native, null);
  }
}

/** A packet whose bytes are its own. */
function sentWhole(packet: MediaPacket): SentPacket {
  return { ...packet, data: packet.data.buffer };
}

function buffersOf(value: ReadAnswer["value"]): ArrayBuffer[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) {
    return (value as readonly (SentPacket | SentPiece)[])
      .flatMap((piece) => "samples" in piece ? piece.samples.planes : [piece.data]);
  }
  return "data" in value && value.data instanceof ArrayBuffer ? [value.data] : [];
}
