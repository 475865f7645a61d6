/**
 * Opens network addresses: by the one protocol that is asked for, and at the one host.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { AvError } from "../../errors.ts";
import { Demuxer } from "../../libav/demuxer.ts";
import type { Connection } from "../../libav/reading/connection.ts";
import { optionText } from "../../libav/reading/input_options.ts";
import type { SessionControl } from "../ending/session_control.ts";
import { openHls } from "./http/open_hls.ts";
import { openHttp, readAll } from "./http/http_input.ts";
import { playlistMark } from "./http/media_playlist.ts";
import { maxPlaylistBytes } from "./http/playlist_follower.ts";
import type { NetworkPlace } from "./reading_types.ts";
import { openRtsp } from "./rtsp_input.ts";

/** What opening an address takes. */
export interface NetworkOpening {
  readonly place: NetworkPlace;
  /** Formats that refer to no other address. */
  readonly formats: readonly string[];
  /** Ends what waits. */
  readonly control: SessionControl;
  /** Takes what is to be closed after the reader. */
  readonly owned: DisposableStack;
}

/** Opens an address. */
export function openNetwork(native: Native, opening: NetworkOpening): Demuxer {
  const { place, formats } = opening;
  if (place.protocols.startsWith("rtsp")) {
    return openRtsp(native, { place, owned: opening.owned, options: optionText(place.options) });
  }
  if (place.protocols === "srt") return openSrt(native, place, formats);
  if (/^https?:/.test(place.url)) return openHttpOrHls(native, opening);
  return new Demuxer(native, place.url, { ...optionsOf(place), formats });
}

/** A playlist is known by its beginning, as a server may call it anything. */
function openHttpOrHls(native: Native, { place, formats, control, owned }: NetworkOpening): Demuxer {
  let { connection, url } = openHttp(native, place, place.url);
  using opened = new DisposableStack();
  opened.use(connection);
  const { text, pieces } = readMark(connection);
  if (text === playlistMark) {
    const rest = new TextDecoder().decode(readAll(native, connection, maxPlaylistBytes));
    return openHls(native, { place, control, owned, text: text + rest, url });
  }
  if (pieces > 1) {
    // Only the last piece is in the connection's memory.
    ({ connection, url } = openHttp(native, place, url));
    opened.use(connection);
  } else connection.rewind();
  owned.use(opened.move());
  return new Demuxer(native, url, { ...optionsOf(place), formats, memory: connection });
}

/** What an answer begins with, for as long as that may be a playlist, and in how many pieces it came. */
function readMark(connection: Connection): { readonly text: string; readonly pieces: number } {
  const start = new Uint8Array(playlistMark.length);
  let length = 0, text = "", pieces = 0;
  while (length < start.length && playlistMark.startsWith(text)) {
    const count = connection.read(start.subarray(length));
    pieces++;
    if (count === 0) break;
    length += count;
    text = new TextDecoder().decode(start.subarray(0, length));
  }
  return { text, pieces };
}

/** libsrt tells a refusal from silence by nothing but time. */
function openSrt(native: Native, place: NetworkPlace, formats: readonly string[]): Demuxer {
  const startMs = performance.now();
  try {
    return new Demuxer(native, place.url, { ...optionsOf(place), formats });
  } catch (error) {
    const isRefused = error instanceof AvError && error.code === "EIO" &&
      performance.now() - startMs < Number(place.options.connect_timeout) / 2;
    if (!isRefused) throw error;
    throw new AvError("the server refuses it, as it does with a wrong passphrase or stream id", {
      code: "REFUSED",
      operation: "open a network address",
    });
  }
}

function optionsOf({ protocols, options }: NetworkPlace): { protocols: string; options: string } {
  return { protocols, options: optionText(options) };
}
