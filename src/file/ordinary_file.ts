/**
 * Makes an ordinary file of a recording, next to it, which then takes its place: the path has all of the video
 * at any time.
 *
 * @module
 */
import { boxBytes, type Native, SyncedFile } from "../../ffi/mod.ts";
import { type Chapter, placeChapters } from "../container/chapters.ts";
import { needsFragments, type Stage } from "../container/muxer_options.ts";
import { AvError, WriteError } from "../errors.ts";
import type { Demuxer } from "../libav/demuxer.ts";
import { requireNotInterrupted } from "../libav/interruption.ts";
import { setLogLevel } from "../libav/log.ts";
import type { Muxer } from "../libav/muxer.ts";
import { StepMeter, type Steps } from "../steps.ts";
import { Companion } from "./companion.ts";
import { copyPackets, openRecording } from "./copy_packets.ts";
import type { IndexSize } from "./index_size.ts";
import type { StreamEnds } from "./stream_ends.ts";

/** A recording, finished and closed. */
export interface FinishedRecording {
  /** Its path. */
  readonly path: string;
  /** Its muxer. */
  readonly muxer: Muxer;
  /** Its size. */
  readonly bytes: number;
  /** How large the index of an ordinary file gets. */
  readonly index: IndexSize;
  readonly ends: StreamEnds;
  /** Where it ends, in seconds. */
  readonly endSeconds: number;
  readonly chapters: readonly Chapter[];
  /** Creates the muxer of the ordinary file. */
  readonly createMuxer: (url: string, stage: Stage, recording: Demuxer) => Muxer;
  /** Called once it is in the recording's place. */
  readonly onFile: () => void;
}

/** Makes an ordinary file of a recording; returns its size in bytes. */
export function* rewriteRecording(native: Native, recording: FinishedRecording): Steps<number> {
  try {
    using companion = new Companion(recording.path);
    const bytes = (yield* writeOrdinary(native, recording, companion, true)) ??
      (yield* writeOrdinary(native, recording, companion, false))!;
    requireNotInterrupted(native);
    companion.replaceRecording();
    recording.onFile();
    return bytes;
  } catch (cause) {
    throw finalizeError(recording.path, cause);
  }
}

/**
 * Writes the ordinary file; returns its size, or `null` where the room that was left for the index in front is
 * too small, so that the file is no good.
 */
function* writeOrdinary(
  native: Native,
  recording: FinishedRecording,
  companion: Companion,
  leavesRoom: boolean,
): Steps<number | null> {
  const { path, muxer: { info }, ends, endSeconds, createMuxer } = recording;
  const open = (): Demuxer => openRecording(native, info, path);
  // Closed before the new file takes the place: Windows replaces no open file.
  using from = open();
  companion.make();
  using muxer = createMuxer(`file:${companion.path}`, "finished", from);
  const chapters = placeChapters(recording.chapters, endSeconds);
  const room = leavesRoom ? roomForIndex(recording, from, muxer, chapters) : null;
  if (room !== null) {
    muxer.options.setField("movflags", "-faststart");
    muxer.options.setField("moov_size", room);
  }
  muxer.openFile(`file:${companion.path}`);
  using file = new SyncedFile(companion.path);
  muxer.writeHeader();
  const meter = new StepMeter(recording.bytes);
  const copied = yield* copyPackets(native, from, muxer, ends, {
    reopen: open,
    add: (bytes) => {
      file.add(bytes);
      return meter.add(bytes) ? meter.share : null;
    },
  });
  // The replacement must contain all packets of the recording.
  if (copied < ends.packets) throw new Error(`${copied} of its ${ends.packets} packets can be read`);
  if (chapters.length > 0) muxer.setChapters(chapters);
  // A room that is too small is no error to print.
  if (room !== null) setLogLevel(native, "quiet");
  try {
    muxer.writeTrailer();
  } catch (error) {
    // What movenc.c says where the index does not fit.
    if (room === null || !(error instanceof AvError) || error.code !== "EINVAL") throw error;
    return null;
  }
  const bytes = muxer.outputBytes!;
  muxer.closeOutput();
  file.sync();
  return bytes;
}

/** Bytes for the index in front; `null` where options say where it goes, or it has a form of its own. */
function roomForIndex(
  { path, bytes, index, muxer: { info } }: FinishedRecording,
  from: Demuxer,
  muxer: Muxer,
  chapters: readonly { readonly title: string }[],
): number | null {
  const isInFront = String(muxer.options.chosen("movflags") ?? "").startsWith("+faststart");
  if (!needsFragments(info) || !isInFront) return null;
  const emptyBytes = boxBytes(path, "moov");
  if (emptyBytes === null) return null;
  const room = index.bytes({
    emptyBytes,
    fileBytes: bytes,
    isText: (stream) => from.isOf("subtitle", stream),
    chapters,
    pictureBytes: muxer.pictureBytes,
  });
  return room < 2 ** 31 ? room : null;
}

function finalizeError(path: string, cause: unknown): WriteError {
  const { code, message } = cause as { code?: unknown; message: string };
  return new WriteError(
    `Cannot make an ordinary file of the fragments in ${path}: ${message}`,
    {
      code: typeof code === "string" ? code : "EIO",
      operation: "finish the file",
      hint: "Every frame is in that file, which plays as it is; recoverFile makes it an ordinary one",
      cause: cause instanceof AvError ? cause : undefined,
    },
  );
}
