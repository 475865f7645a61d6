/**
 * Repairs recordings that were cut off.
 *
 * @module
 */
import { endOfBoxes, fileBytes, FileLock, type Native, runtime, SyncedFile } from "../../ffi/mod.ts";
import { attachmentStream } from "../container/attachments.ts";
import { coverStream, openCover, repairsCover } from "../container/cover.ts";
import { needsNamedKeys } from "../container/ask_container.ts";
import { muxerByExtension } from "../container/muxer_choice.ts";
import { muxerOptions, needsFragments } from "../container/muxer_options.ts";
import { AvError, ReadError, UnsupportedError } from "../errors.ts";
import { Demuxer } from "../libav/demuxer.ts";
import { setLogLevel } from "../libav/log.ts";
import { Muxer } from "../libav/muxer.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import { NativePacket } from "../libav/native_packet.ts";
import { packTag, type StreamRequest } from "../libav/streams/stream_parameters.ts";
import { StepMeter, type Steps } from "../steps.ts";
import { Companion } from "./companion.ts";
import { inUse } from "./held_target.ts";
import { IndexSize } from "./index_size.ts";
import { leaveRoom, wroteTrailer } from "./index_room.ts";
import { readPacket, salvagePackets } from "./salvage_packets.ts";
import { companionPath, requireReadable, requireWritable, stepsWithWriteErrors } from "./target.ts";

/** The result of `recoverFile`. */
export interface RecoverSummary {
  /** The absolute path of the file. */
  readonly path: string;
  /** The container's name in libavformat. */
  readonly format: string;
  /** Number of video frames that were saved; 0 for an audio file. */
  readonly frames: number;
  /** Size of the repaired file in bytes. */
  readonly bytes: number;
}

/** Containers of recordings, by the names of libavformat's demuxers. */
const readable = [
  "mov",
  "matroska",
  "avi",
  "flv",
  "mpegts",
  "nut",
  "asf",
  "ogg",
  "mpeg",
  "mxf",
  "wav",
  "flac",
  "mp3",
  "aiff",
] as const;

const operation = "recover a file";

/** A file to repair. */
export interface RecoverRequest {
  /** The absolute path of the file. */
  readonly path: string;
  /** That of the repaired one: the same, or another. */
  readonly output: string;
}

/** Repairs a file; the steps tell how much of the work is done. */
export function* recoverRecording(native: Native, { path, output }: RecoverRequest): Steps<RecoverSummary> {
  setLogLevel(native, "quiet");
  const info = containerOf(native, output);
  requireReadable(path, "recover");
  // A link stays a link: its target is repaired.
  const source = runtime().realPath(path) ?? path;
  const target = runtime().realPath(output) ?? output;
  requireFile(target);
  const companion = new Companion(source, companionPath(target));
  requireWritable(companion.path);
  using _removed = companion;
  using _locks = lockBoth(native, source, target);
  const { frames, isEmpty, bytes } = yield* stepsWithWriteErrors(
    target,
    repair(native, info, source, companion),
  );
  if (isEmpty) throw nothingRecovered(source, "it holds no whole frame");
  companion.replace(target);
  return { path: output, format: info.name, frames, bytes };
}

/** Keeps writers away from both files. */
function lockBoth(native: Native, source: string, target: string): Disposable {
  using owned = new DisposableStack();
  for (const path of new Set([source, target])) {
    // A source that may only be read is not written by this program.
    const lock = FileLock.take(native.fileLocks(), path, false);
    if (lock === "taken") throw inUse(path);
    owned.use(lock);
  }
  return owned.move();
}

/** Throws where a path is no place for a file of its own. */
function requireFile(path: string): void {
  const { isOwnFile, pipe } = requireWritable(path);
  pipe?.[Symbol.dispose]();
  if (isOwnFile) return;
  throw new UnsupportedError(`Cannot write the repaired file to ${path}: it is a device, a pipe or a link`, {
    code: "NO_REGULAR_FILE",
    operation,
    hint: "Name a file",
  });
}

/** Copies everything that can be read; both files are closed after that. */
function* repair(native: Native, info: MuxerInfo, file: string, companion: Companion): Steps<Recovered> {
  const index = needsFragments(info) ? yield* measureIndex(native, file) : null;
  return (yield* copyInto(native, info, file, companion, index)) ??
    (yield* copyInto(native, info, file, companion, null))!;
}

/** What was copied. */
interface Recovered {
  readonly frames: number;
  readonly isEmpty: boolean;
  readonly bytes: number;
}

/** Counts the packets of a file for the size of its index. Takes the first half of the work. */
function* measureIndex(native: Native, file: string): Steps<IndexSize> {
  using recording = openDamaged(native, file);
  using packet = new NativePacket(native);
  const index = new IndexSize();
  const meter = new StepMeter(2 * fileBytes(file));
  while (readPacket(recording, packet)) {
    const isOver = meter.add(packet.size);
    index.add(packet);
    packet.unref();
    if (isOver) yield meter.share;
  }
  return index;
}

/**
 * The container of the repaired file. Throws an {@linkcode UnsupportedError} where the extension is not that
 * of a container for recordings.
 */
function containerOf(native: Native, file: string): MuxerInfo {
  const hint = "Name the file with the extension of its container, such as .mp4 or .mkv";
  const info = muxerByExtension(native, file, hint);
  if (!info.opensFilesItself) return info;
  throw new UnsupportedError(
    `Cannot recover ${file}: its extension means ${info.name}, which is many files`,
    {
      code: "MUXER_NOT_FOUND",
      operation,
      hint,
    },
  );
}

function openDamaged(native: Native, file: string): Demuxer {
  const open = (url: string): Demuxer => new Demuxer(native, url, { formats: readable }).findStreamInfo();
  try {
    return open(`file:${file}`);
  } catch (error) {
    if (!(error instanceof AvError)) throw error;
    const end = endOfBoxes(file);
    try {
      // mov's demuxer rejects a file that ends within a moof.
      if (end !== null) return open(`subfile,,start,0,end,${end},,:file:${file}`);
    } catch {
      // The first error is the one to report.
    }
    throw nothingRecovered(file, `it cannot be read as a recording (${error.message})`, error);
  }
}

function nothingRecovered(file: string, why: string, cause?: AvError): ReadError {
  return new ReadError(`Cannot recover ${file}: ${why}`, {
    code: cause?.code ?? "INVALIDDATA",
    operation,
    hint: "The file is unchanged",
    cause,
  });
}

/** Tracks of mp4 and mov that the muxer generates: the timecode, from its tag, and chapter titles. */
const generatedTracks: readonly number[] = ["tmcd", "text"].map(packTag);

/** A muxer for what is in a recording, and the number of its stream for each that goes there. */
interface CopyMuxer {
  readonly muxer: Muxer;
  readonly places: ReadonlyMap<number, number>;
}

function createMuxer(
  native: Native,
  info: MuxerInfo,
  recording: Demuxer,
  url: string,
  namesKeys: boolean,
): CopyMuxer {
  using owned = new DisposableStack();
  const muxer = owned.use(new Muxer(native, info, url));
  const { streams } = recording;
  const places = new Map<number, number>();
  let added = 0;
  for (const index of streams.keys()) {
    // A track that never got a packet: no muxer takes audio without a rate.
    if (recording.isUnknownAudio(index)) continue;
    if (recording.isOf("data", index) && generatedTracks.includes(recording.tag(index))) continue;
    const picture = repairsCover(info) ? recording.picture(index) : null;
    if (picture !== null) {
      const request = pictureStream(native, info, picture, recording.tags(index));
      if (request === null) continue;
      muxer.addStream(request);
      added++;
      continue;
    }
    places.set(index, added++);
    const stream = muxer.addStream({
      describeInto: (parameters) => recording.describeInto(index, parameters),
      timeBase: recording.timeBase(index),
      frameRate: recording.frameRate(index),
      tag: null,
    });
    recording.copyTags(index, stream);
  }
  recording.copyMetadata(muxer.address);
  muxer.options.setAll(muxerOptions(muxer, recording.timeBase(0), "finished", undefined, namesKeys));
  // Blocks of audio before 0 stay there, or all would move; a demuxer may not know the encoder's delay.
  if (info.name === "matroska") muxer.options.setField("avoid_negative_ts", 0);
  owned.move();
  return { muxer, places };
}

/**
 * Copies everything that can be read into a new file; returns `null` where an index in front takes more room
 * than was counted for it.
 */
function* copyInto(
  native: Native,
  info: MuxerInfo,
  file: string,
  companion: Companion,
  index: IndexSize | null,
): Steps<Recovered | null> {
  using recording = openDamaged(native, file);
  if (recording.streams.length === 0) throw nothingRecovered(file, "it holds no stream");
  const create = (url: string, namesKeys: boolean): CopyMuxer =>
    createMuxer(native, info, recording, url, namesKeys);
  const namesKeys = needsNamedKeys(native, info, recording.metadata, (isNamed) => create("", isNamed).muxer);
  const { muxer: owned, places } = create(`file:${companion.path}`, namesKeys);
  using muxer = owned;
  const { chapters } = recording;
  const bytes = fileBytes(file);
  const leavesRoom = index !== null && leaveRoom(muxer, index, {
    ...{ path: file, chapters, fileBytes: bytes },
    isText: (stream) => recording.isOf("subtitle", stream),
  });
  companion.make();
  muxer.openFile(`file:${companion.path}`);
  using synced = new SyncedFile(companion.path);
  writeHeader(muxer, file);
  const half = needsFragments(info) ? 0.5 : 0;
  const meter = new StepMeter(bytes);
  const counts = yield* salvagePackets(native, recording, muxer, places, (read) => {
    synced.add(read);
    return meter.add(read) ? half + (1 - half) * meter.share : null;
  });
  if (chapters.length > 0) muxer.setChapters(chapters);
  if (!wroteTrailer(muxer, leavesRoom)) return null;
  const written = muxer.outputBytes ?? 0;
  muxer.closeOutput();
  synced.sync();
  const videos = [...counts].filter(([index]) => recording.isOf("video", index));
  const frames = videos.reduce((sum, [, count]) => sum + count, 0);
  // An audio file is as good as its packets.
  const isEmpty = videos.length > 0 ? frames === 0 : [...counts].every(([, count]) => count === 0);
  return { frames, isEmpty, bytes: written };
}

/**
 * The stream of a picture in the file, with its tags; `null` where it is broken, as the video matters more.
 */
function pictureStream(
  native: Native,
  info: MuxerInfo,
  picture: Uint8Array,
  { filename: name, mimetype: mimeType }: Readonly<Record<string, string>>,
): StreamRequest | null {
  if (info.name === "matroska" && name !== undefined && mimeType !== undefined) {
    return attachmentStream(native, { name, mimeType, data: picture });
  }
  try {
    return coverStream(native, info, openCover(native, picture));
  } catch {
    return null;
  }
}

/** Writes the header. Muxers refuse it where a stream has no size or codec because of the damage. */
function writeHeader(muxer: Muxer, file: string): void {
  try {
    muxer.writeHeader();
  } catch (error) {
    if (!(error instanceof AvError) || error.code !== "EINVAL" && error.code !== "INVALIDDATA") throw error;
    throw nothingRecovered(
      file,
      `${muxer.info.name} cannot hold what is left of its streams (${error.message})`,
      error,
    );
  }
}
