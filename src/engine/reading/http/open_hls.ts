/**
 * Opens HLS streams.
 *
 * @module
 */
import type { Native } from "../../../../ffi/mod.ts";
import { AvError } from "../../../errors.ts";
import type { Demuxer } from "../../../libav/demuxer.ts";
import { requireNotInterrupted } from "../../../libav/interruption.ts";
import type { SessionControl } from "../../ending/session_control.ts";
import type { NetworkPlace } from "../reading_types.ts";
import { HlsDemuxer } from "./hls_demuxer.ts";
import { PlaylistFollower } from "./playlist_follower.ts";

/** What opening an HLS stream takes: its playlist was fetched. */
export interface HlsOpening {
  readonly place: NetworkPlace;
  readonly control: SessionControl;
  readonly owned: DisposableStack;
  readonly text: string;
  readonly url: string;
}

/** Opens an HLS stream with its first segment. */
export function openHls(native: Native, { place, control, owned, text, url }: HlsOpening): Demuxer {
  const follower = new PlaylistFollower(native, place, control, { address: place.url, text, url });
  const demuxer = HlsDemuxer.open(native, follower, owned);
  if (!follower.hasOtherAudio) return demuxer;
  using opened = new DisposableStack();
  opened.use(demuxer);
  try {
    demuxer.addAudio(HlsDemuxer.open(native, follower.followAudio(), owned));
  } catch (error) {
    requireNotInterrupted(native);
    // Audio that can't be read is left out, with a warning.
    if (!(error instanceof AvError) || control.isAborted) throw error;
  }
  opened.move();
  return demuxer;
}
