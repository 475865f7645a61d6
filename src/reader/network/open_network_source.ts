/**
 * Opens network addresses for reading.
 *
 * @module
 */
import { parseBits } from "../../option_checks.ts";
import { requireReadable } from "../../file/target.ts";
import { openReading } from "../../thread/reading/reading_thread.ts";
import type { NetworkPlace, ReadRequest } from "../../engine/reading/reading_types.ts";
import { workerModule } from "../../worker/worker_module.ts";
import { checkAddress, type NetworkAddress } from "./network_address.ts";
import { checkNetworkOptions, type NetworkSourceOptions } from "./network_options.ts";
import { type NetworkSource, openFlow } from "./network_source.ts";

/** How long connecting and reading may wait, in seconds. */
const defaultTimeout = 10;
/** The default number of frames that are decoded ahead. */
const defaultQueueSize = 4;
/** From when on a source that gives no frame is stalled, in seconds. */
const stallSeconds = 1;
/** How long SRT tries to connect, in milliseconds; a server that refuses does so at once. */
const srtConnectMs = 3000;

/**
 * Opens a network address for reading: a camera, a stream, or a server. It is read and decoded in another
 * thread.
 *
 * The address is `rtsp:`, `rtmp:`, `rtmps:`, `srt:`, `udp:`, `tcp:`, `http:` or `https:`. An HTTP address may
 * be a playlist of HLS, which is followed. Nothing but the one protocol and host is reached: redirects and
 * playlists that lead to others are refused. Certificates are checked. Under Deno it needs the permission to
 * reach the host and port, as `Deno.connect` does.
 *
 * No call waits for ever: connecting, and each frame, may take 10 seconds; `signal` ends it at once.
 *
 * @param address The address.
 * @param options See {@linkcode NetworkSourceOptions}.
 * @returns The source. Its times begin at 0 with the first frame, and rise on over lost connections.
 *
 * @throws {TypeError} It is no such address, or an option has the wrong type.
 * @throws {RangeError} There is no pixel format of that name.
 * @throws {LibraryNotFoundError} FFmpeg's libraries were not found or may not be opened.
 * @throws {ReadError} It can't be read, or has no video.
 *
 * @example A clip from a server
 * ```ts
 * import { createFileWriter, openNetworkSource } from "@avwriter/avwriter";
 *
 * const path = `${await Deno.makeTempDir()}/clip.ts`;
 * {
 *   await using writer = await createFileWriter("h264", path, 25);
 *   const frame = { data: new Uint8Array(64 * 64 * 4), width: 64, height: 64 };
 *   for (let n = 0; n < 25; n++) await writer.write(frame);
 * }
 * const answer = async () => new Response(await Deno.readFile(path));
 * await using server = Deno.serve({ port: 0, onListen() {} }, answer);
 *
 * await using source = await openNetworkSource(`http://127.0.0.1:${server.addr.port}/clip.ts`);
 * let frames = 0;
 * for await (const { width } of source) if (width === 64) frames++;
 * if (frames !== 25) throw new Error("not as sent");
 * ```
 */
export async function openNetworkSource(
  address: string | URL,
  options: NetworkSourceOptions = {},
): Promise<NetworkSource> {
  const checked = checkNetworkOptions(options);
  const { format = null, stream = 0, queueSize = defaultQueueSize, logLevel = "error", signal } = checked;
  signal?.throwIfAborted();
  const place = placeOf(checkAddress(address), checked);
  if (checked.caFile !== undefined) requireReadable(checked.caFile, "read certificates from");
  const { label, ...where } = place;
  const { openTimeoutSeconds = defaultTimeout, readTimeoutSeconds = defaultTimeout } = checked;
  const request: Omit<ReadRequest, "place"> = { label, format, stream, logLevel };
  const module = new URL(checked.workerUrl ?? workerModule());
  return await openFlow({
    label,
    queueSize,
    logLevel,
    signal,
    reconnect: checked.reconnect ?? null,
    onStatus: checked.onStatus,
    stallSeconds: Math.min(stallSeconds, readTimeoutSeconds / 2),
    isResumable: where.isResumable,
    connect: (waits, ended, resumption) =>
      openReading({ ...request, place: { ...where, resumption } }, {
        workerModule: module,
        libraryPath: checked.libraryPath,
        signal: ended,
        limits: { openSeconds: openTimeoutSeconds, readSeconds: readTimeoutSeconds, waits },
      }),
  });
}

function placeOf(
  { url, scheme, protocols, label }: NetworkAddress,
  { transport = "tcp", caFile, redirects, reconnect, maxBitrate, openTimeoutSeconds = defaultTimeout }:
    NetworkSourceOptions,
): Omit<NetworkPlace, "resumption"> & { readonly label: string } {
  // FLV's reader looks for streams for as long as it may, and finds them at once.
  const analysis = Math.min(scheme.startsWith("rtmp") ? 1 : 5, openTimeoutSeconds / 2);
  const isTls = protocols.includes("tls");
  const options = {
    analyzeduration: String(Math.round(analysis * 1e6)),
    ...(scheme.startsWith("rtsp") ? { rtsp_transport: transport } : {}),
    ...(scheme === "srt:" ? { connect_timeout: String(srtConnectMs) } : {}),
    ...(isTls ? { tls_verify: "1", ...(caFile === undefined ? {} : { ca_file: caFile }) } : {}),
  };
  const mayChangeHost = redirects === "any";
  return {
    ...{ kind: "network", url, protocols, options, mayChangeHost, label },
    maxBitrate: parseBits(maxBitrate) ?? Infinity,
    isResumable: scheme.startsWith("http") && reconnect !== undefined,
  };
}
