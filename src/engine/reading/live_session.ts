/**
 * A live stream that is read over one connection: synchronous, without threads or promises.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { ReadError } from "../../errors.ts";
import { interruptBy } from "../../libav/interruption.ts";
import { setInputLogLevel } from "../../libav/log.ts";
import type { SessionControl } from "../ending/session_control.ts";
import { FrameCopier } from "./frame_copier.ts";
import { FrameCursor } from "./frame_cursor.ts";
import type { ShownFrame } from "./held_frame.ts";
import { HlsDemuxer } from "./http/hls_demuxer.ts";
import { MediaInput } from "./media_input.ts";
import type { CopiedFile } from "../copying/media_packet.ts";
import { describeFile, PacketReader } from "./packet_reader.ts";
import { isComplete, outputFormat, videoStream } from "./reading_session.ts";
import type { HlsPosition, ReadFrame, ReadRequest, Resumption, SourceInfo } from "./reading_types.ts";
import { describeSource } from "./source_facts.ts";
import { streamColor } from "../../video/reading/read_color.ts";

/** How far apart two times of one frame may be, in seconds. */
const sameSeconds = 1e-4;

/** Reads one live stream, which can't be read twice, nor from another place on. */
export class LiveSession implements Disposable {
  readonly #control: SessionControl;
  readonly #owned = new DisposableStack();
  readonly #copier: FrameCopier;
  readonly #cursor: FrameCursor;
  readonly #native: Native;
  readonly #input: MediaInput;
  readonly #label: string;
  /** What is read: what has been read as one is lost for the other. */
  #reads: "nothing" | "frames" | "packets" = "nothing";
  /** The first frame, where it had to tell what the stream does not. */
  #first: ReadFrame | null = null;
  /** The time of the last frame of an earlier connection: frames up to it are left out. */
  #after: number | null = null;
  /** From how many seconds before it on it can't be what comes again. */
  #mostRepeated = Infinity;
  /** What the stream says. */
  readonly info: SourceInfo;

  /**
   * Connects, and finds out what the streams are. The control ends each call that waits. Throws a
   * {@linkcode ReadError} where there is nothing to read, or no video.
   */
  constructor(native: Native, request: ReadRequest, control: SessionControl) {
    this.#control = control;
    this.#native = native;
    this.#label = request.label;
    using owned = new DisposableStack();
    // libav's own lines tell stream keys, and of each packet that was lost.
    setInputLogLevel(native, request.logLevel);
    interruptBy(native, control.memory);
    owned.defer(() => interruptBy(native, null));
    const format = request.format === null ? null : outputFormat(native, request.format);
    const input = owned.use(control.timed(() => new MediaInput(native, request, control)));
    this.#input = input;
    const stream = videoStream(input, request);
    this.#copier = owned.use(new FrameCopier(native, format, streamColor(native, stream)));
    const described = describeSource(native, input, stream, format, request.label, true);
    const { place, label } = request;
    const isResumable = place.kind === "network" && place.isResumable && described.duration !== null;
    const kind = isResumable ? "resumable" : "live";
    const resumption = place.kind === "network" ? place.resumption : null;
    const isHlsResumed = this.#resumeHls(resumption);
    this.#cursor = owned.use(new FrameCursor(native, input, stream, label, kind));
    const isResumed = resumption !== null && (isHlsResumed || isResumable && resumption.isRecording);
    if (isResumed) this.#resume(resumption.seconds);
    const info = { ...described, isResumed };
    this.info = isComplete(info) ? info : { ...info, ...this.#looked(request.label) };
    this.#owned = owned.move();
  }

  /** The next frame, in the memory given if it fits; `null` at the end. */
  next(memory?: ArrayBuffer): ReadFrame | null {
    this.#begin("frames");
    const first = this.#first;
    if (first === null) return this.#read(memory);
    this.#first = null;
    return first;
  }

  /** What can be copied without being decoded. */
  describe(): CopiedFile {
    return describeFile(this.#native, this.#input, true);
  }

  /** Reads the packets of all tracks from now on, in place of frames. */
  openPackets(): PacketReader {
    this.#begin("packets");
    return new PacketReader(this.#native, this.#input, this.#label, this.#control);
  }

  #begin(kind: "frames" | "packets"): void {
    if (this.#reads === "nothing") this.#reads = kind;
    if (this.#reads === kind) return;
    throw new ReadError(
      `Cannot read ${kind} of ${this.#label}: frames or packets of it are read already`,
      {
        code: "LIVE",
        operation: `read ${kind}`,
        hint: "Open it once more: a live source has either, once",
      },
    );
  }

  #read(memory?: ArrayBuffer): ReadFrame | null {
    const after = this.#after;
    const shown = after === null ? this.#advance() : this.#advanceAfter(after);
    if (shown === null) return null;
    return { ...this.#copier.copy(this.#marked(shown), memory), position: this.#positionAfter(shown) };
  }

  /** Marks the first frame after segments that were not read. */
  #marked(shown: ShownFrame): ShownFrame {
    const { demuxer } = this.#input;
    const isAfterLoss = demuxer instanceof HlsDemuxer &&
      demuxer.takeLoss(this.#cursor.clock.ticks(shown.timestamp));
    return isAfterLoss ? { ...shown, isDiscontinuous: true } : shown;
  }

  /** From where a later connection reads on after a frame. */
  #positionAfter({ timestamp }: ShownFrame): HlsPosition | null {
    const { demuxer, origin } = this.#input;
    const marks = demuxer instanceof HlsDemuxer
      ? demuxer.takeMarks(this.#cursor.clock.ticks(timestamp))
      : null;
    return marks === null ? null : { marks, origin };
  }

  /** Has an HLS stream go on where an earlier connection has ended, if its playlist still has that. */
  #resumeHls(resumption: Resumption | null): boolean {
    const { demuxer } = this.#input;
    const position = resumption?.position ?? null;
    if (!(demuxer instanceof HlsDemuxer) || position === null || !demuxer.resume(position)) return false;
    this.#input.resumeTimes(position.origin);
    // A segment before the last one, and what a duration rounds.
    this.#mostRepeated = 2 * demuxer.segmentSeconds + 1;
    return true;
  }

  /** Goes on where an earlier connection has ended, or from the beginning where nothing else can be read. */
  #resume(after: number): void {
    this.#after = after;
    const { demuxer } = this.#input;
    // Without ranges, libavformat would seek by reading up to there, all of it in one call.
    if (demuxer instanceof HlsDemuxer || !demuxer.isSeekable) return;
    try {
      this.#control.timed(() => this.#cursor.seek(after));
    } catch (error) {
      if (!(error instanceof ReadError) || error.code !== "NOT_SEEKABLE") throw error;
    }
  }

  #advance(): ShownFrame | null {
    return this.#control.timed(() => this.#cursor.advance());
  }

  /** The first frame after a time; it is marked where it is not the next one. */
  #advanceAfter(after: number): ShownFrame | null {
    let last = -Infinity;
    for (;;) {
      // Each frame has its own time limit: a server without ranges sends all of them again.
      const shown = this.#advance();
      if (shown === null) return null;
      // A server that has begun anew has another segment of that number.
      const isOther = last === -Infinity && shown.timestamp < after - this.#mostRepeated;
      if (isOther || shown.timestamp > after + sameSeconds) {
        this.#after = null;
        return { ...shown, isDiscontinuous: Math.abs(last - after) > sameSeconds };
      }
      last = shown.timestamp;
    }
  }

  /** What the first frame says. */
  #looked(label: string): Partial<SourceInfo> {
    const frame = this.#first = this.#read();
    if (frame === null) {
      throw new ReadError(`Cannot read ${label}: it has no frame`, {
        code: "NO_FRAME",
        operation: "read a network source",
        hint: null,
      });
    }
    const { width, height, format, color } = frame;
    return { width, height, format, color };
  }

  /** Closes the connection. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
