/**
 * Where outputs go.
 *
 * @module
 */
import type { OutputTarget } from "../../engine/outputs/output_target.ts";
import { filePath } from "../../file_path.ts";
import { requireWritable } from "../../file/target.ts";
import { requireStream } from "../bytes/byte_stream.ts";
import { addressTarget, isAddress } from "./output_address.ts";
import type { OutputOptions } from "./output_options.ts";

/** The place of an output. Throws where it is none, or may not be written to. */
export function outputTarget(options: OutputOptions): OutputTarget {
  const { target, format, formatOptions = {} } = options;
  if (isAddress(target)) return addressTarget(target, options);
  if (target instanceof WritableStream) {
    requireStream(target);
    if (format === undefined) {
      throw new TypeError('Cannot write to a stream without the option format: give one, such as "mp4"');
    }
    const pending = new SharedArrayBuffer(4);
    return { kind: "stream", label: "a stream", format, formatOptions, pending };
  }
  const path = filePath(target);
  requireWritable(path);
  return { kind: "file", path, label: path, format, formatOptions };
}
