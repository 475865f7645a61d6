/**
 * Who is compared. Data only.
 *
 * @module
 */

/** A peer's short name. */
export type PeerName =
  | "limit"
  | "limit-drawing"
  | "avwriter"
  | "avwriter-main"
  | "avwriter-plain"
  | "acquired"
  | "ffmpeg-rgba"
  | "ffmpeg-same"
  | "ffmpeg-stdin"
  | "ffmpeg-version"
  | "node-av";

/** How frames come to an encoder. */
export interface Peer {
  /** What the report says of it. */
  readonly title: string;
  /** Its program in `bench/peers/`. */
  readonly program: string;
  /** What the program does, where it can do several things. */
  readonly variant?: string | undefined;
  /**
   * Whether frames pass through the thread that is measured: it has a write call and an event loop to delay.
   */
  readonly isFed: boolean;
  /** It is of use beside this peer only. */
  readonly onlyWith?: PeerName;
  /** Flags that Deno needs for it. */
  readonly denoFlags?: readonly string[] | undefined;
}

/** All peers. Some run where they are asked for only. */
export const peers: Readonly<Record<PeerName, Peer>> = {
  limit: {
    title: "the ffmpeg program, the same frames as yuv420p (JPEG: yuvj420p) from a file: the limit",
    program: "ffmpeg_file.ts",
    variant: "yuv420p",
    isFed: false,
  },
  avwriter: {
    title: "avwriter, write(), as it is by default (in a worker, crash-safe)",
    program: "avwriter.ts",
    isFed: true,
  },
  "avwriter-main": {
    title: "avwriter, write(), thread: main",
    program: "avwriter.ts",
    variant: "main",
    isFed: true,
  },
  "avwriter-plain": {
    title: "avwriter, write(), crashSafe: false",
    program: "avwriter.ts",
    variant: "plain",
    isFed: true,
  },
  acquired: {
    title: "avwriter, frames drawn into acquire()d memory; a copy stands for the drawing and counts",
    program: "avwriter.ts",
    variant: "acquired",
    isFed: true,
  },
  "limit-drawing": {
    title: "the limit, while a program beside it makes the same copies as acquired",
    program: "ffmpeg_file.ts",
    variant: "drawing",
    isFed: false,
    onlyWith: "acquired",
  },
  "ffmpeg-rgba": {
    title: "the ffmpeg program, raw RGBA from a file",
    program: "ffmpeg_file.ts",
    variant: "rgba",
    isFed: false,
  },
  "ffmpeg-same": {
    title: "the ffmpeg program, the same frames from files",
    program: "ffmpeg_file.ts",
    variant: "same",
    isFed: false,
  },
  "ffmpeg-stdin": {
    title: "an ffmpeg process, fed through stdin by the same runtime",
    program: "ffmpeg_stdin.ts",
    isFed: true,
  },
  "ffmpeg-version": {
    title: "ffmpeg -version, from start to end",
    program: "ffmpeg_version.ts",
    isFed: false,
  },
  "node-av": {
    title: "node-av from npm with its scaler (it brings an FFmpeg of its own)",
    program: "node_av.ts",
    isFed: true,
    denoFlags: ["--node-modules-dir=manual"],
  },
};
