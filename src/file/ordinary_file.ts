/**
 * Makes an ordinary file of a recording, next to it, which then takes its place: the path has all of the
 * video at any time.
 *
 * @module
 */
import { type Native, SyncedFile } from "../../ffi/mod.ts";
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
import { leaveRoom, wroteTrailer } from "./index_room.ts";
import type { IndexSize } from "./index_size.ts";
import type { StreamEnds } from "./stream_ends.ts";
import { companionPath } from "./target.ts";

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
    using companion = new Companion(recording.path, companionPath(recording.path));
    const bytes = (yield* writeOrdinary(native, recording, companion, true)) ??
      (yield* writeOrdinary(native, recording, companion, false))!;
    requireNotInterrupted(native);
    companion.replace(recording.path);
    recording.onFile();
    return bytes;
  } catch (cause) {
    throw finalizeError(recording.path, cause);
  }
}

/**
 * Writes the ordinary file; returns its size, or `null` where the room that was left for the index in front
 * is too small, so that the file is no good.
 */
function* writeOrdinary(
  native: Native,
  recording: FinishedRecording,
  companion: Companion,
  triesRoom: boolean,
): Steps<number | null> {
  const { path, muxer: { info }, ends, endSeconds, createMuxer } = recording;
  const open = (): Demuxer => openRecording(native, info, path);
  // Closed before the new file takes the place: Windows replaces no open file.
  using from = open();
  companion.make();
  using muxer = createMuxer(`file:${companion.path}`, "finished", from);
  const chapters = placeChapters(recording.chapters, endSeconds);
  const leavesRoom = triesRoom && needsFragments(info) && leaveRoom(muxer, recording.index, {
    ...{ path, chapters, fileBytes: recording.bytes },
    isText: (stream) => from.isOf("subtitle", stream),
  });
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
  if (leavesRoom) setLogLevel(native, "quiet");
  if (!wroteTrailer(muxer, leavesRoom)) return null;
  const bytes = muxer.outputBytes!;
  muxer.closeOutput();
  file.sync();
  return bytes;
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
