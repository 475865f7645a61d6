/**
 * libav's return codes: their names and its own words for them.
 *
 * @module
 */
import { type Native, runtime, textOf } from "../../ffi/mod.ts";

/** POSIX numbers that Linux, macOS and Windows share (`errno.h`); the others differ by system. */
const systemNames: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  5: "EIO",
  6: "ENXIO",
  9: "EBADF",
  11: "EAGAIN",
  12: "ENOMEM",
  13: "EACCES",
  16: "EBUSY",
  17: "EEXIST",
  19: "ENODEV",
  20: "ENOTDIR",
  21: "EISDIR",
  22: "EINVAL",
  23: "ENFILE",
  24: "EMFILE",
  25: "ENOTTY",
  27: "EFBIG",
  28: "ENOSPC",
  29: "ESPIPE",
  30: "EROFS",
  32: "EPIPE",
  33: "EDOM",
  34: "ERANGE",
};

/** Numbers that only Linux has so (`asm-generic/errno.h`). */
const linuxNames: Readonly<Record<number, string>> = {
  36: "ENAMETOOLONG",
  38: "ENOSYS",
  40: "ELOOP",
  75: "EOVERFLOW",
  95: "EOPNOTSUPP",
  104: "ECONNRESET",
  110: "ETIMEDOUT",
  111: "ECONNREFUSED",
  113: "EHOSTUNREACH",
};

/** libav's own codes are four characters, negated (`FFERRTAG`, libavutil/error.h). */
const tagNames: Readonly<Record<string, string>> = {
  "EOF ": "EOF",
  "INDA": "INVALIDDATA",
  "\xF8ENC": "ENCODER_NOT_FOUND",
  "\xF8MUX": "MUXER_NOT_FOUND",
  "\xF8OPT": "OPTION_NOT_FOUND",
  "\xF8PRO": "PROTOCOL_NOT_FOUND",
  "\xF8FIL": "FILTER_NOT_FOUND",
  "\xF8400": "HTTP_400",
  "\xF8401": "HTTP_401",
  "\xF8403": "HTTP_403",
  "\xF8404": "HTTP_404",
  "\xF8429": "HTTP_429",
  "\xF84XX": "HTTP_4XX",
  "\xF85XX": "HTTP_5XX",
  "PAWE": "PATCHWELCOME",
  "EXT ": "EXTERNAL",
  "BUG!": "BUG",
  "EXIT": "EXIT",
  "UNKN": "UNKNOWN",
};

/** AVERROR(ENOMEM), errno.h. */
export const outOfMemory = -12;
/** AVERROR_EOF, libavutil/error.h: the same on every system. */
export const endOfStream = -0x20464F45;
/** AVERROR_EXPERIMENTAL, libavutil/error.h: the one that is not made of letters. */
const experimental = -0x2bb2afa8;

/**
 * Whether a code is AVERROR(EAGAIN): -35 on macOS, -11 elsewhere. Neither number means another failure of the
 * functions in use on the other systems.
 */
export function isAgain(code: number): boolean {
  return code === -11 || code === -35;
}

/** The stable name of a negative return code. */
export function codeName(code: number): string {
  const value = -code;
  const system = systemNames[value] ?? (runtime().system === "linux" ? linuxNames[value] : undefined);
  if (system !== undefined) return system;
  if (code === experimental) return "EXPERIMENTAL";
  const tag = String.fromCharCode(
    value & 255,
    (value >>> 8) & 255,
    (value >>> 16) & 255,
    (value >>> 24) & 255,
  );
  return tagNames[tag] ?? `AVERROR${code}`;
}

/** libav's message for a negative return code: `"No space left on device"`. */
export function errorText(native: Native, code: number): string {
  const buffer = new Uint8Array(128);
  native.avutil.av_strerror(code, buffer, BigInt(buffer.length));
  return textOf(buffer);
}
