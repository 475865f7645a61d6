/**
 * The door for packets: a path and a source make a writer.
 *
 * @module
 */
import { unlessAbortedMeanwhile } from "../../abortable.ts";
import type { CopiedFile } from "../../engine/copying/media_packet.ts";
import { descriptionOf, type PacketSource } from "../../engine/copying/packet_source.ts";
import { UnsupportedError } from "../../errors.ts";
import { filePath } from "../../file_path.ts";
import { type Check, checkOptionTable, requireOptions } from "../../option_checks.ts";
import { isOneFile } from "../../same_file.ts";
import { shown } from "../../shown.ts";
import { openPacketEngine } from "../../thread/open_engine.ts";
import { checkOptions, writerChecks } from "../options.ts";
import type { WriterOptions } from "../writer_options.ts";
import { EnginePacketWriter } from "./engine_packet_writer.ts";
import type { PacketWriter, PacketWriterStats } from "./packet_writer.ts";

/**
 * Options of {@linkcode createPacketWriter}. Every one may be left out. They are copied when the writer is
 * made. `metadata` and `chapters` are those of the source unless given.
 *
 * @example
 * ```ts
 * import type { PacketWriterOptions } from "@avwriter/avwriter";
 *
 * const options: PacketWriterOptions = { subtitles: false, metadata: { title: "Waves" } };
 * ```
 */
export interface PacketWriterOptions extends
  Pick<
    WriterOptions,
    | "format"
    | "formatOptions"
    | "metadata"
    | "chapters"
    | "crashSafe"
    | "thread"
    | "workerUrl"
    | "logLevel"
    | "signal"
    | "libraryPath"
  > {
  /** Whether audio tracks are copied. Default: `true`. */
  audio?: boolean;
  /** Whether subtitle tracks are copied. Default: `true`. */
  subtitles?: boolean;
  /** Called after packets are written, at most four times per second, and at the end. */
  onProgress?: (stats: PacketWriterStats) => void;
}

const flag: Check = (value) => (typeof value === "boolean" ? null : "true or false");
const ownChecks = { audio: flag, subtitles: flag };
const { format, formatOptions, metadata, chapters } = writerChecks;
const { crashSafe, thread, workerUrl, logLevel, signal, onProgress, libraryPath } = writerChecks;
const fileChecks = {
  ...{ format, formatOptions, metadata, chapters },
  ...{ crashSafe, thread, workerUrl, logLevel, signal, onProgress, libraryPath },
};

/**
 * Makes a writer that copies packets into a file as they are: another container for the same video, or a
 * recording of what a camera sends. Nothing is decoded, so that it takes next to no time and loses nothing.
 *
 * Subtitles, chapters, tags, covers and attached files go along, as far as the container has a place for
 * them; tags that it does not know are left out. A container that does not take the codec of a track is an
 * error now, as is a path that can't be written.
 *
 * @param path The file, as a path or a `file:` URL. Its extension chooses the container unless `format` does.
 * @param packets What is copied: `source.packets`. It must be open.
 * @param options See {@linkcode PacketWriterOptions}.
 * @returns The writer. Attach it with `source.packets.attach(writer)`, and close it, best with `await using`.
 *
 * @throws {TypeError} An argument or option has the wrong type or shape, or the file is the source itself.
 * @throws {LibraryNotFoundError} FFmpeg's libraries were not found or may not be opened.
 * @throws {OptionError} An option of the muxer is unknown, or its value is refused.
 * @throws {ReadError} The source was closed, or can't be read.
 * @throws {UnsupportedError} The container does not take a codec.
 * @throws {WriteError} The file can't be written.
 *
 * @example From mkv to mp4
 * ```ts
 * import { createFileReader, createFileWriter, createPacketWriter } from "@avwriter/avwriter";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   await using writer = await createFileWriter("h264", `${folder}/in.mkv`, 25);
 *   await writer.write({ data: new Uint8Array(64 * 64 * 4), width: 64, height: 64 });
 * }
 * await using source = await createFileReader(`${folder}/in.mkv`);
 * await using writer = await createPacketWriter(`${folder}/out.mp4`, source.packets);
 * await source.packets.attach(writer).finished;
 * ```
 */
export async function createPacketWriter(
  path: string | URL,
  packets: PacketSource,
  options: PacketWriterOptions = {},
): Promise<PacketWriter> {
  const file = filePath(path);
  const describe = descriptionOf(packets);
  if (describe === undefined) {
    throw new TypeError(`Cannot copy from ${shown(packets)}: give the packets of a source, source.packets`);
  }
  requireOptions(options);
  const { audio = true, subtitles = true, onProgress, ...checked } = checkOptionTable(options, {
    ...fileChecks,
    ...ownChecks,
  });
  const { session, engine: engineOptions } = checkOptions(checked);
  const { signal } = engineOptions;
  signal?.throwIfAborted();
  const source = withoutKinds(await describe(), audio, subtitles);
  signal?.throwIfAborted();
  requireOtherFile(source, file);
  const request = { kind: "packets", path: file, source, options: session } as const;
  const engine = await openPacketEngine(request, engineOptions);
  const isQuiet = session.logLevel === "quiet";
  const writer = new EnginePacketWriter(engine, signal, onProgress, isQuiet);
  return await unlessAbortedMeanwhile(writer, signal);
}

/** Writing begins while the source is read: a file can't be copied into itself. */
function requireOtherFile({ path }: CopiedFile, target: string): void {
  if (path === null || !isOneFile(path, target)) return;
  throw new TypeError(`Cannot copy packets of ${path} into the same file: give another path`);
}

/** What is copied of a source. */
function withoutKinds(source: CopiedFile, hasAudio: boolean, hasSubtitles: boolean): CopiedFile {
  const streams = source.streams.filter(({ kind }) =>
    (hasAudio || kind !== "audio") && (hasSubtitles || kind !== "subtitle")
  );
  if (streams.some(({ kind }) => kind !== null)) return { ...source, streams };
  throw new UnsupportedError("Cannot copy a source without a track: it has none that is to be copied", {
    code: "NO_TRACKS",
    operation: "copy packets",
    hint: "Leave the options audio and subtitles out",
  });
}
