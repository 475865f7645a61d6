/**
 * Repairs recordings that were cut off.
 *
 * @module
 */
import {
  endOfBoxes,
  loadNative,
  makeReplacement,
  type Native,
  removeFile,
  replaceFile,
  runtime,
} from "../../ffi/mod.ts";
import { attachmentStream } from "../container/attachments.ts";
import { coverStream, supportsCover } from "../container/cover.ts";
import { muxerByExtension } from "../container/muxer_choice.ts";
import { muxerOptions } from "../container/muxer_options.ts";
import { AvError, ReadError, UnsupportedError } from "../errors.ts";
import { filePath } from "../file_path.ts";
import { Demuxer } from "../libav/demuxer.ts";
import { setLogLevel } from "../libav/log.ts";
import { Muxer } from "../libav/muxer.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import { packTag, type StreamRequest } from "../libav/streams/stream_parameters.ts";
import { salvagePackets } from "./salvage_packets.ts";
import { companionPath, requireReadable, requireWritable, withWriteErrors } from "./target.ts";

/** The result of {@linkcode recoverFile}. */
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

/**
 * Makes an ordinary file of a recording that was cut off: by a kill, a crash, a full disk. It gets an index,
 * its duration and, in mp4 and mov, moov in front; what can't be read at its end is left out. Streams are
 * copied as they are.
 *
 * The repaired file is made beside it, under the name `NAME.avwriter`, and takes its place at the end: until
 * then the recording stays as it was. A file that needs no repair comes out as good as it was.
 *
 * @param path The file, as a path or a `file:` URL. Its extension tells the container, as it did when it was
 * written.
 * @returns What was saved.
 *
 * @throws {TypeError} The path is none.
 * @throws {LibraryNotFoundError} FFmpeg's libraries were not found or may not be opened.
 * @throws {UnsupportedError} Its extension is that of no container, or of one that is many files.
 * @throws {ReadError} The file can't be read, or holds nothing that could be saved: it stays as it was.
 * @throws {WriteError} The repaired file can't be written: the recording stays as it was.
 *
 * @example
 * ```ts
 * import { createFileWriter, recoverFile } from "@avwriter/avwriter";
 *
 * const path = `${await Deno.makeTempDir()}/gray.mp4`;
 * {
 *   await using writer = await createFileWriter("h264", path, 30);
 *   await writer.write({ data: new Uint8Array(64 * 64 * 4).fill(128), width: 64, height: 64 });
 * }
 * const { frames } = await recoverFile(path);
 * if (frames !== 1) throw new Error("not as written");
 * ```
 */
// deno-lint-ignore require-await
export async function recoverFile(path: string | URL): Promise<RecoverSummary> {
  const given = filePath(path);
  const native = loadNative();
  setLogLevel(native, "quiet");
  const info = containerOf(native, given);
  requireReadable(given, "recover");
  // A link stays a link: its target is repaired.
  const file = runtime().realPath(given) ?? given;
  requireWritable(file);
  const companion = companionPath(file);
  requireWritable(companion);
  using recording = openDamaged(native, file);
  try {
    const { frames, isEmpty, bytes } = withWriteErrors(
      file,
      () => copyInto(native, info, recording, file, companion),
    );
    if (isEmpty) throw nothingRecovered(file, "it holds no whole frame");
    replaceFile(file, companion);
    return { path: given, format: info.name, frames, bytes };
  } catch (error) {
    removeFile(companion);
    throw error;
  }
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

/** Copies everything that can be read into a new file. */
function copyInto(
  native: Native,
  info: MuxerInfo,
  recording: Demuxer,
  file: string,
  companion: string,
): { frames: number; isEmpty: boolean; bytes: number } {
  const streams = recording.streams;
  if (streams.length === 0) throw nothingRecovered(file, "it holds no stream");
  using muxer = new Muxer(native, info, `file:${companion}`);
  const places = new Map<number, number>();
  let added = 0;
  for (const index of streams.keys()) {
    // A track that never got a packet: no muxer takes audio without a rate.
    if (recording.isUnknownAudio(index)) continue;
    if (recording.isOf("data", index) && generatedTracks.includes(recording.tag(index))) continue;
    const picture = supportsCover(info) ? recording.picture(index) : null;
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
  const options = muxerOptions(muxer, recording.timeBase(0), "finished", undefined, recording.metadata);
  muxer.options.setAll(options);
  makeReplacement(file, companion);
  muxer.openFile(`file:${companion}`);
  writeHeader(muxer, file);
  const counts = salvagePackets(native, recording, muxer, places);
  const { chapters } = recording;
  if (chapters.length > 0) muxer.setChapters(chapters);
  muxer.writeTrailer();
  const bytes = muxer.outputBytes ?? 0;
  muxer.closeOutput();
  const videos = [...counts].filter(([index]) => recording.isOf("video", index));
  const frames = videos.reduce((sum, [, count]) => sum + count, 0);
  // An audio file is as good as its packets.
  const isEmpty = videos.length > 0 ? frames === 0 : [...counts].every(([, count]) => count === 0);
  return { frames, isEmpty, bytes };
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
    return coverStream(native, info, picture);
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
