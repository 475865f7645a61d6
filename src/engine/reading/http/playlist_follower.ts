/**
 * The segments of an HLS stream, one after another: of a recording all, of a live stream those that are in
 * its playlist at the time.
 *
 * @module
 */
import type { Native } from "../../../../ffi/mod.ts";
import { AvError } from "../../../errors.ts";
import { requireNotInterrupted } from "../../../libav/interruption.ts";
import { aesBytes, decryptAes } from "../../../libav/reading/aes.ts";
import type { SessionControl } from "../../ending/session_control.ts";
import type { NetworkPlace, SegmentMark } from "../reading_types.ts";
import { fetchHttp, requireTarget, withUser } from "./http_input.ts";
import {
  chooseVariant,
  type EncryptedResource,
  type MasterPlaylist,
  type MediaPlaylist,
  type MediaSegment,
  parsePlaylist,
  type SegmentKey,
} from "./media_playlist.ts";

/** The largest playlist and the largest segment, in bytes. */
export const maxPlaylistBytes: number = 4 * 2 ** 20;
const maxSegmentBytes = 256 * 2 ** 20;
/** The longest answer that is read for a key. */
const maxKeyBytes = 4096;
/** How many segments' length before its end a live stream is begun (RFC 8216, section 6.3.3). */
const liveSegments = 3;
/** The least and the longest time between two looks at a playlist, in seconds. */
const [leastLook, longestLook] = [0.25, 60] as const;
/** After how many segments' length without a new one the server is late. */
const lateness = 1.5;
/** What servers answer for segments that they have dropped. */
const goneCodes: readonly string[] = ["HTTP_404", "HTTP_4XX"];

/** A segment, with the headers that come before it. */
export interface FetchedSegment extends Pick<SegmentMark, "sequence" | "name"> {
  readonly bytes: Uint8Array;
  /** Whether its times and codecs may be others than before. */
  readonly isDiscontinuous: boolean;
  /** Whether there were others before it that were not read. */
  readonly isAfterLoss: boolean;
  /** How many discontinuities there have been up to it, by the server's count if it has one. */
  readonly discontinuity: number;
}

function nameOf({ uri, range }: MediaSegment): string {
  return `${uri.split("?", 1)[0]!.split("/").at(-1)} ${range?.offset ?? 0}`;
}

/** A playlist that was fetched. */
export interface FetchedPlaylist {
  /** The address that was asked for, and where it has led. */
  readonly address: string;
  readonly url: string;
  readonly text: string;
}

/** Fetches playlists and segments, from one host. */
export class PlaylistFollower {
  readonly #native: Native;
  readonly #place: NetworkPlace;
  readonly #control: SessionControl;
  /** The address of the media playlist, and where it was found. */
  #address: string;
  #base: string;
  /** Where the playlist that names this one was found. */
  readonly #masterBase: string;
  #list: MediaPlaylist;
  /** The number of the next segment. */
  #next: number;
  /** How many discontinuities there have been up to the last segment, by the server's count if it has one. */
  #discontinuities = 0;
  /** The playlist of audio, where that has its own. */
  #audioUri: string | null = null;
  #isAfterLoss = false;
  #isDiscontinuous = false;
  /** Whether the times of the next segment are known by an earlier connection. */
  #isResumed = false;
  /** When the playlist was fetched, and when it had something new, by `performance.now()`. */
  #fetchedMs = performance.now();
  #changedMs = performance.now();
  #map: { readonly id: string; readonly bytes: Uint8Array } | null = null;
  #key: { readonly address: string; readonly bytes: Uint8Array } | null = null;

  /** Follows a playlist whose text was fetched from an address, and found at a URL. */
  constructor(
    native: Native,
    place: NetworkPlace,
    control: SessionControl,
    { address, url, text }: FetchedPlaylist,
  ) {
    this.#native = native;
    this.#place = place;
    this.#control = control;
    [this.#address, this.#base, this.#masterBase] = [address, url, url];
    const first = parsePlaylist(text);
    this.#list = first.type === "master" ? this.#open(first) : first;
    this.#next = this.#list.sequence + this.#startIndex();
  }

  /** Whether there is audio in a playlist of its own. */
  get hasOtherAudio(): boolean {
    return this.#audioUri !== null;
  }

  /** Follows the playlist of the audio, which has its own. */
  followAudio(): PlaylistFollower {
    const address = this.#resolved(this.#audioUri!, this.#masterBase);
    const playlist = this.#fetchText(address);
    return new PlaylistFollower(this.#native, this.#place, this.#control, playlist);
  }

  /** About how long a segment is, in seconds. */
  get segmentSeconds(): number {
    return this.#list.targetSeconds;
  }

  /** How long the whole stream is, in seconds; `null` where that is open. */
  get seconds(): number | null {
    const { isEnded, segments } = this.#list;
    return isEnded ? segments.reduce((sum, { seconds }) => sum + seconds, 0) : null;
  }

  /** Goes on with a segment of an earlier connection; `false` where the playlist does not have that. */
  resume({ sequence, name }: Pick<SegmentMark, "sequence" | "name">): boolean {
    const segment = this.#list.segments[sequence - this.#list.sequence];
    if (segment === undefined || nameOf(segment) !== name) return false;
    this.#next = sequence;
    this.#isResumed = true;
    return true;
  }

  /** The next segment; `null` at the end. */
  next(): FetchedSegment | null {
    for (;;) {
      const { sequence, segments, isEnded } = this.#list;
      if (this.#next < sequence) {
        this.#isDiscontinuous ||= this.#hasLostDiscontinuity();
        [this.#next, this.#isAfterLoss] = [sequence, true];
      }
      const segment = segments[this.#next - sequence];
      if (segment === undefined) {
        if (isEnded) return null;
        this.#wait();
        this.#look();
        continue;
      }
      this.#discontinuities = this.#discontinuitiesBefore(++this.#next);
      this.#isDiscontinuous ||= segment.isDiscontinuous && !this.#isResumed;
      this.#isResumed = false;
      const bytes = segment.isGap ? null : this.#fetchOrSkip(segment);
      if (bytes === null) {
        this.#isAfterLoss = true;
        continue;
      }
      const [isDiscontinuous, isAfterLoss] = [this.#isDiscontinuous, this.#isAfterLoss];
      this.#isDiscontinuous = this.#isAfterLoss = false;
      return {
        ...{ bytes, isDiscontinuous, isAfterLoss, discontinuity: this.#discontinuities },
        ...{ sequence: this.#next - 1, name: nameOf(segment) },
      };
    }
  }

  /** How many discontinuities there were before a segment. */
  #discontinuitiesBefore(end: number): number {
    const { sequence, segments, discontinuities } = this.#list;
    const read = segments.slice(0, Math.max(end - sequence, 0));
    return (discontinuities ?? 0) + read.filter(({ isDiscontinuous }) => isDiscontinuous).length;
  }

  /** Whether times may be others behind segments that have gone. */
  #hasLostDiscontinuity(): boolean {
    const { discontinuities, segments } = this.#list;
    if (discontinuities !== null) return discontinuities !== this.#discontinuities;
    return this.#discontinuities > 0 || segments.some(({ isDiscontinuous }) => isDiscontinuous);
  }

  /** Opens the variant that is asked for. */
  #open(master: MasterPlaylist): MediaPlaylist {
    const { uri, audioUri } = chooseVariant(master, this.#place.maxBitrate);
    // Audio at the variant's own address is in the variant.
    this.#audioUri = audioUri === uri ? null : audioUri;
    this.#address = this.#resolved(uri);
    return this.#fetchPlaylist();
  }

  #fetchPlaylist(): MediaPlaylist {
    this.#fetchedMs = performance.now();
    const { text, url } = this.#fetchText(this.#address);
    this.#base = url;
    const list = parsePlaylist(text);
    if (list.type === "media") return list;
    throw new AvError("its playlist leads to one that leads on", {
      code: "INVALIDDATA",
      operation: "read a playlist",
    });
  }

  #fetchText(address: string): FetchedPlaylist {
    const { bytes, url } = fetchHttp(this.#native, this.#place, address, { maxBytes: maxPlaylistBytes });
    return { address, url, text: new TextDecoder().decode(bytes) };
  }

  /** Where a live stream is begun: some segments before its end. */
  #startIndex(): number {
    const { isEnded, segments } = this.#list;
    return isEnded ? 0 : Math.max(segments.length - liveSegments, 0);
  }

  /** Looks at a playlist again. */
  #look(): void {
    const list = this.#list = this.#fetchPlaylist();
    const end = list.sequence + list.segments.length;
    if (end > this.#next || list.isEnded) this.#changedMs = this.#fetchedMs;
    // Caches may give a list that is a little older.
    if (end + list.segments.length >= this.#next) return;
    // The server has begun anew.
    this.#next = list.sequence + this.#startIndex();
    this.#isDiscontinuous = this.#isAfterLoss = true;
    this.#changedMs = this.#fetchedMs;
  }

  /**
   * Waits until the playlist is to be looked at again (RFC 8216, section 6.3.4). That is no stall before the
   * server is late, with a new segment, or with what the call at hand waits for: segments may have nothing.
   */
  #wait(): void {
    const target = Math.min(Math.max(this.#list.targetSeconds, leastLook), longestLook);
    const hasChanged = this.#changedMs === this.#fetchedMs;
    const lookMs = this.#fetchedMs + Math.max(hasChanged ? target : target / 2, leastLook) * 1000;
    const lateMs = Math.min(this.#changedMs, this.#control.beganMs) + lateness * target * 1000;
    const untilMs = (endMs: number): number => Math.max(endMs - performance.now(), 0);
    if (untilMs(lateMs) > 0) {
      this.#control.untimedWait(Math.min(untilMs(lookMs), untilMs(lateMs)) / 1000);
    }
    this.#control.wait(untilMs(lookMs) / 1000);
    requireNotInterrupted(this.#native);
  }

  /** Fetches a segment; `null` where a live stream has it no more. */
  #fetchOrSkip(segment: MediaSegment): Uint8Array | null {
    try {
      return this.#fetchSegment(segment);
    } catch (error) {
      if (!(error instanceof AvError)) throw error;
      if (!this.#list.isEnded && goneCodes.includes(error.code)) return null;
      throw new AvError(`segment ${this.#next - 1} of its playlist: ${error.message}`, {
        code: error.code,
        operation: error.operation,
        cause: error,
      });
    }
  }

  #fetchSegment(segment: MediaSegment): Uint8Array {
    const head = segment.map === null ? null : this.#mapBytes(segment.map);
    const bytes = this.#fetch(segment);
    if (head === null) return bytes;
    const whole = new Uint8Array(head.length + bytes.length);
    whole.set(head);
    whole.set(bytes, head.length);
    return whole;
  }

  #mapBytes(map: EncryptedResource): Uint8Array {
    const id = JSON.stringify([this.#resolved(map.uri), map.range, map.key?.uri, map.key?.iv?.join()]);
    if (this.#map?.id !== id) this.#map = { id, bytes: this.#fetch(map) };
    return this.#map.bytes;
  }

  #fetch({ uri, range, key }: EncryptedResource): Uint8Array {
    // Nothing is fetched for which there is no key.
    const keyBytes = key === null ? null : this.#keyBytes(this.#resolved(key.uri));
    const limits = { maxBytes: maxSegmentBytes, range: range ?? undefined };
    const { bytes } = fetchHttp(this.#native, this.#place, this.#resolved(uri), limits);
    return keyBytes === null ? bytes : this.#decrypt(bytes, keyBytes, key!.iv);
  }

  #decrypt(bytes: Uint8Array, key: Uint8Array, iv: SegmentKey["iv"]): Uint8Array {
    const number = new DataView(new ArrayBuffer(aesBytes));
    number.setBigUint64(aesBytes / 2, BigInt(this.#next - 1));
    const plain = decryptAes(this.#native, bytes, { key, iv: iv ?? new Uint8Array(number.buffer) });
    if (plain !== null) return plain;
    throw new AvError("it is not encrypted with the key of its playlist", {
      code: "ENCRYPTED",
      operation: "decrypt a segment",
    });
  }

  #keyBytes(address: string): Uint8Array {
    if (this.#key?.address === address) return this.#key.bytes;
    const { bytes } = fetchHttp(this.#native, this.#place, address, { maxBytes: maxKeyBytes });
    if (bytes.length !== aesBytes) {
      throw new AvError(`its key has ${bytes.length} bytes, not ${aesBytes}`, {
        code: "ENCRYPTED",
        operation: "fetch a key",
      });
    }
    this.#key = { address, bytes };
    return bytes;
  }

  /** The address of a URI in the playlist. Throws where it may not be reached. */
  #resolved(uri: string, from: string = this.#base): string {
    if (!URL.canParse(uri, from)) {
      throw new AvError("its playlist has an address that is none", {
        code: "INVALIDDATA",
        operation: "read a playlist",
      });
    }
    const [base, first] = [new URL(from), new URL(this.#place.url)];
    const target = new URL(uri, base);
    requireTarget(first, target, this.#place, "refers");
    target.hash = "";
    return withUser(withUser(target, base), first).href;
  }
}
