/**
 * Copies packets of files into a new one: remuxing, cutting, joining, changing the audio.
 *
 * @module
 */
import { fileBytes, FileLock, type Native, SyncedFile } from "../../../ffi/mod.ts";
import { muxerByExtension } from "../../container/muxer_choice.ts";
import { AvError, UnsupportedError } from "../../errors.ts";
import { inUse } from "../../file/held_target.ts";
import { NewFile } from "../../file/new_file.ts";
import { stepsWithWriteErrors } from "../../file/target.ts";
import { requireNotInterrupted } from "../../libav/interruption.ts";
import { setLogLevel } from "../../libav/log.ts";
import type { Muxer } from "../../libav/muxer.ts";
import type { MuxerInfo } from "../../libav/muxer_info.ts";
import { NativePacket } from "../../libav/native_packet.ts";
import { StepMeter, type Steps } from "../../steps.ts";
import { type CopyMuxer, createCopyMuxer, lostFrom } from "./copy_muxer.ts";
import type { CopyInput, CopyRequest, CopySummary } from "./copy_request.ts";
import { EncodedAudio, needsEncoding } from "./encoded_audio.ts";
import { earliest, JoinedInput, type PacketInput } from "./joined_input.ts";
import { SampleTimes } from "./sample_times.ts";

/** Times that were computed from ticks may differ by less than this, in seconds. */
const sameTime = 1e-6;

/** Makes a file of the packets of others; the steps tell how much of the work is done. */
export function* copyFiles(native: Native, request: CopyRequest): Steps<CopySummary> {
  setLogLevel(native, "quiet");
  const info = containerOf(native, request);
  using file = new NewFile(request.output, request.action);
  using lock = lockOf(native, file.isThere ? file.target : file.path);
  const summary = yield* stepsWithWriteErrors(file.target, copyInto(native, info, request, file));
  requireNotInterrupted(native);
  file.place();
  lock?.[Symbol.dispose]();
  return summary;
}

function lockOf(native: Native, path: string): FileLock | null {
  const lock = FileLock.take(native.fileLocks(), path, false);
  if (lock === "taken") throw inUse(path);
  return lock;
}

function containerOf(native: Native, { output, action, inputs }: CopyRequest): MuxerInfo {
  const hint = "Name the file with the extension of its container, such as .mp4 or .mkv";
  const info = muxerByExtension(native, output, hint);
  if (!info.opensFilesItself) return info;
  throw new UnsupportedError(
    `Cannot ${action} ${
      inputs[0]!.paths[0]
    } into ${output}: its extension means ${info.name}, which is many files`,
    { code: "MUXER_NOT_FOUND", operation: action, hint },
  );
}

/** Opens what is copied or encoded. */
function openInput(native: Native, info: MuxerInfo, input: CopyInput, request: CopyRequest): PacketInput {
  const { encoding, paths: [path] } = input;
  return encoding !== null && needsEncoding(native, info, path!, encoding)
    ? new EncodedAudio(native, info, path!, encoding)
    : new JoinedInput(native, input, request);
}

function* copyInto(
  native: Native,
  info: MuxerInfo,
  request: CopyRequest,
  file: NewFile,
): Steps<CopySummary> {
  using owned = new DisposableStack();
  const inputs = request.inputs.map((input) => owned.use(openInput(native, info, input, request)));
  const copy = createCopyMuxer(native, info, inputs, request, file.path);
  const muxer = owned.use(copy.muxer);
  file.make();
  muxer.openFile(`file:${file.path}`);
  using synced = new SyncedFile(file.path);
  writeHeader(muxer, request);
  const { packets, seconds } = yield* copyPackets(native, inputs, copy, request, synced);
  if (copy.chapters.length > 0) muxer.setChapters(copy.chapters);
  muxer.writeTrailer();
  const bytes = muxer.outputBytes ?? 0;
  muxer.closeOutput();
  synced.sync();
  const [first] = inputs;
  const start = first instanceof JoinedInput ? first.start : 0;
  const leftOut = [...copy.leftOut, ...lostFrom(native, info, file.path, copy)];
  return { path: request.output, format: info.name, packets, seconds, start, bytes, leftOut };
}

/** Copies the packets of all inputs, in the order of their decoding. */
function* copyPackets(
  native: Native,
  inputs: readonly PacketInput[],
  { muxer, places }: CopyMuxer,
  { inputs: asked, endsWithVideo }: CopyRequest,
  synced: SyncedFile,
): Steps<{ packets: number; seconds: number }> {
  const [first] = inputs;
  const video = endsWithVideo && first instanceof JoinedInput ? first : null;
  const paths = asked.flatMap((input) => input.paths);
  const meter = new StepMeter(paths.reduce((sum, path) => sum + fileBytes(path), 0));
  using packet = new NativePacket(native);
  // Its own audio may be longer, too.
  const end = video !== null && asked[0]!.streams === "all" ? video.wholeVideoEnd() : Infinity;
  const sampleTimes = new Map<number, SampleTimes>();
  let packets = 0, seconds = 0;
  for (;;) {
    const input = earliest(inputs);
    if (input === null) break;
    // Audio of another file ends with the video.
    if (video !== null && video.seconds === null && input.seconds! >= video.videoEnd) break;
    const startsLate = input.seconds! >= end - sameTime;
    input.take(packet);
    const isLate = startsLate && !(input === video && video.isVideo(packet));
    const { streamIndex, size } = packet;
    const place = places.get(input)!.get(streamIndex);
    if (place === undefined || isLate) {
      packet.unref();
      continue;
    }
    const { index, timeBase } = place;
    seconds = Math.max(seconds, Number(packet.pts + packet.duration) * timeBase.num / timeBase.den);
    packet.streamIndex = index;
    const to = muxer.timeBase(index);
    const audio = input instanceof JoinedInput ? input.evenAudio(streamIndex) : null;
    if (audio === null || timeBase.num * to.den <= to.num * timeBase.den) packet.rescale(timeBase, to);
    else {
      const times = sampleTimes.get(index) ?? new SampleTimes(audio, timeBase, to);
      sampleTimes.set(index, times);
      times.place(packet);
    }
    muxer.write(packet);
    packets++;
    synced.add(size);
    if (meter.add(size)) yield meter.share;
  }
  return { packets, seconds };
}

/** Writes the header: only the muxer itself knows all that it refuses. */
function writeHeader(muxer: Muxer, { action, output, inputs: [input] }: CopyRequest): void {
  try {
    muxer.writeHeader();
  } catch (cause) {
    if (!(cause instanceof AvError) || cause.code !== "EINVAL" && cause.code !== "INVALIDDATA") throw cause;
    throw new UnsupportedError(
      `Cannot ${action} ${input!.paths[0]} into ${output}: ` +
        `${muxer.info.name} does not take these streams (${cause.message})`,
      {
        code: "CODEC_NOT_FOR_CONTAINER",
        operation: action,
        hint: "Choose another container, such as .mkv, or transcode",
        cause,
      },
    );
  }
}
