/**
 * Copies packets of files into a new one: remuxing, cutting, joining, changing the audio.
 *
 * @module
 */
import { fileBytes, FileLock, type Native, runtime, SyncedFile } from "../../../ffi/mod.ts";
import { coverStream, openCover, repairsCover } from "../../container/cover.ts";
import { muxerByExtension } from "../../container/muxer_choice.ts";
import { muxerOptions } from "../../container/muxer_options.ts";
import { AvError, UnsupportedError } from "../../errors.ts";
import { Companion } from "../../file/companion.ts";
import { inUse } from "../../file/held_target.ts";
import { companionPath, requireWritable, stepsWithWriteErrors } from "../../file/target.ts";
import { requireNotInterrupted } from "../../libav/interruption.ts";
import { setLogLevel } from "../../libav/log.ts";
import { Muxer } from "../../libav/muxer.ts";
import { type MuxerInfo, muxerSupportsCodec } from "../../libav/muxer_info.ts";
import { NativePacket } from "../../libav/native_packet.ts";
import { StepMeter, type Steps } from "../../steps.ts";
import type { CopyRequest, CopySummary } from "./copy_request.ts";
import { earliest, JoinedInput } from "./joined_input.ts";

/** How long a player may have to wait, in microseconds. */
const maxDelay = 700_000;

/** Makes a file of the packets of others; the steps tell how much of the work is done. */
export function* copyFiles(native: Native, request: CopyRequest): Steps<CopySummary> {
  setLogLevel(native, "quiet");
  const info = containerOf(native, request);
  const target = runtime().realPath(request.output) ?? request.output;
  requireOwnFile(target, request.action);
  requireWritable(companionPath(target));
  const exists = runtime().realPath(request.output) !== undefined;
  using companion = new Companion(target, companionPath(target));
  using lock = lockOf(native, exists ? target : companion.path);
  const summary = yield* stepsWithWriteErrors(target, copyInto(native, info, request, companion, exists));
  requireNotInterrupted(native);
  companion.replace(target);
  lock?.[Symbol.dispose]();
  return summary;
}

function lockOf(native: Native, path: string): FileLock | null {
  const lock = FileLock.take(native.fileLocks(), path, false);
  if (lock === "taken") throw inUse(path);
  return lock;
}

function requireOwnFile(path: string, action: string): void {
  const { isOwnFile, pipe } = requireWritable(path);
  pipe?.[Symbol.dispose]();
  if (isOwnFile) return;
  throw new UnsupportedError(`Cannot ${action} to ${path}: it is a device, a pipe or a link`, {
    code: "NO_REGULAR_FILE",
    operation: action,
    hint: "Name a file",
  });
}

function containerOf(native: Native, { output, action }: CopyRequest): MuxerInfo {
  const hint = "Name the file with the extension of its container, such as .mp4 or .mkv";
  const info = muxerByExtension(native, output, hint);
  if (!info.opensFilesItself) return info;
  throw new UnsupportedError(
    `Cannot ${action} to ${output}: its extension means ${info.name}, which is many files`,
    { code: "MUXER_NOT_FOUND", operation: action, hint },
  );
}

/** The muxer of the new file: the number of its stream for each of every input, and what has no place. */
interface CopyMuxer {
  readonly muxer: Muxer;
  readonly places: ReadonlyMap<JoinedInput, ReadonlyMap<number, number>>;
  readonly leftOut: readonly string[];
}

/** Whether what a stream is of matters so much that it is not left out. */
function isRequired({ demuxer }: JoinedInput, index: number): boolean {
  return (demuxer.isOf("video", index) || demuxer.isOf("audio", index)) && demuxer.picture(index) === null;
}

function createMuxer(
  native: Native,
  info: MuxerInfo,
  inputs: readonly JoinedInput[],
  { action, output }: CopyRequest,
  url: string,
): CopyMuxer {
  using owned = new DisposableStack();
  const muxer = owned.use(new Muxer(native, info, url));
  const places = new Map(inputs.map((input) => [input, new Map<number, number>()]));
  const leftOut: string[] = [];
  const pictures: Uint8Array[] = [];
  let added = 0;
  for (const input of inputs) {
    for (const index of input.streams) {
      const codec = input.demuxer.codecName(index);
      const picture = input.demuxer.picture(index);
      if (picture !== null && repairsCover(info)) pictures.push(picture);
      else if (picture === null && takes(native, info, input, index)) {
        places.get(input)!.set(index, added++);
        addCopy(native, muxer, input, index);
      } else if (isRequired(input, index)) throw noPlace(action, output, info, codec);
      else leftOut.push(codec);
    }
  }
  if (added === 0) {
    throw new UnsupportedError(`Cannot ${action} ${inputs[0]!.path}: it has no stream for that`, {
      code: "NO_STREAM",
      operation: action,
      hint: "Look into the file with: avwriter probe FILE",
    });
  }
  for (const picture of pictures) muxer.addStream(coverStream(native, info, openCover(native, picture)));
  // As the ffmpeg program has it: MPEG-TS reckons with it how much audio goes into one piece.
  muxer.options.setField("max_delay", maxDelay);
  const [first] = inputs;
  first!.demuxer.copyMetadata(muxer.address);
  muxer.options.setAll(
    muxerOptions(muxer, first!.demuxer.timeBase(first!.streams[0]!), "finished", undefined, false),
  );
  owned.move();
  return { muxer, places, leftOut };
}

function takes(native: Native, info: MuxerInfo, { demuxer }: JoinedInput, index: number): boolean {
  const { fields } = native;
  const codecId = fields.get(demuxer.parameters(index), "AVCodecParameters", "codec_id");
  if (demuxer.isOf("attachment", index)) return info.name === "matroska";
  return muxerSupportsCodec(native, info, codecId, "experimental") !== false;
}

function addCopy(native: Native, muxer: Muxer, { demuxer }: JoinedInput, index: number): void {
  const { fields } = native;
  const stream = muxer.addStream({
    describeInto: (parameters) => {
      demuxer.describeInto(index, parameters);
      // Each container has codes of its own.
      fields.set(parameters, "AVCodecParameters", "codec_tag", 0);
    },
    timeBase: demuxer.timeBase(index),
    frameRate: demuxer.frameRate(index),
    tag: demuxer.codecName(index) === "hevc" && ["mp4", "mov"].includes(muxer.info.name) ? "hvc1" : null,
  });
  demuxer.copyTags(index, stream);
}

function noPlace(action: string, output: string, { name }: MuxerInfo, codec: string): UnsupportedError {
  return new UnsupportedError(`Cannot ${action} to ${output}: ${name} has no place for ${codec}`, {
    code: "CODEC_NOT_FOR_CONTAINER",
    operation: action,
    hint: "Choose another container, such as .mkv, or transcode",
  });
}

function* copyInto(
  native: Native,
  info: MuxerInfo,
  request: CopyRequest,
  companion: Companion,
  exists: boolean,
): Steps<CopySummary> {
  using owned = new DisposableStack();
  const inputs = request.inputs.map((input) => owned.use(new JoinedInput(native, input, request)));
  const { muxer, places, leftOut } = createMuxer(native, info, inputs, request, `file:${companion.path}`);
  owned.use(muxer);
  const [first] = inputs;
  const chapters = request.part === null ? first!.demuxer.chapters : [];
  const timeBases = new Map(
    inputs.map((
      input,
    ) => [input, new Map(input.streams.map((index) => [index, input.demuxer.timeBase(index)]))]),
  );
  if (exists) companion.make();
  else companion.makeNew();
  muxer.openFile(`file:${companion.path}`);
  using synced = new SyncedFile(companion.path);
  writeHeader(muxer, request);
  const paths = request.inputs.flatMap((input) => input.paths);
  const meter = new StepMeter(paths.reduce((sum, path) => sum + fileBytes(path), 0));
  const packet = owned.use(new NativePacket(native));
  let packets = 0, seconds = 0;
  for (;;) {
    const input = earliest(inputs);
    if (input === null) break;
    // Audio of another file ends with the video.
    if (request.endsWithVideo && first!.seconds === null && input.seconds! >= first!.videoEnd) break;
    input.take(packet);
    const { streamIndex, size } = packet;
    const place = places.get(input)!.get(streamIndex);
    if (place === undefined) {
      packet.unref();
      continue;
    }
    const timeBase = timeBases.get(input)!.get(streamIndex)!;
    seconds = Math.max(seconds, Number(packet.pts + packet.duration) * timeBase.num / timeBase.den);
    packet.streamIndex = place;
    packet.rescale(timeBase, muxer.timeBase(place));
    muxer.write(packet);
    packets++;
    synced.add(size);
    if (meter.add(size)) yield meter.share;
  }
  if (chapters.length > 0) muxer.setChapters(chapters);
  muxer.writeTrailer();
  const bytes = muxer.outputBytes ?? 0;
  muxer.closeOutput();
  synced.sync();
  const { start } = first!;
  return { path: request.output, format: info.name, packets, seconds, start, bytes, leftOut };
}

/** Writes the header: only the muxer itself knows all that it refuses. */
function writeHeader(muxer: Muxer, { action, output }: CopyRequest): void {
  try {
    muxer.writeHeader();
  } catch (cause) {
    if (!(cause instanceof AvError) || cause.code !== "EINVAL" && cause.code !== "INVALIDDATA") throw cause;
    throw new UnsupportedError(
      `Cannot ${action} to ${output}: ${muxer.info.name} does not take these streams (${cause.message})`,
      {
        code: "CODEC_NOT_FOR_CONTAINER",
        operation: action,
        hint: "Choose another container, such as .mkv, or transcode",
        cause,
      },
    );
  }
}
