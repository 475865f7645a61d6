/**
 * Where a stream in segments goes, and in which format.
 *
 * @module
 */
import { basename, extname, runtime } from "../../../ffi/mod.ts";
import { filePath } from "../../file_path.ts";
import { refuseOption } from "../../option_checks.ts";
import { redactTarget } from "../../redaction.ts";
import { shown } from "../../shown.ts";
import { defaultWriteTimeout, isAddress } from "../outputs/output_address.ts";
import { checkConnection, type ConnectionOptions } from "../outputs/output_options.ts";
import { FolderStore } from "../packaging/stores/folder_store.ts";
import { type HttpOptions, HttpStore } from "../packaging/stores/http_store.ts";
import type { SegmentStore } from "../packaging/stores/store.ts";
import { type OpenSegment, StreamStore } from "../packaging/stores/stream_store.ts";

/** The formats, by the extension of their manifests. */
const formats = { ".m3u8": "hls", ".mpd": "dash" } as const;

type Format = (typeof formats)[keyof typeof formats];

/** A place, and what is put there. */
export interface AdaptivePlace {
  readonly store: SegmentStore;
  readonly format: Format;
  /** The name of the manifest. */
  readonly manifest: string;
}

function isFormat(format: unknown): format is Format {
  return Object.values(formats).includes(format as Format);
}

function formatOf(name: string): Format | undefined {
  const extension = extname(name).toLowerCase();
  return Object.hasOwn(formats, extension) ? formats[extension as keyof typeof formats] : undefined;
}

/** The address of a target, where it is one of HTTP. */
export function addressOf(target: unknown): URL | null {
  const isAddress = target instanceof URL
    ? /^https?:$/.test(target.protocol)
    : typeof target === "string" && /^https?:\/\//i.test(target) && URL.canParse(target);
  return isAddress ? new URL(target as string | URL) : null;
}

/** Whether a target is one of segments: by its kind, its extension or the option. */
export function isAdaptive(target: unknown, format: unknown): target is string | URL | OpenSegment {
  if (typeof target === "function") return true;
  if (typeof target !== "string" && !(target instanceof URL)) return false;
  if (isAddress(target) && addressOf(target) === null) return false;
  if (format !== undefined) return isFormat(format);
  const name = addressOf(target)?.pathname ?? (target instanceof URL ? target.pathname : target);
  return formatOf(name) !== undefined;
}

/**
 * The place of a target, and how files are put there if it is an address. Throws unless it can be written;
 * nothing is written yet.
 */
export function adaptivePlace(
  target: string | URL | OpenSegment,
  given: string | undefined,
  options: HttpOptions,
): AdaptivePlace {
  if (given !== undefined && !isFormat(given)) refuseOption("format", given, '"hls" or "dash"');
  if (typeof target === "function") {
    if (given === undefined) {
      throw new TypeError('Cannot write segments without the option format: give "hls" or "dash"');
    }
    const manifest = given === "hls" ? "index.m3u8" : "index.mpd";
    return { store: new StreamStore(target), format: given, manifest };
  }
  const address = addressOf(target);
  if (address === null) {
    const path = filePath(target);
    const manifest = basename(path);
    return { store: new FolderStore(path), format: given ?? formatOf(manifest)!, manifest };
  }
  const port = address.port || (address.protocol === "https:" ? 443 : 80);
  runtime().requireNetwork(`${address.hostname}:${port}`);
  const manifest = manifestOf(address);
  if (manifest === "") {
    throw new TypeError(
      `Cannot write to ${
        shown(address.host)
      }: its address ends with a folder; add the name of a manifest, such as index.m3u8`,
    );
  }
  return { store: new HttpStore(address, options), format: given ?? formatOf(manifest)!, manifest };
}

/** Options of any output that segments have no place for, and why. */
export const notForSegments = {
  formatOptions: "the layout of segments is that of the format",
  reconnect: "a file that fails is put again for 30 s",
} as const;

/** How files are put at a target. Throws a `TypeError` for options that are for other addresses. */
export function httpOptions(
  given: ConnectionOptions,
  target: unknown,
  writeTimeoutSeconds = defaultWriteTimeout,
): HttpOptions {
  const { method = "PUT", headers = {}, ...others } = checkConnection(given);
  for (const name of Object.keys(addressOf(target) === null ? given : others)) {
    const use = name === "headers" || name === "method" ? "servers" : "other addresses";
    throw new TypeError(`Cannot use the option ${name} with segments: it is for ${use}`);
  }
  return { method, headers, requestSeconds: writeTimeoutSeconds };
}

/** The name of the manifest of an address. */
function manifestOf(address: URL): string {
  const name = address.pathname.slice(address.pathname.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(name);
  } catch {
    throw new TypeError(
      `Cannot write to ${
        redactTarget(address.href)
      }: its last part has a percent sign that stands for nothing; write %25 for it`,
    );
  }
}
