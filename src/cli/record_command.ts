/**
 * `avwriter record`.
 *
 * @module
 */
import type { Terminal } from "../../ffi/mod.ts";
import type { WriteSummary } from "../engine/session_types.ts";
import { AvError } from "../errors.ts";
import { createFileReader } from "../reader/create_file_reader.ts";
import type { VideoSource } from "../reader/video_source.ts";
import type { DecodedFrame } from "../source/source.ts";
import { createFileWriter } from "../writer/create_file_writer.ts";
import type { VideoWriter } from "../writer/video_writer.ts";
import type { WriterOptions } from "../writer/writer_options.ts";
import { numberOption, UsageError } from "./arguments.ts";
import { type Command, ProgressLine, rounded } from "./command.ts";
import {
  codecOf,
  isSilent,
  outputHelp,
  outputOptions,
  printSummary,
  requireFree,
  requireOther,
  writerOptionsOf,
} from "./output.ts";

/** What the program ends with after Ctrl+C. */
const interrupted = 130;
/** The rate of a source that tells none. */
const nominalRate = 30;
/** How far a source's clock may be off from its frame rate: half a millisecond at each of two times. */
const roundingSeconds = 0.001;
/** How far audio is written ahead of the frames, in seconds. */
const audioAheadSeconds = 0.5;

/** The bytes of stdin as a stream. */
function streamOf(input: Terminal["input"]): ReadableStream<Uint8Array> {
  const iterator = input[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    // What waits for bytes that never come must not be waited for.
    cancel: () => void iterator.return?.(),
  });
}

/** Opens a source: a file, or `-` for the bytes of stdin. Aborted, it reads no more of those. */
async function openSource(source: string, { input }: Terminal, signal: AbortSignal): Promise<VideoSource> {
  if (source !== "-") return await createFileReader(source);
  // Once it is open, the signal ends the recording, but not the source.
  const opening = new AbortController();
  signal.throwIfAborted();
  const abort = (): void => opening.abort(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    return await createFileReader(streamOf(input), { signal: opening.signal });
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** What players turn a picture by, as filters: a file of any container shows it as it is. */
const rotating: Readonly<Record<VideoSource["rotation"], string | null>> = {
  0: null,
  90: "transpose=clock",
  180: "hflip,vflip",
  270: "transpose=cclock",
};

/** The options that keep what the source says of its video. */
function optionsFor(
  { rotation, sampleAspectRatio: { num, den } }: VideoSource,
  hasAudio: boolean,
): WriterOptions {
  const filter = rotating[rotation];
  // A turned pixel is as high as it was wide.
  const shape = rotation % 180 === 0 ? { num, den } : { num: den, den: num };
  return {
    ...(hasAudio ? { audio: {} } : {}),
    ...(filter === null ? {} : { filter }),
    ...(num === den ? {} : { sampleAspectRatio: shape }),
  };
}

/** Writes the samples that are heard before a time. */
async function* writeAudio(source: VideoSource, writer: VideoWriter): AsyncGenerator<void, void, number> {
  let until = yield;
  for await (const { samples, timestamp } of source.audio(0)) {
    while (timestamp > until) until = yield;
    await writer.writeAudio(samples, timestamp < 0 ? {} : { timestamp });
  }
}

/**
 * Opens a writer that gives frames the times of the source. Containers that know a constant rate only get
 * that, where the source has one.
 */
async function openWriter(
  codec: string,
  output: string,
  { frameRate }: VideoSource,
  options: WriterOptions,
): Promise<VideoWriter> {
  const rate = frameRate ?? nominalRate;
  try {
    return await createFileWriter(codec, output, rate, { ...options, timing: "timestamps" });
  } catch (error) {
    const hasOneRate = error instanceof AvError && error.code === "RATE_NOT_FOR_CONTAINER";
    if (!hasOneRate || frameRate === null) throw error;
    return await createFileWriter(codec, output, rate, { ...options, timing: "constant" });
  }
}

/** Writes frames at their times. */
class FrameRecorder {
  readonly #writer: VideoWriter;
  readonly #frameRate: VideoSource["frameRate"];
  #last: DecodedFrame | null = null;
  #count = 0;

  constructor(writer: VideoWriter, { frameRate }: VideoSource) {
    this.#writer = writer;
    this.#frameRate = frameRate;
  }

  async write(frame: DecodedFrame): Promise<void> {
    if (this.#writer.timing === "constant") return await this.#repeatUntil(frame);
    await this.#writer.write(frame, { timestamp: this.#exactTime(frame.timestamp) });
  }

  /** The place of a time at a constant rate. */
  #placeOf(timestamp: number): number {
    const { num, den } = this.#frameRate!;
    return Math.round(timestamp * num / den);
  }

  /** A time as the frame rate has it, where the source only rounds it. */
  #exactTime(timestamp: number): number {
    if (this.#frameRate === null) return timestamp;
    const { num, den } = this.#frameRate;
    const exact = this.#placeOf(timestamp) * den / num;
    const isRounded = num / den * roundingSeconds < 0.25 && Math.abs(exact - timestamp) <= roundingSeconds;
    return isRounded ? exact : timestamp;
  }

  /** Shows the frame before for as long as frames are missing. */
  async #repeatUntil(frame: DecodedFrame): Promise<void> {
    const place = this.#placeOf(frame.timestamp);
    for (; this.#last !== null && this.#count < place; this.#count++) await this.#writer.write(this.#last);
    // Its place is taken by the frame before.
    if (this.#last !== null && place < this.#count) return;
    await this.#writer.write(frame);
    this.#last = frame;
    this.#count++;
  }
}

/** How far a recording goes, and what is told on the way. */
interface RecordingLimits {
  readonly seconds: number;
  readonly signal: AbortSignal;
}

/** Writes frames and samples until the source or the time is over, or somebody presses Ctrl+C. */
async function record(
  source: VideoSource,
  writer: VideoWriter,
  hasAudio: boolean,
  { seconds, signal }: RecordingLimits,
): Promise<WriteSummary> {
  const audio = hasAudio ? writeAudio(source, writer) : null;
  const recorder = new FrameRecorder(writer, source);
  try {
    await audio?.next(-Infinity);
    for await (const frame of source) {
      const { timestamp } = frame;
      if (timestamp >= seconds || signal.aborted) break;
      await recorder.write(frame);
      await audio?.next(Math.min(timestamp + audioAheadSeconds, seconds));
    }
    if (!signal.aborted) await audio?.next(seconds);
    return await writer.close();
  } catch (error) {
    await writer.abort(error);
    throw error;
  } finally {
    await audio?.return();
  }
}

/** Records a source. */
export const recordCommand: Command = {
  usage: "[OPTIONS] SOURCE FILE",
  summary: "record a source into a video",
  help: [
    "SOURCE is a file, or - for the bytes of stdin. Its first audio track is recorded, too. The extension of",
    "FILE tells container and codec. Ctrl+C ends the recording, and the file is whole. Stdin is read to its",
    "end first: Ctrl+C before that writes no file.",
    "",
    "  --seconds S              end after so many seconds",
    "  --no-audio               leave audio out, as is always done in gif, webp and apng",
    ...outputHelp,
  ].join("\n"),
  options: { ...outputOptions, seconds: "value", "no-audio": "flag" },
  async run(context): Promise<number> {
    const { terminal, signal, parsed } = context;
    const [from, output, ...more] = parsed.rest;
    if (from === undefined || output === undefined || more.length > 0) {
      throw new UsageError("record needs a source and a file");
    }
    requireFree(output, parsed);
    if (from !== "-") requireOther(from, output);
    const codec = codecOf(output, parsed);
    const seconds = numberOption(parsed, "seconds") ?? Infinity;
    if (seconds <= 0) throw new UsageError(`The option --seconds needs a number above 0, not ${seconds}`);
    await using source = await openSource(from, terminal, signal);
    const hasAudio = source.audioTracks.length > 0 && !isSilent(output) && !parsed.options.has("no-audio");
    const whole = Math.min(source.duration ?? Infinity, seconds);
    using line = new ProgressLine(terminal);
    const writer = await openWriter(codec, output, source, {
      ...optionsFor(source, hasAudio),
      ...writerOptionsOf(parsed),
      onProgress: ({ frames, seconds }) => {
        const share = Number.isFinite(whole) ? `${Math.min(100, Math.floor(seconds / whole * 100))} %, ` : "";
        line.show(`${share}${frames} frames, ${rounded(seconds)} s`);
      },
    });
    const summary = await record(source, writer, hasAudio, { seconds, signal });
    line[Symbol.dispose]();
    // Without frames there is no file.
    if (summary.frames > 0) printSummary(context, summary, writer);
    return signal.aborted ? interrupted : 0;
  },
};
