/**
 * OpenCV's numbers (opencv2/videoio.hpp). Data only.
 *
 * @module
 */

/** The time of the next frame, in milliseconds. */
export const CAP_PROP_POS_MSEC = 0;
/** The number of the next frame. */
export const CAP_PROP_POS_FRAMES = 1;
/** Width in pixels. */
export const CAP_PROP_FRAME_WIDTH = 3;
/** Height in pixels. */
export const CAP_PROP_FRAME_HEIGHT = 4;
/** Frames per second. */
export const CAP_PROP_FPS = 5;
/** The codec's FOURCC, as {@linkcode VideoWriter_fourcc} gives it. */
export const CAP_PROP_FOURCC = 6;
/** Frames that were written. */
export const CAP_PROP_FRAME_COUNT = 7;
/** The type of frames: {@linkcode CV_8UC3} or {@linkcode CV_8UC1}. */
export const CAP_PROP_FORMAT = 8;
/** The backend: {@linkcode CAP_FFMPEG} or {@linkcode CAP_ANY}. */
export const CAP_PROP_BACKEND = 42;

/** In a list of parameters: whether frames are BGR (1) or gray (0). */
export const VIDEOWRITER_PROP_IS_COLOR = 4;

/** Gray frames. */
export const CV_8UC1 = 0;
/** BGR frames. */
export const CV_8UC3 = 16;

/** Any backend. */
export const CAP_ANY = 0;
/** FFmpeg's libraries. */
export const CAP_FFMPEG = 1900;
