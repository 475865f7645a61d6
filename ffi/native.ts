/**
 * A loaded set of libraries.
 *
 * @module
 */
import type { Address, Functions } from "./contract.ts";
import type { FileLocks } from "./files/file_lock.ts";
import type { NativeMemory } from "./memory.ts";
import type { StructFields } from "./struct.ts";
import type {
  avcodec,
  codecNames,
  copying,
  decoding,
  parametersSideData,
  supportedConfig,
} from "./symbols/avcodec.ts";
import type { capabilities } from "./capabilities.ts";
import type { avdevice } from "./symbols/avdevice.ts";
import type { avfilter } from "./symbols/avfilter.ts";
import type {
  avformat,
  connections,
  memoryFiles,
  seeking,
  sessionDescriptions,
  streamSideData,
} from "./symbols/avformat.ts";
import type { aes, avutil, colorNames, dictionaries, frameSideData, hardware } from "./symbols/avutil.ts";
import type { resampling, swresample } from "./symbols/swresample.ts";
import type { scalerFrames, scaling, swscale } from "./symbols/swscale.ts";

/** A loaded set of libraries: their functions, and access to their memory. */
export interface Native {
  /** The folder that the set was loaded from. */
  readonly folder: string;
  /** FFmpeg's own version text: `"5.1.9-0+deb12u1"`. */
  readonly version: string;
  /** The major of libavcodec, by which the set is known. */
  readonly avcodecMajor: number;
  /** The full version of each loaded library: `"59.37.100"`. */
  readonly libraryVersions: Readonly<Record<string, string>>;
  /** libavutil. */
  readonly avutil: Functions<typeof avutil>;
  /** libavcodec. */
  readonly avcodec: Functions<typeof avcodec>;
  /** Codecs by their names, opened on first use. */
  codecNames(): Functions<typeof codecNames>;
  /** Asks the library what an encoder takes; `null` where a field of AVCodec says so instead. */
  readonly supportedConfig: Functions<typeof supportedConfig> | null;
  /** libavformat. */
  readonly avformat: Functions<typeof avformat>;
  /** Files in memory, opened on first use. */
  memoryFiles(): Functions<typeof memoryFiles>;
  /** Side data in a stream's parameters; `null` where it lies in the stream itself. */
  readonly parametersSideData: Functions<typeof parametersSideData> | null;
  /** Side data in the stream itself; `null` where the stream's parameters have it. */
  readonly streamSideData: Functions<typeof streamSideData> | null;
  /** libswresample. */
  readonly swresample: Functions<typeof swresample>;
  /** libswscale. */
  readonly swscale: Functions<typeof swscale>;
  /** Conversion of pictures, opened on first use. */
  scaling(): Functions<typeof scaling>;
  /** Frames in the memory of a device, opened on first use. */
  hardware(): Functions<typeof hardware>;
  /** Conversion of audio, opened on first use. */
  resampling(): Functions<typeof resampling>;
  /** Dictionaries without an owner in libav, opened on first use. */
  dictionaries(): Functions<typeof dictionaries>;
  /** Names of what colours are, opened on first use. */
  colorNames(): Functions<typeof colorNames>;
  /** What goes along with a frame, opened on first use. */
  frameSideData(): Functions<typeof frameSideData>;
  /** Decoding of streams, opened on first use. */
  decoding(): Functions<typeof decoding>;
  /** Packets with what goes along, opened on first use. */
  copying(): Functions<typeof copying>;
  /** Reading from another place on, opened on first use. */
  seeking(): Functions<typeof seeking>;
  /** Connections, opened on first use. */
  connections(): Functions<typeof connections>;
  /** Decryption, opened on first use. */
  aes(): Functions<typeof aes>;
  /** Descriptions of RTP sessions, opened on first use. */
  sessionDescriptions(): Functions<typeof sessionDescriptions>;
  /** The address of av_dict_count, a function that returns the 32-bit number that its parameter points to. */
  countFunction(): Address;
  /** The address of av_log_get_level, a function that does nothing, whatever its parameters are. */
  idleFunction(): Address;
  /** The address of avio_r8, a function that returns the next byte of an AVIOContext, or 0. */
  byteFunction(): Address;
  /** The address of av_strlcpy, a function that copies a text and returns its length. */
  copyFunction(): Address;
  /** The address of shared memory, which must be kept for as long as native code uses it. */
  addressOf(memory: SharedArrayBuffer): Address;
  /** The path of libavdevice. */
  readonly devicesPath: string;
  /** libavdevice, opened on first use. Throws a {@linkcode LibraryNotFoundError} where it is missing. */
  avdevice(): Functions<typeof avdevice>;
  /** Conversion by several threads, opened on first use; `null` where libswscale has none. */
  scalerFrames(): Functions<typeof scalerFrames> | null;
  /** libavfilter, opened on first use. Throws a {@linkcode LibraryNotFoundError} where it is missing. */
  avfilter(): Functions<typeof avfilter>;
  /** The C library's priorities of threads, opened on first use; `null` on other systems than Linux. */
  capabilities(): Functions<typeof capabilities> | null;
  /** Locks on files, opened on first use; `null` where the system has none. */
  fileLocks(): FileLocks | null;
  /** Native memory. */
  readonly memory: NativeMemory;
  /** Struct fields, by the layout of this major. */
  readonly fields: StructFields;
}
