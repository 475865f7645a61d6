/**
 * What avwriter finds on this system, for people who want to know why it works or does not.
 *
 * @module
 */
import {
  installCommand,
  loadNative,
  type Native,
  runtime,
  type SeenLibraries,
  surveyLibraries,
} from "../ffi/mod.ts";
import type { EncoderRequest } from "./codecs/encoder_request.ts";
import { type CodecFamily, deviceFamilies, families } from "./codecs/families.ts";
import { openEncoder, resolveSettings } from "./codecs/open_encoder.ts";
import { AvError, LibraryNotFoundError } from "./errors.ts";
import { encoderByName } from "./libav/encoder.ts";
import { setLogLevel } from "./libav/log.ts";
import { pixelFormatByName } from "./libav/pixel_format.ts";
import { defaultColor } from "./video/color.ts";
import { black } from "./video/background.ts";
import { defaultInputFormat } from "./video/input_format.ts";

export type { SeenLibraries } from "../ffi/mod.ts";

/** The set of FFmpeg's libraries that writers use. */
export interface LibrariesInUse {
  /** The folder that it was loaded from. */
  readonly folder: string;
  /** FFmpeg's own version text: `"5.1.9-0+deb12u1"`. */
  readonly version: string;
  /** The full version of each library: `{ avcodec: "59.37.100", ... }`. */
  readonly libraries: Readonly<Record<string, string>>;
}

/** An encoder that a codec family may use, and whether it opened. */
export interface EncoderCheck {
  /** The encoder's name in libavcodec: `"libx264"`. */
  readonly name: string;
  /** Whether it really opened. */
  readonly usable: boolean;
  /** Why it can't be used; `null` where it can. */
  readonly reason: string | null;
}

/** The result of {@linkcode doctor}. */
export interface DoctorReport {
  /** Name and version of the runtime: `"Deno 2.9.6"`. */
  readonly runtime: string;
  /** The operating system and the processor: `"linux x86_64"`. */
  readonly system: string;
  /** The libraries in use; `null` where none can be used. */
  readonly libraries: LibrariesInUse | null;
  /** Why no libraries can be used; `null` where some can. */
  readonly problem: string | null;
  /**
   * Other sets of FFmpeg's libraries on this system, newest first. Under Deno only those in folders that the
   * program may read.
   */
  readonly others: readonly SeenLibraries[];
  /**
   * The encoders of each codec family, in the order in which they are tried. The first usable one is used.
   */
  readonly encoders: Readonly<Record<CodecFamily, readonly EncoderCheck[]>>;
  /**
   * Devices' encoders of the families that have some, in the order in which `hardware: "auto"` and
   * `"require"` try them. They open where there is such a device and its driver.
   */
  readonly deviceEncoders: Readonly<Partial<Record<CodecFamily, readonly EncoderCheck[]>>>;
  /**
   * The command that installs FFmpeg, where no libraries were found and the system is known; otherwise
   * `null`.
   */
  readonly install: string | null;
}

/** What each encoder is opened with: large enough for all of them, small enough to be quick. */
const trial = { width: 320, height: 180, frameRate: { num: 25, den: 1 }, container: "matroska" } as const;

/** Opens an encoder as a writer would; returns why it does not open, or `null`. */
function whyUnusable(native: Native, name: string): string | null {
  const encoder = encoderByName(native, name);
  if (encoder === null) return `FFmpeg ${native.version} was built without it`;
  const source = pixelFormatByName(native, defaultInputFormat)!;
  const request: EncoderRequest = {
    ...trial,
    source,
    isOpaque: () => false,
    isCrashSafe: false,
    isVariable: false,
    isVerbose: false,
    isQuiet: true,
  };
  try {
    const settings = resolveSettings(native, encoder, request, {
      globalHeader: true,
      background: black,
      isMatrixGiven: false,
      color: defaultColor(trial.height),
      oddSize: "pad",
    });
    // Palettes are made by filters.
    if (settings.format.isPalette) native.avfilter();
    openEncoder(native, settings)[Symbol.dispose]();
    return null;
  } catch (error) {
    if (error instanceof AvError) return error.message;
    throw error;
  }
}

function checkEncoders(
  judge: (name: string) => string | null,
): Pick<DoctorReport, "encoders" | "deviceEncoders"> {
  // Some encoders are in two families.
  const reasons = new Map<string, string | null>();
  const check = (name: string): EncoderCheck => {
    if (!reasons.has(name)) reasons.set(name, judge(name));
    const reason = reasons.get(name)!;
    return { name, usable: reason === null, reason };
  };
  const checked = <Family extends CodecFamily>(
    table: Readonly<Partial<Record<Family, readonly string[]>>>,
  ): Readonly<Record<Family, readonly EncoderCheck[]>> =>
    Object.fromEntries(
      Object.entries<readonly string[]>(table as Record<Family, readonly string[]>)
        .map(([family, names]) => [family, names.map(check)]),
    ) as Record<Family, EncoderCheck[]>;
  return { encoders: checked(families), deviceEncoders: checked(deviceFamilies) };
}

/** The libraries, or why there are none. */
function load(): { native: Native; error: null } | { native: null; error: AvError } {
  try {
    return { native: loadNative(), error: null };
  } catch (error) {
    if (error instanceof AvError) return { native: null, error };
    throw error;
  }
}

/**
 * Tells what avwriter finds on this system: which FFmpeg is in use and from where, which others were seen,
 * which encoders really open, and how to install FFmpeg where there is none. It finds fault with nothing and
 * throws nothing for what is missing.
 *
 * It loads the libraries, as the first writer would, and opens each encoder once, which takes a few tenths of
 * a second.
 *
 * @returns The report: plain data, fit for `JSON.stringify`.
 *
 * @example Is there an encoder for HEVC?
 * ```ts
 * import { doctor } from "@avwriter/avwriter";
 *
 * const { libraries, problem, encoders, install } = await doctor();
 * if (libraries === null) console.log(problem, install ?? "");
 * else {
 *   console.log(`FFmpeg ${libraries.version} in ${libraries.folder}`);
 *   for (const { name, usable, reason } of encoders.hevc) console.log(name, usable ? "works" : reason);
 * }
 * ```
 */
// deno-lint-ignore require-await
export async function doctor(): Promise<DoctorReport> {
  const host = runtime();
  const { native, error } = load();
  if (native !== null) setLogLevel(native, "quiet");
  const others = surveyLibraries(host, native);
  const isMissing = error instanceof LibraryNotFoundError && error.code === "ENOENT" &&
    !others.some(({ usable }) => usable);
  return {
    runtime: host.name,
    system: `${host.system} ${host.architecture}`,
    libraries: native &&
      { folder: native.folder, version: native.version, libraries: native.libraryVersions },
    problem: error?.message ?? null,
    others,
    ...checkEncoders((name) =>
      native === null ? "FFmpeg's libraries cannot be used" : whyUnusable(native, name)
    ),
    install: isMissing ? installCommand(host.system, host.fileText("/etc/os-release")) : null,
  };
}
