/**
 * Containers that people know.
 *
 * @module
 */

/** Well-known containers and their extensions: hints name them before rarer ones. */
export const wellKnownContainers: Readonly<Record<string, string>> = {
  mp4: "mp4",
  mov: "mov",
  matroska: "mkv",
  webm: "webm",
  avi: "avi",
  mpegts: "ts",
  flv: "flv",
  mxf: "mxf",
  nut: "nut",
  gif: "gif",
  webp: "webp",
  apng: "apng",
};

/** Muxers of the ISO base media family, whose files play from the start if moov comes first. */
export const movFamily: readonly string[] = ["mp4", "mov", "ipod", "3gp", "3g2", "psp", "f4v"];

export const containerOperation = "choose the container";
