/**
 * Muxers that open files by themselves: which of them may, and where each writes.
 *
 * @module
 */
import { dirname, join, resolve } from "../../ffi/mod.ts";
import { UnsupportedError } from "../errors.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import type { OptionValue } from "../libav/options.ts";
import { shown } from "../shown.ts";
import { containerOperation } from "./known_containers.ts";

/** What names of files in an option are relative to: the working directory, or the folder of the path. */
type Base = "working directory" | "folder";

/**
 * The muxers that may, with their options that name files (the sources of libavformat 4.3 to 9.0). All that
 * they write besides lies in the folder of the path.
 */
const allowed: Readonly<Record<string, Readonly<Record<string, Base>>>> = {
  image2: {},
  null: {},
  segment: { segment_list: "working directory", segment_header_filename: "working directory" },
  "stream_segment,ssegment": {
    segment_list: "working directory",
    segment_header_filename: "working directory",
  },
  hls: {
    hls_segment_filename: "working directory",
    hls_subtitle_path: "working directory",
    hls_fmp4_init_filename: "folder",
    master_pl_name: "folder",
  },
  dash: {
    init_seg_name: "folder",
    media_seg_name: "folder",
    single_file_name: "folder",
    hls_master_name: "folder",
  },
  smoothstreaming: {},
  hds: {},
  webm_chunk: { header: "working directory" },
};

/** Options that name a file in a file, or a host. */
const refusedOptions: Readonly<Record<string, string>> = {
  hls_key_info_file: "Use hls_enc with hls_enc_key and hls_enc_key_url",
};

function refuse(problem: string, hint: string): never {
  throw new UnsupportedError(problem, { code: "MANY_TARGETS", operation: containerOperation, hint });
}

/**
 * The folders that a muxer of many files writes into. Throws an {@linkcode UnsupportedError} where nothing
 * can check that.
 */
export function foldersOf(
  { name }: MuxerInfo,
  path: string,
  options: Readonly<Record<string, OptionValue>> = {},
): ReadonlySet<string> {
  if (!Object.hasOwn(allowed, name)) {
    refuse(
      `Cannot write the format ${name}: it opens files or connections by itself, and nothing could check which`,
      "Make one writer for each target, with the format of the file itself",
    );
  }
  const folders = new Set([dirname(path)]);
  for (const [option, value] of Object.entries(options)) {
    if (Object.hasOwn(refusedOptions, option)) {
      refuse(
        `Cannot use the muxer option ${option}: the file names others, which nothing could check`,
        refusedOptions[option]!,
      );
    }
    const base = Object.hasOwn(allowed[name]!, option) ? allowed[name]![option]! : null;
    if (base !== null) folders.add(folderOf(option, String(value), base === "folder" ? dirname(path) : "."));
  }
  return folders;
}

/** The folder of a name that may be a pattern. */
function folderOf(option: string, value: string, base: string): string {
  const name = value.replace(/^file:/, "");
  const parts = dirname(name).split(/[\\/]/);
  const pattern = parts.findIndex((part) => /[%$]/.test(part));
  if (pattern >= 0 && parts.includes("..")) {
    refuse(
      `Cannot use the muxer option ${option}: ${shown(value)} has a pattern and ".." in its folders`,
      "Name the folder itself",
    );
  }
  const known = pattern < 0 ? dirname(name) : parts.slice(0, pattern).join("/") || ".";
  // libavformat puts the folder of the path in front of any name.
  return base === "." ? resolve(known) : join(base, known);
}

/** Muxers whose files are of another container, each. */
export function isSplitter({ name }: Pick<MuxerInfo, "name">): boolean {
  return name === "segment" || name === "stream_segment,ssegment";
}

/** Throws an {@linkcode UnsupportedError} where a file is to have a size, but there are many. */
export function requireOneFile({ name, opensFilesItself }: MuxerInfo, targetBytes: number | undefined): void {
  if (targetBytes === undefined || !opensFilesItself) return;
  throw new UnsupportedError(`Cannot encode for the size ${targetBytes}: ${name} writes more than one file`, {
    code: "TARGET_BYTES",
    operation: containerOperation,
    hint: "Use passes: 2 with a bitrate, or another container",
  });
}
