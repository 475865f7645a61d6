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
import type { AdaptivePlan } from "../adaptive/adaptive_output.ts";
import { addressTarget, isAddress, requireNoMistake } from "./output_address.ts";
import type { OutputOptions } from "./output_options.ts";

/**
 * The place of an output of so many tracks, which messages call `name`, where it is none of segments. Throws
 * where it can't be, or may not be written to.
 */
export function outputTarget(options: OutputOptions, tracks: number, name: string): OutputTarget {
  const { target, format, formatOptions = {}, adaptive } = options;
  if (adaptive !== undefined) {
    throw new TypeError(`Cannot use the option ${name}.adaptive: it is for HLS and DASH`);
  }
  // That of a function has segments.
  if (typeof target === "function") throw new TypeError(`Cannot use ${name}.target: it is no stream`);
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

/** A place that was checked. */
export interface Placed {
  readonly options: OutputOptions;
  readonly target: OutputTarget;
  /** How segments are made there; `null`: there are none. */
  readonly adaptive: AdaptivePlan | null;
}

/**
 * Throws a `TypeError` where two outputs are one file or one stream, or one is the file `path` that the
 * writer itself writes. `named` tells how messages call them.
 */
export function requireApart(
  outputs: readonly Placed[],
  path: string,
  named: (index: number) => string,
): void {
  const files: { readonly path: string; readonly name: string }[] = [];
  const streams = new Map<unknown, string>();
  if (path !== "") files.push({ path, name: "the writer itself" });
  for (const [index, { target, options, adaptive }] of outputs.entries()) {
    const name = named(index);
    const file = target.kind === "file" ? target.path : adaptive?.place.store.path ?? "";
    if (file !== "") {
      const other = files.find((one) => willBeOneFile(one.path, file));
      if (other !== undefined) {
        throw new TypeError(
          `Cannot write to ${name}: ${shown(file)} is the file of ${other.name}, give another path`,
        );
      }
      files.push({ path: file, name });
    } else if (target.kind === "stream" && options.target instanceof WritableStream) {
      const other = streams.get(options.target);
      if (other !== undefined) {
        throw new TypeError(`Cannot write to ${name}: it is the stream of ${other}, give another stream`);
      }
      streams.set(options.target, name);
    }
  }
}
