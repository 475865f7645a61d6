/**
 * The header of an AVI file: what its streams are, and where to find how long they are.
 *
 * @module
 */
import { RiffBytes } from "./chunk.ts";
import {
  type AviLayout,
  type AviVideo,
  blockBytes,
  chunkId,
  type PcmFormat,
  pcmSampleBytes,
} from "./layout.ts";

/** AVIF_*, vfw.h. */
const flags = { hasIndex: 0x10, isInterleaved: 0x100, trustChunkType: 0x800 } as const;

/** WAVE_FORMAT_*, mmreg.h. */
const waveFormats = { pcm: 1, float: 3, extensible: 0xfffe } as const;

/** The rest of a GUID that begins with a WAVE_FORMAT_*: KSDATAFORMAT_SUBTYPE_PCM and its kin, ksmedia.h. */
const subtypeRest = [0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71] as const;

/** Bytes of an entry of an index of indexes, and of what comes before the entries. */
export const superEntryBytes = 16, indexHeaderBytes = 24;

/** Bytes of a header without its indexes; more than any has. */
const maxPlainBytes = 4096;

/** Where numbers are in a header that are known later. All are positions in the file. */
export interface HeaderPlaces {
  /** AVIMAINHEADER's flags. */
  readonly flags: number;
  /** AVIMAINHEADER's number of frames in the first RIFF list. */
  readonly frames: number;
  /** The number of all frames; `null` where there is no index. */
  readonly allFrames: number | null;
  /** Each stream's length. */
  readonly lengths: readonly number[];
  /** The data of each stream's index of indexes; none where there is no index. */
  readonly indexes: readonly number[];
  /** The size of the list of chunks. */
  readonly moviSize: number;
}

/** A header, which ends where the chunks of the streams begin. */
export interface AviHeader {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly places: HeaderPlaces;
}

/** The flags of a file that has an index in the old form, too. */
export const indexedFlags: number = flags.hasIndex | flags.isInterleaved | flags.trustChunkType;

/**
 * Makes a header with room for indexes of so many entries; with 0, there are none, and streams are of
 * unknown length.
 */
export function createHeader(layout: AviLayout, superEntries: number): AviHeader {
  const streams = layout.audio.length + 1;
  const out = new RiffBytes(streams * (maxPlainBytes + superEntries * superEntryBytes));
  let main = 0, allFrames: number | null = null, moviSize = 0;
  const lengths: number[] = [], indexes: number[] = [];
  out.chunk("RIFF", () => {
    out.text("AVI ");
    out.list("hdrl", () => {
      main = out.chunk("avih", () => writeMainHeader(out, layout));
      for (let stream = 0; stream < streams; stream++) {
        out.list("strl", () => {
          lengths.push(writeStream(out, layout, stream));
          if (superEntries === 0) return;
          indexes.push(out.chunk("indx", () => writeSuperIndex(out, chunkId(layout, stream), superEntries)));
        });
      }
      if (superEntries > 0) {
        out.list("odml", () => {
          // 244 more bytes are reserved (OpenDML AVI File Format Extensions 1.02).
          allFrames = out.chunk("dmlh", () => out.zeros(248));
        });
      }
    });
    moviSize = out.list("movi", () => {}) - 4;
  });
  const bytes = out.written;
  // Not known yet.
  for (const place of [4, moviSize]) bytes.fill(0, place, place + 4);
  return { bytes, places: { flags: main + 12, frames: main + 16, allFrames, lengths, indexes, moviSize } };
}

/** AVIMAINHEADER, aviriff.h. */
function writeMainHeader(out: RiffBytes, { video, audio }: AviLayout): void {
  const { num, den } = video.frameRate;
  const microseconds = Math.min(Math.round(1e6 * den / num), 0xffffffff);
  const audioBytes = audio.reduce((sum, format) => sum + blockBytes(format) * format.sampleRate, 0);
  const bytesPerSecond = Math.ceil(video.frameBytes * num / den) + audioBytes;
  out.u32(microseconds, Math.min(bytesPerSecond, 0xffffffff), 0, flags.isInterleaved | flags.trustChunkType);
  out.u32(0, 0, audio.length + 1, video.frameBytes, video.width, video.height, 0, 0, 0, 0);
}

/** AVISTREAMHEADER, and the format and name of the stream. Returns where its length is. */
function writeStream(out: RiffBytes, { video, audio }: AviLayout, stream: number): number {
  const pcm = stream === 0 ? null : audio[stream - 1]!;
  const header = out.chunk("strh", () => {
    if (pcm === null) writeVideoHeader(out, video);
    else writeAudioHeader(out, pcm);
  });
  out.chunk("strf", () => pcm === null ? writeBitmapInfo(out, video) : writeWaveFormat(out, pcm));
  if (pcm !== null && pcm.title !== null) {
    const title = new TextEncoder().encode(pcm.title.slice(0, 255));
    out.chunk("strn", () => {
      out.bytes(title);
      out.zeros(2 - title.length % 2);
    });
  }
  return header + 32;
}

function fourccOf({ stored }: AviVideo): string {
  return stored === "MJPG" ? stored : stored.fourcc ?? "\0\0\0\0";
}

function writeVideoHeader(out: RiffBytes, video: AviVideo): void {
  const { width, height, frameRate: { num, den }, frameBytes, stored } = video;
  out.text("vids");
  // A handler of zeros would be any; "DIB " is that of plain bitmaps.
  out.text(stored !== "MJPG" && stored.fourcc === null ? "DIB " : fourccOf(video));
  out.u32(0, 0, 0, den, num, 0, 0, frameBytes, 0xffffffff, 0);
  out.u16(0, 0, Math.min(width, 0x7fff), Math.min(height, 0x7fff));
}

function writeAudioHeader(out: RiffBytes, pcm: PcmFormat): void {
  const block = blockBytes(pcm);
  out.text("auds");
  out.u32(1, 0, 0, 0, block, block * pcm.sampleRate, 0, 0, block * pcm.sampleRate, 0xffffffff, block);
  out.zeros(8);
}

/** BITMAPINFOHEADER, wingdi.h. */
function writeBitmapInfo(out: RiffBytes, video: AviVideo): void {
  const { width, height, stored, frameBytes } = video;
  out.u32(40, width, height);
  out.u16(1, stored === "MJPG" ? 24 : stored.bits);
  out.text(fourccOf(video));
  out.u32(frameBytes, 0, 0, 0, 0);
}

/** WAVEFORMATEX, or WAVEFORMATEXTENSIBLE for more than two channels, mmreg.h. */
function writeWaveFormat(out: RiffBytes, pcm: PcmFormat): void {
  const { sampleFormat, sampleRate, channels, channelMask } = pcm;
  const tag = sampleFormat === "flt" || sampleFormat === "dbl" ? waveFormats.float : waveFormats.pcm;
  const bits = pcmSampleBytes[sampleFormat] * 8, block = blockBytes(pcm);
  const isExtensible = channels > 2;
  out.u16(isExtensible ? waveFormats.extensible : tag, channels);
  out.u32(sampleRate, sampleRate * block);
  out.u16(block, bits, isExtensible ? 22 : 0);
  if (!isExtensible) return;
  out.u16(bits);
  out.u32(channelMask);
  out.u16(tag, 0);
  out.bytes(Uint8Array.from(subtypeRest));
}

/** AVISUPERINDEX without entries, aviriff.h. */
function writeSuperIndex(out: RiffBytes, id: string, entries: number): void {
  out.u16(4, 0);
  out.u32(0);
  out.text(id);
  out.zeros(12 + entries * superEntryBytes);
}
