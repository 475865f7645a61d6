/**
 * The choice of a muxer: by the name of the file, or by request.
 *
 * @module
 */
import { extname, type Native } from "../../ffi/mod.ts";
import { UnsupportedError } from "../errors.ts";
import { muxerByFileName, muxerByName, type MuxerInfo, muxers } from "../libav/muxer_info.ts";
import type { OptionValue } from "../libav/options.ts";
import { didYouMean } from "../nearest.ts";
import { shown } from "../shown.ts";
import { containerOperation, wellKnownContainers } from "./known_containers.ts";
import { isSplitter } from "./many_files.ts";

/** What decides on the muxer. */
interface MuxerChoice {
  readonly format?: string;
  readonly formatOptions?: Readonly<Record<string, OptionValue>>;
}

/** Chooses the muxer of a file: by the option `format`, or by the extension. */
export function chooseMuxer(native: Native, path: string, { format, formatOptions }: MuxerChoice): MuxerInfo {
  if (format !== undefined) {
    const muxer = muxerByName(native, format);
    if (muxer !== null) return isSplitter(muxer) ? withParts(native, muxer, path, formatOptions) : muxer;
    throw new UnsupportedError(
      `Cannot write the format ${shown(format)}: FFmpeg has no muxer of that name`,
      {
        code: "MUXER_NOT_FOUND",
        operation: containerOperation,
        hint: didYouMean(format, [
          ...Object.keys(wellKnownContainers),
          ...muxers(native).map(({ name }) => name),
        ]),
      },
    );
  }
  const muxer = muxerByExtension(
    native,
    path,
    'Use an extension such as .mp4, .mkv or .webm, or the option format, such as "matroska"',
  );
  if (muxer.name === "image2") {
    throw new UnsupportedError(
      `Cannot tell how to write ${shown(path)}: its extension is that of single images`,
      {
        code: "MUXER_NOT_FOUND",
        operation: containerOperation,
        hint:
          'For a file each frame, use format "image2" and a path such as "frame%04d.png"; for an animation, .gif, .webp or .apng',
      },
    );
  }
  return muxer;
}

/** A muxer that splits into files of another one. */
function withParts(
  native: Native,
  muxer: MuxerInfo,
  path: string,
  options: Readonly<Record<string, OptionValue>> = {},
): MuxerInfo {
  const { segment_format: format } = options;
  const parts = format === undefined
    ? muxerByFileName(native, `file${extname(path)}`)
    : muxerByName(native, String(format));
  return parts === null || parts.opensFilesItself ? muxer : { ...muxer, parts };
}

/** The muxer for a path's extension. `hint` is for a path without one. */
export function muxerByExtension(native: Native, path: string, hint: string): MuxerInfo {
  // A dot at the end of a name is not an extension.
  const extension = extname(path).replace(/^\.$/, "");
  // libavformat sees the extension only: it would take other parts of a name for a pattern.
  const muxer = extension === "" ? null : muxerByFileName(native, `file${extension}`);
  if (muxer === null) throw unknownExtension(native, path, extension, hint);
  return muxer;
}

function unknownExtension(native: Native, path: string, extension: string, hint: string): UnsupportedError {
  const known = [
    ...Object.values(wellKnownContainers),
    ...muxers(native).flatMap(({ extensions }) => extensions),
  ];
  const problem = extension === ""
    ? "it has no extension"
    : `no container has the extension ${shown(extension)}`;
  const question = extension === "" ? null : didYouMean(extension.slice(1), known);
  return new UnsupportedError(`Cannot determine the container of ${shown(path)}: ${problem}`, {
    code: "MUXER_NOT_FOUND",
    operation: containerOperation,
    hint: question ?? hint,
  });
}
