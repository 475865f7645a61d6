/**
 * `avwriter record`.
 *
 * @module
 */
import { runtime, type Terminal } from "../../ffi/mod.ts";
import type { WriteSummary } from "../engine/session_types.ts";
import { AvError, ReadError } from "../errors.ts";
import { withoutUndefined } from "../option_checks.ts";
import { createFileReader } from "../reader/create_file_reader.ts";
import { systemOf, type VideoDeviceSystem } from "../reader/device/device_options.ts";
import { openDevice } from "../reader/device/open_device.ts";
import { openNetworkSource } from "../reader/network/open_network_source.ts";
import type { VideoSource } from "../reader/video_source.ts";
import { pictureFilters, turnedShape } from "../recipes/picture_filters.ts";
import type { ResizeMode } from "../video/resizer.ts";
import { createFileWriter } from "../writer/create_file_writer.ts";
import type { VideoWriter } from "../writer/video_writer.ts";
import type { WriterOptions } from "../writer/writer_options.ts";
import { numberOption, type Parsed, textOption, UsageError } from "./arguments.ts";
import { type Command, type CommandContext, ProgressLine, rounded } from "./command.ts";
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

/** Where a recording comes from. */
interface Opened {
  readonly source: VideoSource;
  /** Whether it comes as it happens, and is over once it is lost. */
  readonly isLive: boolean;
}

const address = /^[a-z][a-z0-9+.-]*:\/\//i;

/** Opens a source that comes as it happens. */
type OpenLive = (options: { readonly signal: AbortSignal }) => Promise<VideoSource>;

/** What opens such a source; `null` where it is a file. */
function liveOpener(source: string, parsed: Parsed): OpenLive | null {
  // The device's own check has the names.
  const device = textOption(parsed, "device") as VideoDeviceSystem | undefined;
  if (device !== undefined) return (options) => openDevice(source, { ...options, system: device });
  if (address.test(source) && !/^file:/i.test(source)) return (options) => openNetworkSource(source, options);
  // Elsewhere, any name may be that of a device.
  const isDevice = runtime().system === "linux" && systemOf(source, "linux") !== null;
  return isDevice ? (options) => openDevice(source, options) : null;
}

/** The path of a source that is a file. */
function pathOf(source: string): string | URL {
  return /^file:/i.test(source) ? new URL(source) : source;
}

/** Opens a source: a file, `-` for the bytes of stdin, an address or a device. */
async function openSource(
  { terminal, signal }: CommandContext,
  source: string,
  openLive: OpenLive | null,
): Promise<Opened> {
  if (openLive === null && source !== "-") {
    return { source: await createFileReader(pathOf(source)), isLive: false };
  }
  // Once it is open, the signal ends the recording, but not the source.
  const opening = new AbortController();
  signal.throwIfAborted();
  const abort = (): void => opening.abort(signal.reason);
  signal.addEventListener("abort", abort);
  const options = { signal: opening.signal };
  try {
    return openLive === null
      ? { source: await createFileReader(streamOf(terminal.input), options), isLive: false }
      : { source: await openLive(options), isLive: true };
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** The options of the writer: pictures are as players show them, in the size that is asked for. */
function optionsFor(source: VideoSource, parsed: Parsed, hasAudio: boolean): WriterOptions {
  const { width, height, resize, ...others } = writerOptionsOf(parsed);
  if (resize !== undefined && !isResizeMode(resize)) {
    throw new UsageError(`The option --resize takes ${resizeModes.join(", ")}, not ${resize}`);
  }
  for (const [name, side] of Object.entries({ width, height })) {
    if (side === undefined || Number.isInteger(side) && side > 0) continue;
    throw new UsageError(`The option --${name} needs a whole number above 0, not ${side}`);
  }
  const size = withoutUndefined({ width, height, resize });
  const { filters, isSquare } = pictureFilters(source, size, 2);
  const { num, den } = turnedShape(source);
  return {
    ...(hasAudio ? { audio: {} } : {}),
    ...(filters.length === 0 ? {} : { filter: filters.join(",") }),
    ...(isSquare || num === den ? {} : { sampleAspectRatio: { num, den } }),
    ...others,
  };
}

const resizeModes: readonly ResizeMode[] = ["contain", "cover", "fill"];

function isResizeMode(mode: string): mode is ResizeMode {
  return (resizeModes as readonly string[]).includes(mode);
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

/** What is recorded, and what ends it. */
interface Recording {
  readonly hasAudio: boolean;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

/** Writes frames and samples until the source or the time is over, or somebody presses Ctrl+C. */
async function record(
  { source, isLive }: Opened,
  writer: VideoWriter,
  { hasAudio, seconds, signal }: Recording,
): Promise<WriteSummary> {
  const nothingElse = { subtitles: false, chapters: false, metadata: false };
  try {
    await writer.copyFrom(source, { ...nothingElse, audio: hasAudio ? [0] : false, seconds, signal });
  } catch (error) {
    // What has happened does not come back: the file has it.
    if (signal.aborted || isLive && error instanceof ReadError) {
      const summary = await writer.close();
      if (signal.aborted) return summary;
    } else await writer.abort(error);
    throw error;
  }
  return await writer.close();
}

/** Records a source. */
export const recordCommand: Command = {
  usage: "[OPTIONS] SOURCE FILE",
  summary: "record a source into a video",
  help: [
    "SOURCE is a file, - for the bytes of stdin, an address (rtsp://, rtmp://, srt://, http://, udp://, tcp://),",
    "a camera (/dev/video0) or a screen (:0). The first audio track of a file is recorded, too. The extension of",
    "FILE tells container and codec. Ctrl+C ends the recording, and the file is whole. Stdin is read to its",
    "end first: Ctrl+C before that writes no file.",
    "",
    "  --device SYSTEM          SOURCE is the name of a device: v4l2, x11grab, kmsgrab, lavfi, avfoundation,",
    "                           dshow, gdigrab",
    "  --seconds S              end after so many seconds",
    "  --no-audio               leave audio out, as is always done in gif, webp and apng",
    ...outputHelp,
    "  --resize MODE            what pictures of another shape get: contain (black bars), cover, fill",
  ].join("\n"),
  options: { ...outputOptions, resize: "value", seconds: "value", "no-audio": "flag", device: "value" },
  async run(context): Promise<number> {
    const { terminal, signal, parsed } = context;
    const [from, output, ...more] = parsed.rest;
    if (from === undefined || output === undefined || more.length > 0) {
      throw new UsageError("record needs a source and a file");
    }
    requireFree(output, parsed);
    const openLive = liveOpener(from, parsed);
    if (from !== "-" && openLive === null) requireOther(pathOf(from), output);
    const codec = codecOf(output, parsed);
    const seconds = numberOption(parsed, "seconds") ?? Infinity;
    if (seconds <= 0) throw new UsageError(`The option --seconds needs a number above 0, not ${seconds}`);
    const opened = await openSource(context, from, openLive);
    await using source = opened.source;
    const isHeard = !opened.isLive && !isSilent(output) && !parsed.options.has("no-audio");
    const hasAudio = isHeard && source.audioTracks.length > 0;
    const whole = Math.min(source.duration ?? Infinity, seconds);
    using line = new ProgressLine(terminal);
    const writer = await openWriter(codec, output, source, {
      ...optionsFor(source, parsed, hasAudio),
      onProgress: ({ frames, seconds }) => {
        const share = Number.isFinite(whole) ? `${Math.min(100, Math.floor(seconds / whole * 100))} %, ` : "";
        line.show(`${share}${frames} frames, ${rounded(seconds)} s`);
      },
    });
    const summary = await record(opened, writer, { hasAudio, seconds, signal });
    line[Symbol.dispose]();
    // Without frames there is no file.
    if (summary.frames > 0) printSummary(context, summary, writer);
    return signal.aborted ? interrupted : 0;
  },
};
