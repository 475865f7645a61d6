/**
 * The door for video that is read while it is written: a codec, a stream of bytes and a frame rate make a
 * writer.
 *
 * @module
 */
import { requireOptions } from "../../option_checks.ts";
import type { Codec } from "../../codecs/families.ts";
import { openVideoEngine } from "../../thread/open_engine.ts";
import { type FrameRate, parseFrameRate } from "../../video/frame_rate.ts";
import { requireCodec, writerOver } from "../create_file_writer.ts";
import type { VideoFileRequest } from "../../engine/session_types.ts";
import type { Rational } from "../../libav/rational.ts";
import { fieldsOf } from "../../plain_copy.ts";
import { redactTarget } from "../../redaction.ts";
import { shown } from "../../shown.ts";
import type { VideoEngine } from "../../thread/engine.ts";
import { type CheckedOptions, checkOptions, writerChecks } from "../options.ts";
import { openWithOutputs } from "../outputs/open_outputs.ts";
import { isAddress, requireNoMistake } from "../outputs/output_address.ts";
import { checkConnection, connectionChecks, type ConnectionOptions } from "../outputs/output_options.ts";
import type { VideoWriter } from "../video_writer.ts";
import type { StreamWriterOptions, WriterOptions } from "../writer_options.ts";
import type { AdaptiveOptions } from "../adaptive/adaptive_options.ts";
import { isAdaptive } from "../adaptive/adaptive_place.ts";
import { createAdaptiveWriter } from "../adaptive/create_adaptive_writer.ts";
import type { OpenSegment } from "../packaging/stores/stream_store.ts";
import { requireNoFileOptions } from "./byte_options.ts";
import { ByteStream, requireStream } from "./byte_stream.ts";
import { StreamEngine } from "./stream_engine.ts";

/**
 * Makes a writer that encodes frames into a stream of bytes, which are there while frames are still drawn:
 * `new Response(readable)` plays at once. Or a writer that sends them to an address: `rtmp:`, `rtmps:`,
 * `rtsp:`, `rtp:`, `srt:`, `udp:`, `tcp:`, `icecast:`, `http:` or `https:`.
 *
 * An address chooses the container, unless `format` does. Its connection has a thread of its own, and comes
 * back where it is lost (`reconnect`); `stats.outputs` tells how it is. The first connection that fails is an
 * error of this call; with RTSP and HTTP, of the first `write`. Keys and passwords are in no message. Under
 * Deno it needs the permission to reach the host and port, as `Deno.connect` does.
 *
 * A stream has no name, so the option `format` is required: `"mp4"` (in fragments), `"webm"`, `"matroska"`,
 * `"mpegts"`, `"mpjpeg"` (the codec `"mjpeg"` as `multipart/x-mixed-replace; boundary=ffmpeg`), or any other
 * container of one file. The bytes of a frame come with it where the encoder holds none back:
 * `tune: "zerolatency"` for libx264 and libx265.
 *
 * Of segments, as HLS and DASH have them, the target is the path of the manifest in a folder
 * (`"live/index.m3u8"`, `"live/index.mpd"`), its address, where each file is put by HTTP, or a function that
 * gives a stream for each file. See {@linkcode AdaptiveOptions}.
 *
 * Where the stream has no room, `write` waits for its reader. Where it takes nothing any more, as its reader
 * has gone, the next call, or the one that waits, rejects with a {@linkcode WriterClosedError}, and the
 * writer has ended. `close` resolves once the stream has taken everything; `abort` aborts the stream with the
 * reason. The `path` of the summary is empty; with an address, it is that without its secrets.
 *
 * @param codec A codec family, or the exact name of any libavcodec encoder, as for
 * {@linkcode createFileWriter}.
 * @param target Where the video goes: an address, a manifest, a function for segments, or a stream, which is
 * locked, and closed or aborted with the writer.
 * @param fps Frames per second, kept exactly.
 * @param options See {@linkcode StreamWriterOptions}; `crashSafe`, `passes: 2`, `targetBytes`,
 * `palette: "clip"`, `chunk`, `segments` and `fallback` are for files.
 * @returns The writer. Close it, best with `await using`.
 *
 * @throws {TypeError} An argument or option has the wrong type or shape, `format` is missing, or the stream
 * is locked.
 * @throws {RangeError} The frame rate is not above 0, or too fine for FFmpeg's integers.
 * @throws {LibraryNotFoundError} FFmpeg's libraries were not found or may not be opened.
 * @throws {LibraryVersionError} FFmpeg's libraries are too new, or not what their version says.
 * @throws {EncoderNotFoundError} No encoder for the codec can be used.
 * @throws {OptionError} An option of the encoder or muxer is unknown, or its value is refused.
 * @throws {UnsupportedError} Codec, container, pixel format or size do not go together, the container is of
 * several files, or this FFmpeg is too old for it.
 * @throws {WriteError} The folder can't be written, or the address can't be reached, or refuses.
 *
 * @example An address, here one that nobody needs to listen at
 * ```ts
 * import { createStreamWriter } from "@avwriter/avwriter";
 *
 * const options = { tune: "zerolatency", preset: "ultrafast" };
 * await using writer = await createStreamWriter("libx264", "udp://127.0.0.1:5006", 30, options);
 * for (let n = 0; n < 15; n++) await writer.write(new ImageData(320, 180));
 * await writer.close();
 * const [output] = writer.stats.outputs ?? [];
 * if (output?.state !== "closed" || output.frames !== 15) throw new Error("not as written");
 * ```
 *
 * @example Bytes for a response
 * ```ts
 * import { createStreamWriter } from "@avwriter/avwriter";
 *
 * const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
 * const video = new Response(readable, { headers: { "content-type": "video/mp4" } }).bytes();
 * {
 *   const options = { format: "mp4", tune: "zerolatency", keyFrameInterval: 1 };
 *   await using writer = await createStreamWriter("libx264", writable, 30, options);
 *   for (let n = 0; n < 30; n++) await writer.write(new ImageData(320, 180));
 * }
 * if ((await video).length < 1000) throw new Error("not as written");
 * ```
 *
 * @example Segments in a folder
 * ```ts
 * import { createStreamWriter } from "@avwriter/avwriter";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   const options = { adaptive: { segmentSeconds: 1 } };
 *   await using writer = await createStreamWriter("h264", `${folder}/index.m3u8`, 30, options);
 *   for (let n = 0; n < 60; n++) await writer.write(new ImageData(320, 180));
 * }
 * const playlist = await Deno.readTextFile(`${folder}/index-video.m3u8`);
 * if (!playlist.includes("#EXT-X-ENDLIST")) throw new Error("not as written");
 * ```
 */
export async function createStreamWriter(
  codec: Codec,
  target: string | URL | WritableStream<Uint8Array> | OpenSegment,
  fps: FrameRate,
  options: StreamWriterOptions = {},
): Promise<VideoWriter> {
  requireCodec(codec);
  requireOptions(options);
  const { writer, connection, adaptive } = dividedOptions(options);
  const frameRate = parseFrameRate(fps);
  requireNoMistake(target);
  if (isAdaptive(target, writer.format)) {
    return await createAdaptiveWriter({ codec, frameRate, options: writer, adaptive, connection }, target);
  }
  requireNone(adaptive === undefined ? {} : { adaptive }, "one stream");
  const plan = { codec, frameRate, checked: checkOptions(writer) };
  if (isAddress(target)) return await createAddressWriter(plan, target, checkConnection(connection));
  if (typeof target === "string" || target instanceof URL) throw fileTarget(target);
  requireStream(target);
  requireNone(connection, "a stream");
  return await createByteWriter(plan, target);
}

/** The error of a path that is no manifest's. */
function fileTarget(target: string | URL): TypeError {
  const text = target instanceof URL ? target.href : target;
  return new TypeError(
    `Cannot write to ${
      shown(redactTarget(text))
    }: createStreamWriter takes an address such as rtmp://198.51.100.7/live/key, the path of a manifest (.m3u8, .mpd), or a WritableStream; createFileWriter writes files`,
  );
}

/** What a writer is made from, beside its target. */
interface WriterPlan {
  readonly codec: Codec;
  readonly frameRate: Rational;
  readonly checked: CheckedOptions;
}

/** Throws a `TypeError` where there is an option that a target has no use for. */
function requireNone(options: object, target: string): void {
  for (const name of Object.keys(options)) {
    const use = name === "adaptive" ? "HLS and DASH" : "addresses";
    throw new TypeError(`Cannot use the option ${name} with ${target}: it is for ${use}`);
  }
}

/** Divides options into those of a writer, those of a connection, and those of segments. */
function dividedOptions(given: StreamWriterOptions): {
  readonly writer: WriterOptions;
  readonly connection: ConnectionOptions;
  readonly adaptive: AdaptiveOptions | undefined;
} {
  const names = [...Object.keys(writerChecks), ...Object.keys(connectionChecks), "adaptive"];
  const { adaptive, ...others } = fieldsOf(given, names) as StreamWriterOptions;
  const fields = Object.entries(others).filter(([, value]) => value !== undefined);
  const isOfConnection = ([name]: [string, unknown]): boolean => Object.hasOwn(connectionChecks, name);
  return {
    writer: Object.fromEntries(fields.filter((field) => !isOfConnection(field))),
    connection: Object.fromEntries(fields.filter(isOfConnection)),
    adaptive,
  };
}

/** What a session writes where its outputs open their own connections: nothing of it is kept. */
const discarded = { format: "nut", formatOptions: { write_index: false } } as const;

async function createAddressWriter(
  { codec, frameRate, checked }: WriterPlan,
  target: string | URL,
  connection: ConnectionOptions,
): Promise<VideoWriter> {
  const { session, engine: engineOptions, fallback, outputs, shared } = checked;
  requireNoFileOptions(session, "an address", fallback);
  engineOptions.signal?.throwIfAborted();
  const { format, formatOptions, ...rest } = session;
  const first = {
    ...{ ...shared, ...connection, target },
    ...(format === undefined ? {} : { format }),
    ...(formatOptions === undefined ? {} : { formatOptions }),
  };
  const request: VideoFileRequest = {
    ...{ kind: "video", codec, path: "", bytesTo: "nowhere", frameRate },
    options: { ...rest, ...discarded },
  };
  const plan = { outputs: [first, ...outputs], hasPrimary: true };
  const open = (opened: VideoFileRequest): Promise<VideoEngine> => openVideoEngine(opened, engineOptions);
  const engine = await openWithOutputs(request, engineOptions, plan, open);
  return await writerOver(engine, frameRate, checked);
}

async function createByteWriter(
  { codec, frameRate, checked }: WriterPlan,
  stream: WritableStream<Uint8Array>,
): Promise<VideoWriter> {
  const { session, engine: engineOptions, fallback, outputs } = checked;
  requireNoFileOptions(session, "a stream", fallback);
  if (session.format === undefined) {
    throw new TypeError('Cannot write to a stream without the option format: give one, such as "mp4"');
  }
  engineOptions.signal?.throwIfAborted();
  const target = new ByteStream(stream);
  const request = { kind: "video", codec, path: "", bytesTo: "stream", frameRate, options: session } as const;
  const { take } = target;
  const open = (opened: VideoFileRequest): Promise<VideoEngine> =>
    openVideoEngine(opened, { ...engineOptions, take });
  const opening = outputs.length === 0
    ? open(request)
    : openWithOutputs(request, engineOptions, { outputs, hasPrimary: false }, open);
  const engine = await opening.catch((error) => target.refuse(error));
  return await writerOver(new StreamEngine(engine, target), frameRate, checked);
}
