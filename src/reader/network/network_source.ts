/**
 * A source over a network connection, which may be lost and made again.
 *
 * @module
 */
import type { MediaPacket } from "../../engine/copying/media_packet.ts";
import type { HlsPosition, ReadFrame, Resumption } from "../../engine/reading/reading_types.ts";
import { unlessAborted } from "../../abortable.ts";
import { ReadError, UnsupportedError } from "../../errors.ts";
import type { LogLevel } from "../../libav/log.ts";
import type { SourceStatus } from "../../source/pipeline/pipeline_source.ts";
import type { SourceFrame } from "../../source/pipeline/source_frame.ts";
import type { DecodedFrame } from "../../source/source.ts";
import type { SubtitleCue } from "../../subtitles/cue.ts";
import type { Reading } from "../../thread/reading/reading_calls.ts";
import type { OpenReading } from "../../thread/reading/reading_thread.ts";
import { closedError } from "../../thread/reading/watched_reading.ts";
import { receivedPacket } from "../../thread/sending/sent_bytes.ts";
import { DescribedSource } from "../described_source.ts";
import { SharedPackets, SourcePackets } from "../source_packets.ts";
import type { DecodedSamples, VideoSource } from "../video_source.ts";
import { LiveTimeline } from "./live_timeline.ts";
import { Reconnection, type ReconnectOptions } from "../../reconnection.ts";
import type { NetworkStatus } from "./network_options.ts";
import { isLiveError, isPassing, sleep } from "./reconnection.ts";
import { statusListener } from "./status_listener.ts";

/** How much before its end a video may stop, in seconds: headers round, and count sound. */
const endTolerance = 1;

/** What a network source has counted. */
export interface NetworkStats {
  /** Frames that came. */
  readonly frames: number;
  /** Connections that were made, the first one included. */
  readonly connections: number;
  /** How often a connection was lost. */
  readonly losses: number;
  /** How often frames kept waiting. */
  readonly stalls: number;
  /** Seconds in which there was no connection. */
  readonly lostSeconds: number;
}

/** A video that comes over a network. {@linkcode openNetworkSource} makes it. */
export interface NetworkSource extends VideoSource {
  /** What it has counted until now. */
  readonly stats: NetworkStats;
}

/** What a source needs to know of its address. */
export interface NetworkPlan {
  readonly label: string;
  readonly queueSize: number;
  readonly logLevel: LogLevel;
  readonly signal: AbortSignal | undefined;
  /** `null`: a lost connection is an error. */
  readonly reconnect: ReconnectOptions | null;
  readonly onStatus: ((status: NetworkStatus) => void) | undefined;
  /** From how many seconds without a frame the source is stalled. */
  readonly stallSeconds: number;
  /** Whether another connection goes on after one that is lost, where the source has a length. */
  readonly isResumable: boolean;
  /**
   * Makes a connection; it tells how long each call has waited. What can goes on where an earlier one ended.
   */
  connect(
    waits: (seconds: number) => void,
    signal: AbortSignal | undefined,
    resumption: Resumption | null,
  ): Promise<OpenReading>;
}

/** A frame on its way, and when it came. */
type Coming = Promise<{ readonly frame: ReadFrame | null; readonly arrivalMs: number }>;

/** Reads over one connection after another. */
class NetworkFlow extends DescribedSource implements NetworkSource {
  readonly #plan: NetworkPlan;
  readonly #timeline = new LiveTimeline();
  readonly #reconnection: Reconnection;
  readonly #closed = new AbortController();
  readonly #onAbort = (): void => void this.#close(this.#plan.signal!.reason);
  readonly #onStatus: (status: NetworkStatus) => void;
  #reading: Reading;
  #coming: Coming[] = [];
  #status: SourceStatus = "running";
  #counts = { frames: 0, connections: 1, losses: 0, stalls: 0, lostSeconds: 0 };
  /** The time of the last frame, by the connection at hand; `null` before the first. */
  #sentSeconds: number | null = null;
  /** Where that frame is in an HLS stream. */
  #position: HlsPosition | null = null;
  #closing: Promise<void> | null = null;
  readonly packets: SourcePackets = new SourcePackets(
    new SharedPackets({
      packets: () => this.#readPackets(),
      describe: async () => await this.#unlessClosed(this.#reading.ask("describe", {})),
    }),
  );

  constructor(
    { reading, info }: OpenReading,
    plan: NetworkPlan,
    onStatus: (status: NetworkStatus) => void,
  ) {
    super(info, plan.queueSize);
    this.#reading = reading;
    this.#plan = plan;
    this.#onStatus = onStatus;
    this.#reconnection = new Reconnection(plan.reconnect ?? {});
    plan.signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  override get status(): SourceStatus {
    return this.#status;
  }

  get stats(): NetworkStats {
    return { ...this.#counts };
  }

  /** Is told how long the call at hand has waited. */
  waits(seconds: number): void {
    if (this.#status !== "running" || seconds < this.#plan.stallSeconds) return;
    this.#counts.stalls++;
    this.#tell("stalled");
  }

  /** Tells of the first connection. */
  start(): void {
    this.#tell("running");
  }

  protected override async pull(): Promise<SourceFrame | null> {
    for (;;) {
      this.#requireOpen();
      let failure: Error | null = null;
      try {
        const { frame, arrivalMs } = await this.#next();
        if (frame !== null) return this.#taken(frame, arrivalMs);
      } catch (error) {
        this.#requireOpen();
        if (isLiveError(error)) throw error;
        failure = error as Error;
      }
      const isLost = failure === null ? !this.#isComplete : isPassing(failure);
      if (this.#plan.reconnect === null || !isLost) return await this.#end(failure);
      await this.#reconnect(failure ?? this.#lost());
    }
  }

  /** Whether what has a length was sent to its end. */
  get #isComplete(): boolean {
    const { duration, tellsEnd } = this.info;
    return tellsEnd || duration !== null && (this.#sentSeconds ?? 0) > duration - endTolerance;
  }

  async #next(): Coming {
    while (this.#coming.length < this.#plan.queueSize) {
      const coming = this.#reading.ask("frame", this.frameAsk)
        .then((frame) => ({ frame, arrivalMs: performance.now() }));
      coming.catch(() => {});
      this.#coming.push(coming);
    }
    return await this.#unlessClosed(this.#coming.shift()!);
  }

  #taken(frame: ReadFrame, arrivalMs: number): SourceFrame {
    const { width, height, format } = frame;
    const isOther = width !== this.info.width || height !== this.info.height || format !== this.info.format;
    if (isOther) this.info = { ...this.info, width, height, format };
    if (isOther || this.#status !== "running") this.#tell("running");
    this.#counts.frames++;
    this.#sentSeconds = frame.timestamp;
    this.#position = frame.position ?? this.#position;
    this.#reconnection.succeeded();
    return this.frameOf(this.#timeline.place(frame, arrivalMs));
  }

  /** Packets in place of frames, until the connection ends. */
  async *#readPackets(): AsyncGenerator<MediaPacket, void, undefined> {
    this.#requireOpen();
    const reading = this.#reading;
    try {
      const reader = await this.#unlessClosed(reading.ask("openPackets", {}));
      if (this.info.lacksAudio && this.#plan.logLevel !== "quiet") {
        console.warn(
          `avwriter: ${this.#plan.label} has its audio in a playlist of its own, which is left out: it cannot be read`,
        );
      }
      for (;;) {
        const packets = await this.#unlessClosed(reading.ask("packets", { reader }));
        if (packets.length === 0) break;
        if (this.#status !== "running") this.#tell("running");
        yield* packets.map(receivedPacket);
      }
    } catch (error) {
      this.#requireOpen();
      if (isLiveError(error)) throw error;
      await this.#end(error as Error);
    }
    await this.#end(null);
  }

  /** What can be read on is a file, or HLS. */
  get #resumption(): Resumption | null {
    const [seconds, position] = [this.#sentSeconds, this.#position];
    const isRecording = this.info.duration !== null;
    const isPossible = this.#plan.isResumable && (isRecording || position !== null);
    return isPossible && seconds !== null ? { seconds, position, isRecording } : null;
  }

  /** Makes connections until one holds. */
  async #reconnect(failure: Error): Promise<void> {
    const lostAt = performance.now();
    this.#counts.losses++;
    this.#coming = [];
    const resumption = this.#resumption;
    for (;;) {
      const delay = this.#reconnection.nextDelay();
      if (delay === null) return void await this.#end(failure);
      this.#tell("retrying", failure, delay);
      await this.#reading.close();
      await this.#unlessClosed(sleep(delay, this.#closed.signal));
      try {
        const { reading, info } = await this.#plan.connect(
          (seconds) => this.waits(seconds),
          this.#closed.signal,
          resumption,
        );
        if (this.#closed.signal.aborted) await reading.close();
        this.#requireOpen();
        this.#reading = reading;
        this.info = info;
        break;
      } catch (error) {
        this.#requireOpen();
        if (!isPassing(error)) await this.#end(error as Error);
        failure = error as Error;
      }
    }
    this.#counts.connections++;
    this.#counts.lostSeconds += (performance.now() - lostAt) / 1000;
    if (!this.info.isResumed) this.#timeline.reconnected();
    this.#tell("running");
  }

  /** Ends the source; throws the error that ended it. */
  async #end(failure: Error | null): Promise<null> {
    if (this.#status !== "ended") this.#tell("ended", failure);
    await this.close();
    if (failure !== null) throw failure;
    return null;
  }

  #lost(): ReadError {
    return new ReadError(`Cannot read on from ${this.#plan.label}: the server has closed the connection`, {
      code: "EOF",
      operation: "read from a network source",
      hint: null,
    });
  }

  // deno-lint-ignore require-await
  async seek(): Promise<void> {
    throw this.#liveOnly("go to another place of");
  }

  // deno-lint-ignore require-await
  async frameAt(): Promise<DecodedFrame | null> {
    throw this.#liveOnly("read the frame at a time of");
  }

  // deno-lint-ignore require-yield
  async *framesAt(): AsyncGenerator<DecodedFrame, void, undefined> {
    throw this.#liveOnly("read frames at times of");
  }

  // deno-lint-ignore require-yield
  async *audio(): AsyncGenerator<DecodedSamples, void, undefined> {
    throw this.#liveOnly("read the audio of");
  }

  // deno-lint-ignore require-yield
  async *cues(): AsyncGenerator<SubtitleCue, void, undefined> {
    throw this.#liveOnly("read the subtitles of");
  }

  #liveOnly(action: string): UnsupportedError {
    return new UnsupportedError(
      `Cannot ${action} ${this.#plan.label}: a live source has its video, as it comes`,
      {
        code: "LIVE",
        operation: action,
        hint: "A writer takes the audio of an address itself: audio: { from: new URL(address) }",
      },
    );
  }

  async close(): Promise<void> {
    await this.#close(closedError());
  }

  protected override async free(): Promise<void> {
    // Targets leave first, so that the end of the connection is no error for them.
    await Promise.all([super.free(), this.packets.detachAll(), this.close()]);
  }

  #close(reason: unknown): Promise<void> {
    if (!this.#closed.signal.aborted) this.#closed.abort(reason);
    this.#coming = [];
    this.#plan.signal?.removeEventListener("abort", this.#onAbort);
    if (this.#status !== "ended") this.#tell("ended");
    return this.#closing ??= this.#reading.close();
  }

  #requireOpen(): void {
    this.#closed.signal.throwIfAborted();
  }

  async #unlessClosed<T>(promise: Promise<T>): Promise<T> {
    return await unlessAborted(promise, this.#closed.signal);
  }

  #tell(status: SourceStatus, error: Error | null = null, retryInSeconds: number | null = null): void {
    this.#status = status;
    const { width, height } = this.info;
    this.#onStatus({ status, error, width, height, retryInSeconds });
  }
}

/** Makes the first connection. */
export async function openFlow(plan: NetworkPlan): Promise<NetworkSource> {
  let source: NetworkFlow | null = null;
  const { signal } = plan;
  const onStatus = statusListener(plan.onStatus);
  onStatus({ status: "connecting", error: null, width: 0, height: 0, retryInSeconds: null });
  try {
    const opened = await plan.connect((seconds) => source?.waits(seconds), signal, null);
    source = new NetworkFlow(opened, plan, onStatus);
  } catch (error) {
    onStatus({ status: "ended", error: error as Error, width: 0, height: 0, retryInSeconds: null });
    throw error;
  }
  source.start();
  if (signal?.aborted) await source.close();
  signal?.throwIfAborted();
  return source;
}
