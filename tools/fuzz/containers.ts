/**
 * What the judge has to know of containers. Data only.
 *
 * @module
 */

/** How files of a muxer are read. */
export interface Reading {
  /** Arguments of ffprobe and ffmpeg before the file. */
  readonly args?: readonly string[];
  /** Why nobody can judge what it writes. */
  readonly unreadable?: string;
  /** The unit of its times in seconds, where it is coarser than frames need; default: exact. */
  readonly tick?: number;
  /** The same for codecs that it keeps in another way, by ffprobe's names. */
  readonly ticks?: Readonly<Record<string, number>>;
  /**
   * Where its times count from: `"own"` as the writer's do, `"shifted"` later, all streams alike; absent:
   * nobody knows. Such a container also tells when packets are decoded, but Matroska.
   */
  readonly clock?: "own" | "shifted";
  /** Why it does not tell when packets are decoded. */
  readonly noDecodeTimes?: string;
  /** Why it does not tell how long the last frame is shown. */
  readonly openEnd?: string;
  /** Why it tells no length, or another one. */
  readonly noDuration?: string;
  /** Why it keeps no times. */
  readonly noTimes?: string;
  /** Why it does not tell when the first frame is shown. */
  readonly noStart?: string;
}

/** MPEG's clock (ISO/IEC 13818-1), which is also the least that avwriter keeps times to. */
const mpegTick = 1 / 90_000;

/** What holds for muxers that are not listed. */
export const usualReading: Reading = { tick: mpegTick };

const bareStream: Reading = {
  noTimes: "a bare stream has no times",
  noDuration: "a bare stream tells no length",
};
const reordered = "its reader has no times for frames that are reordered";
const packed = "readers take it from the last packet with a time stamp, which may hold many frames";
const damaged = "FFmpeg's reader takes what FFmpeg's program writes for damaged as well";
const checksums = { unreadable: "it holds checksums, not the video" };

/** libavformat's mov under all its names. */
const mov: Reading = { tick: mpegTick, clock: "own" };
const matroska: Reading = { tick: 0.001, clock: "own", noDecodeTimes: "its blocks tell when they are shown" };

/** The muxers that differ. */
export const readings: Readonly<Record<string, Reading>> = {
  mp4: mov,
  mov: mov,
  ipod: mov,
  "3gp": mov,
  "3g2": mov,
  psp: mov,
  f4v: mov,
  matroska,
  webm: matroska,
  gif: { tick: 0.01, noStart: "it tells how long each frame is shown, and no more" },
  flv: { tick: 0.001, clock: "shifted", openEnd: "its tags tell when frames begin" },
  mpegts: {
    // A few packets are taken for another format.
    args: ["-f", "mpegts"],
    tick: mpegTick,
    clock: "shifted",
    noDuration: "its packets tell when frames begin, and readers estimate the rest",
  },
  asf: { tick: 0.001, noTimes: reordered },
  // It passes packets on to the muxer that the extension means.
  fifo: { tick: 0.001 },
  asf_stream: { unreadable: damaged },
  dash: {
    // Segments are WebM for some codecs, and mp4 for the others.
    ticks: { vp8: 0.001, vp9: 0.001 },
    noDuration: "FFmpeg's reader tells none of a list that is closed",
  },
  mpeg: { tick: mpegTick, noTimes: reordered, noDuration: packed },
  dvd: { tick: mpegTick, noTimes: reordered, noDuration: packed },
  svcd: { tick: mpegTick, noTimes: reordered, noDuration: packed },
  vob: { tick: mpegTick, noTimes: reordered, noDuration: packed },
  vcd: { tick: mpegTick, noTimes: reordered, noDuration: packed },
  wtv: { tick: mpegTick, openEnd: "its chunks tell when frames begin" },
  filmstrip: { unreadable: "FFmpeg's reader takes its trailer for a frame" },
  smjpeg: { unreadable: "FFmpeg's reader complains of its end mark" },
  avm2: { noDuration: "a bare stream tells no length" },
  swf: { noDuration: "a bare stream tells no length" },
  h261: bareStream,
  h263: bareStream,
  h264: bareStream,
  hevc: bareStream,
  vvc: bareStream,
  m4v: bareStream,
  mjpeg: bareStream,
  mpjpeg: bareStream,
  mpeg1video: bareStream,
  mpeg2video: bareStream,
  image2pipe: bareStream,
  dirac: bareStream,
  dnxhd: bareStream,
  obu: bareStream,
  rawvideo: { unreadable: "it tells neither size nor pixel format" },
  webp: { unreadable: "FFmpeg before 8.1 reads no animated WebP" },
  nut: { tick: mpegTick, openEnd: "its index tells when the last frame begins" },
  avi: { tick: mpegTick, noTimes: "it tells no presentation times, which differ where frames are reordered" },
  md5: checksums,
  hash: checksums,
  framemd5: checksums,
  framehash: checksums,
  streamhash: checksums,
  framecrc: checksums,
  crc: checksums,
  uncodedframecrc: checksums,
  mkvtimestamp_v2: { unreadable: "it holds times, not the video" },
  segment: { unreadable: "its path is a pattern of several" },
  "stream_segment,ssegment": { unreadable: "its path is a pattern of several" },
  image2: { unreadable: "what is in each file is told by its extension only, which is by chance here" },
  null: { unreadable: "it holds nothing" },
};
