/**
 * Where an output goes, as another thread is told.
 *
 * @module
 */
import type { FragmentCuts } from "../../file/fragments.ts";
import type { OptionValue } from "../../libav/options.ts";

/** An address that libavformat writes to. */
export interface NetworkTarget {
  readonly kind: "network";
  /** The address for libavformat. It may have secrets: nothing prints it. */
  readonly url: string;
  /** What messages call it. */
  readonly label: string;
  /** libavformat's name of the format. */
  readonly format: string;
  readonly formatOptions: Readonly<Record<string, OptionValue>>;
  /** The protocols that it needs, and no others. */
  readonly protocols: string;
  /** Options of the connection. */
  readonly options: Readonly<Record<string, string>>;
  /** How long a receiver may take to use what it has got, in seconds: the connection is closed then. */
  readonly lingerSeconds: number;
  /** Whether packets leave no earlier than they are due, whatever the program's pace. */
  readonly isPaced: boolean;
}

/** An address that takes the bytes as the body of a request. */
export interface HttpTarget {
  readonly kind: "http";
  readonly url: string;
  readonly label: string;
  readonly format: string;
  readonly formatOptions: Readonly<Record<string, OptionValue>>;
  readonly method: "PUT" | "POST";
  readonly headers: Readonly<Record<string, string>>;
}

/** A stream of bytes, which is in the program's thread. */
export interface StreamTarget {
  readonly kind: "stream";
  readonly label: string;
  readonly format: string;
  readonly formatOptions: Readonly<Record<string, OptionValue>>;
  /** Bytes that the stream has not taken: the first 32 bits. */
  readonly pending: SharedArrayBuffer;
  /** How its fragments are cut, of which segments are made; `undefined`: it is one stream. */
  readonly cuts?: FragmentCuts;
}

/** A file. */
export interface FileTarget {
  readonly kind: "file";
  /** Its absolute path. */
  readonly path: string;
  readonly label: string;
  /** Its format; `undefined`: by the extension. */
  readonly format: string | undefined;
  readonly formatOptions: Readonly<Record<string, OptionValue>>;
}

/** Where an output goes. */
export type OutputTarget = NetworkTarget | HttpTarget | StreamTarget | FileTarget;
