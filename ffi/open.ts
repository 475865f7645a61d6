/**
 * Opens one coherent set of FFmpeg's libraries, newest major first.
 *
 * @module
 */
import type { Functions, Runtime, SymbolTable } from "./contract.ts";
import { LibraryNotFoundError, LibraryVersionError } from "./errors.ts";
import { type FileLocks, fileLocksOf, locking } from "./files/file_lock.ts";
import { semaphoreLocks } from "./files/windows_locks.ts";
import { installHint } from "./install_hint.ts";
import {
  libraryFileName,
  libraryMajor,
  type LibraryName,
  libraryPath,
  majorsNewestFirst,
  neededLibraries,
  pathIn,
  searchFolders,
  unknownMajorsAhead,
} from "./locate.ts";
import { type Attempt, notFound, operation, requireOneRelease, versionText } from "./library_set_errors.ts";
import { NativeMemory } from "./memory.ts";
import type { Native } from "./native.ts";
import { capabilities } from "./capabilities.ts";
import { runtime } from "./runtime.ts";
import { selfCheck } from "./selfcheck.ts";
import { StructFields } from "./struct.ts";
import {
  avcodec,
  codecNames,
  copying,
  decoding,
  parametersSideData,
  supportedConfig,
} from "./symbols/avcodec.ts";
import { avdevice } from "./symbols/avdevice.ts";
import { avfilter } from "./symbols/avfilter.ts";
import {
  avformat,
  connections,
  memoryFiles,
  seeking,
  sessionDescriptions,
  streamSideData,
} from "./symbols/avformat.ts";
import {
  addresses,
  aes,
  avutil,
  colorNames,
  dictionaries,
  frameSideData,
  hardware,
  memoryIn,
  memoryOut,
  memoryWithin,
} from "./symbols/avutil.ts";
import { semaphores, windowsKernel } from "./kernel32.ts";
import { resampling, swresample } from "./symbols/swresample.ts";
import { scalerFrames, scaling, swscale } from "./symbols/swscale.ts";

/** One function of each library that is needed, in the order in which they depend on each other. */
const versionFunctions = {
  avutil: { avutil_version: avutil.avutil_version },
  swresample: { swresample_version: swresample.swresample_version },
  swscale: { swscale_version: swscale.swscale_version },
  avcodec: { avcodec_version: avcodec.avcodec_version },
  avformat: { avformat_version: avformat.avformat_version },
} as const;

/** The set that this thread has loaded. */
let loaded: Native | undefined;

/** The set that this process uses, in whichever thread, and the folder that was named for it. */
let inUse: { readonly folder: string; readonly explicit: string | undefined } | undefined;

/**
 * Loads FFmpeg's libraries, once: later calls return the same set.
 *
 * @param explicit The folder (or search path) to load from, instead of `AVWRITER_LIBRARY_PATH` and the
 * system's folders.
 * @throws {LibraryNotFoundError} Where no set was found or may be opened.
 * @throws {LibraryVersionError} Where a set is newer than what is known, fails the self-check, or another set
 * is in use already.
 */
export function loadNative(explicit?: string): Native {
  const folders = librariesFor(explicit);
  if (loaded === undefined) {
    runtime().requireFfi();
    loaded = openNewest(runtime(), folders);
    noteLibraries(loaded.folder, explicit);
  }
  return loaded;
}

/**
 * Where a thread is to load FFmpeg's libraries from, given what its user names: the folder of the set that
 * the process uses, if any.
 *
 * @throws {LibraryVersionError} Where another set is in use already.
 */
export function librariesFor(explicit: string | undefined): string | undefined {
  if (inUse === undefined) return explicit;
  if (explicit === undefined || explicit === inUse.explicit || explicit === inUse.folder) return inUse.folder;
  throw new LibraryVersionError(
    `Cannot load FFmpeg's libraries from ${
      JSON.stringify(explicit)
    }: this process already uses those in ${inUse.folder}`,
    { code: "ALREADY_LOADED", operation, hint: "Give all writers the same libraryPath" },
  );
}

/** Remembers which set a thread has loaded, and the folder that was requested for it. */
export function noteLibraries(folder: string, explicit: string | undefined): void {
  inUse ??= { folder, explicit };
}

/** Whether this thread has opened the libraries ahead of another one. */
let isOpenAhead = false;

/**
 * Opens the libraries, binding next to nothing, while another thread gets ready: it then finds them in the
 * process. Opens what that thread will look for, and leaves all errors and questions to it.
 */
export async function openLibrariesAhead(explicit: string | undefined): Promise<void> {
  if (loaded !== undefined || inUse !== undefined || isOpenAhead) return;
  isOpenAhead = true;
  const host = runtime();
  // What holds up this thread waits until the other one was started.
  if (host.openAside === undefined) await null;
  const folders = permittedAlready(host, searchFolders(host, explicit));
  for (const major of majorsNewestFirst) {
    for (const folder of folders) if (await opensAhead(host, folder, major)) return;
  }
}

async function opensAhead(host: Runtime, folder: string, major: number): Promise<boolean> {
  const pathOf = (library: LibraryName): string => libraryPath(host.system, folder, library, major);
  const libraries = Object.entries(versionFunctions) as [LibraryName, SymbolTable][];
  return await host.openAside?.(libraries.map(([library]) => pathOf(library))) ??
    libraries.every(([library, symbols]) => openOptional(host, pathOf(library), symbols) !== null);
}

function openNewest(host: Runtime, explicit: string | undefined): Native {
  const folders = searchFolders(host, explicit);
  const permitted = permittedFolders(host, folders);
  const attempts: Attempt[] = [];
  for (const major of majorsNewestFirst) {
    for (const folder of permitted) {
      const native = openSet(host, folder, major, attempts);
      if (native !== null) return native;
    }
  }
  refuseNewer(host, permitted);
  throw notFound(host, folders, attempts);
}

/** Leaves out folders whose libraries may not be opened without a prompt. */
function permittedAlready(host: Runtime, folders: string[]): string[] {
  return folders.filter((folder) =>
    majorsNewestFirst.some((major) =>
      neededLibraries.every((library) => host.mayOpen(libraryPath(host.system, folder, library, major)))
    )
  );
}

/** Leaves out what must not be opened. Prompts for permission once where nothing may be opened. */
function permittedFolders(host: Runtime, folders: string[]): string[] {
  const permitted = permittedAlready(host, folders);
  if (permitted.length > 0 || folders.length === 0) return permitted;
  if (host.requestLibraries()) return folders;
  throw new LibraryNotFoundError(
    "Cannot load FFmpeg's libraries: this program may not open native libraries",
    {
      code: "EPERM",
      operation,
      hint:
        "Run it again with --allow-ffi, or with --allow-ffi= and the paths of libavutil, libswresample, libswscale, " +
        "libavcodec and libavformat",
    },
  );
}

/**
 * The libraries depend on each other by soname. Opened from the root of that tree upwards, each from the same
 * folder, the system's loader takes the ones already loaded: the set can't be mixed with another
 * installation's.
 */
function openSet(host: Runtime, folder: string, major: number, attempts: Attempt[]): Native | null {
  const pathOf = (library: LibraryName): string => libraryPath(host.system, folder, library, major);
  const open = <T extends SymbolTable>(library: LibraryName, symbols: T): Functions<T> => {
    const path = pathOf(library);
    try {
      return host.open(path, symbols);
    } catch (cause) {
      attempts.push({ path, reason: cause instanceof Error ? cause.message : String(cause) });
      throw cause;
    }
  };
  let set;
  try {
    // Most places have none, which takes a quarter of the time to tell with one function.
    open("avutil", versionFunctions.avutil);
    set = {
      avutil: open("avutil", avutil),
      swresample: open("swresample", swresample),
      swscale: open("swscale", swscale),
      avcodec: open("avcodec", avcodec),
      avformat: open("avformat", avformat),
    };
  } catch {
    return null;
  }
  const memory = new NativeMemory(
    open("avutil", memoryIn),
    open("avutil", memoryOut),
    open("avutil", memoryWithin),
  );
  const versions = {
    avutil: set.avutil.avutil_version(),
    swresample: set.swresample.swresample_version(),
    swscale: set.swscale.swscale_version(),
    avcodec: set.avcodec.avcodec_version(),
    avformat: set.avformat.avformat_version(),
  };
  requireOneRelease(versions, major, folder);
  const addressFunctions = once(() => open("avutil", addresses));
  const inParameters = openOptional(host, pathOf("avcodec"), parametersSideData);
  const native: Native = {
    folder,
    version: memory.text(set.avutil.av_version_info()) ?? "unknown",
    avcodecMajor: major,
    libraryVersions: Object.fromEntries(
      Object.entries(versions).map(([library, version]) => [library, versionText(version)]),
    ),
    ...set,
    codecNames: once(() => open("avcodec", codecNames)),
    memoryFiles: once(() => open("avformat", memoryFiles)),
    supportedConfig: openOptional(host, pathOf("avcodec"), supportedConfig),
    parametersSideData: inParameters,
    streamSideData: inParameters === null ? openOptional(host, pathOf("avformat"), streamSideData) : null,
    scaling: once(() => open("swscale", scaling)),
    resampling: once(() => open("swresample", resampling)),
    hardware: once(() => open("avutil", hardware)),
    dictionaries: once(() => open("avutil", dictionaries)),
    colorNames: once(() => open("avutil", colorNames)),
    frameSideData: once(() => open("avutil", frameSideData)),
    decoding: once(() => open("avcodec", decoding)),
    copying: once(() => open("avcodec", copying)),
    seeking: once(() => open("avformat", seeking)),
    connections: once(() => open("avformat", connections)),
    aes: once(() => open("avutil", aes)),
    sessionDescriptions: once(() => open("avformat", sessionDescriptions)),
    countFunction: once(() => host.functionAddress(pathOf("avutil"), "av_dict_count")),
    idleFunction: once(() => host.functionAddress(pathOf("avutil"), "av_log_get_level")),
    byteFunction: once(() => host.functionAddress(pathOf("avformat"), "avio_r8")),
    copyFunction: once(() => host.functionAddress(pathOf("avutil"), "av_strlcpy")),
    // It returns what it gets where that is large enough.
    addressOf: (shared) => addressFunctions().av_fast_realloc(new Uint8Array(shared), new Uint32Array(1), 0n),
    devicesPath: pathOf("avdevice"),
    avdevice: once(() => openSibling(host, "avdevice", pathOf("avdevice"), avdevice)),
    scalerFrames: once(() => openOptional(host, pathOf("swscale"), scalerFrames)),
    avfilter: once(() => openSibling(host, "avfilter", pathOf("avfilter"), avfilter)),
    // Found through libavutil, which needs the C library: that one itself would need a permission of its own.
    capabilities: once(() =>
      host.system === "linux" ? openOptional(host, pathOf("avutil"), capabilities) : null
    ),
    fileLocks: once(() => openLocks(host, pathOf("avutil"))),
    memory,
    fields: new StructFields(memory, versions.avcodec),
  };
  selfCheck(native);
  return native;
}

/**
 * Keeps libavdevice for as long as this thread lives, if it is there: what it tells libavformat of itself
 * must outlive the thread that opened it, with which Deno and Node close it.
 */
export function keepDevices(path: string): void {
  openOptional(runtime(), path, avdevice);
}

/** Opens something on first use: binding a symbol takes a quarter of a millisecond. */
function once<T>(open: () => T): () => T {
  let opened: { readonly value: T } | undefined;
  return () => (opened ??= { value: open() }).value;
}

/** Opens symbols that some releases lack; all or none of them. */
function openOptional<T extends SymbolTable>(host: Runtime, path: string, symbols: T): Functions<T> | null {
  try {
    return host.open(path, symbols);
  } catch {
    return null;
  }
}

/** The system's locks on files; `null` where it has none, or Windows' own library may not be opened. */
function openLocks(host: Runtime, avutilPath: string): FileLocks | null {
  if (host.system !== "windows") {
    const functions = openOptional(host, avutilPath, locking);
    return functions === null ? null : fileLocksOf(functions);
  }
  // A prompt for another library than FFmpeg's would be a surprise.
  const kernel = host.mayOpen(windowsKernel) ? openOptional(host, windowsKernel, semaphores) : null;
  return kernel === null ? null : semaphoreLocks(kernel);
}

/** Opens a library that only some writers need. */
function openSibling<T extends SymbolTable>(
  host: Runtime,
  library: LibraryName,
  path: string,
  symbols: T,
): Functions<T> {
  try {
    return host.open(path, symbols);
  } catch (cause) {
    throw new LibraryNotFoundError(`Cannot load lib${library} from ${path}: ${(cause as Error).message}`, {
      code: "ENOENT",
      operation: `load lib${library}`,
      hint: installHint(host.system, host.fileText("/etc/os-release")),
      cause,
    });
  }
}

/** Tells a set that is too new from one that is missing. */
function refuseNewer(host: Runtime, folders: string[]): void {
  const newest = libraryMajor("avutil", majorsNewestFirst[0]!);
  for (let ahead = 1; ahead <= unknownMajorsAhead; ahead++) {
    for (const folder of folders) {
      const path = pathIn(folder, libraryFileName(host.system, "avutil", newest + ahead));
      if (openOptional(host, path, { avutil_version: avutil.avutil_version }) === null) continue;
      throw new LibraryVersionError(
        `Cannot use FFmpeg's libraries in ${folder}: libavutil ${
          newest + ahead
        } is newer than what this release of avwriter knows (libavutil ${newest})`,
        {
          code: "TOO_NEW",
          operation,
          hint: "Update avwriter, or install an FFmpeg from 4.3 to 9.0 beside it",
        },
      );
    }
  }
}
