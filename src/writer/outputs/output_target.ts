/**
 * Where outputs go.
 *
 * @module
 */
import type { OutputTarget } from "../../engine/outputs/output_target.ts";
import { filePath } from "../../file_path.ts";
import { requireWritable } from "../../file/target.ts";
import { willBeOneFile } from "../../same_file.ts";
import { shown } from "../../shown.ts";
import { requireStream } from "../bytes/byte_stream.ts";
import { requireNoConnection } from "./address_options.ts";
import { addressTarget, isAddress, requireNoMistake } from "./output_address.ts";
import type { OutputOptions } from "./output_options.ts";

/** The place of an output of so many tracks. Throws where it is none, or may not be written to. */
export function outputTarget(options: OutputOptions, tracks: number): OutputTarget {
  const { target, format, formatOptions = {} } = options;
  if (isAddress(target)) return addressTarget(target, options, tracks);
  requireNoMistake(target);
  requireNoConnection(options, target instanceof WritableStream ? "a stream" : "a file");
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

/**
 * Throws a `TypeError` where two outputs are one file or one stream, or one is the file `path` that the
 * writer itself writes. `named` tells how messages call them.
 */
export function requireApart(
  outputs: readonly { readonly target: OutputTarget; readonly options: OutputOptions }[],
  path: string,
  named: (index: number) => string,
): void {
  const files: { readonly path: string; readonly name: string }[] = [];
  const streams = new Map<unknown, string>();
  if (path !== "") files.push({ path, name: "the writer itself" });
  for (const [index, { target, options }] of outputs.entries()) {
    const name = named(index);
    if (target.kind === "file") {
      const other = files.find((file) => willBeOneFile(file.path, target.path));
      if (other !== undefined) {
        throw new TypeError(
          `Cannot write to ${name}: ${shown(target.path)} is the file of ${other.name}, give another path`,
        );
      }
      files.push({ path: target.path, name });
    } else if (target.kind === "stream") {
      const other = streams.get(options.target);
      if (other !== undefined) {
        throw new TypeError(`Cannot write to ${name}: it is the stream of ${other}, give another stream`);
      }
      streams.set(options.target, name);
    }
  }
}
