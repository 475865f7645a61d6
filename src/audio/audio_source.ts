/**
 * Where a track's audio comes from, and the checks of it.
 *
 * @module
 */
import { filePath } from "../file_path.ts";
import { refuseOption } from "../option_checks.ts";
import { fieldsOf } from "../plain_copy.ts";

/**
 * A system of input devices, by libavdevice's name: ALSA and PulseAudio on Linux, AVFoundation on macOS,
 * DirectShow on Windows.
 */
export type AudioDeviceSystem = "alsa" | "pulse" | "avfoundation" | "dshow";

/**
 * A live input device: a microphone, a line, or what a computer plays.
 *
 * @example
 * ```ts
 * import type { AudioOptions } from "@avwriter/avwriter";
 *
 * const audio: AudioOptions = { from: { system: "pulse", name: "default" } };
 * ```
 */
export interface AudioDevice {
  /** The device system. */
  system: AudioDeviceSystem;
  /**
   * The device's name there: `"hw:0"` with ALSA, a source name with PulseAudio (`pactl list short sources`).
   * Default: `"default"`.
   */
  name?: string;
}

/**
 * Silence as long as the video, which some services want.
 *
 * @example
 * ```ts
 * import type { AudioOptions } from "@avwriter/avwriter";
 *
 * const audio: AudioOptions = { from: { silence: true } };
 * ```
 */
export interface AudioSilence {
  /** Always `true`. */
  silence: true;
}

/** A file or a network address to read. */
export interface AudioAddress {
  /** libavformat's address of it. */
  readonly url: string;
  /** What people know it by. */
  readonly label: string;
  /** The path of a file; `null` for a network address. */
  readonly path: string | null;
  /** The protocols that it may be read by. */
  readonly protocols: string;
}

/** The source of a track's audio: `writeAudio`, silence, a file or network address, or a device. */
export type AudioSource =
  | { readonly kind: "samples" }
  | { readonly kind: "silence" }
  | {
    readonly kind: "file";
    readonly address: AudioAddress;
    /** Which of its audio tracks. */
    readonly stream: number;
    readonly loops: boolean;
  }
  | DeviceSource;

/** A device as a source. */
export interface DeviceSource {
  readonly kind: "device";
  readonly system: AudioDeviceSystem;
  readonly name: string;
}

const systems: readonly string[] = ["alsa", "pulse", "avfoundation", "dshow"] satisfies AudioDeviceSystem[];

/**
 * The protocols that libavformat needs for a scheme, and no others: an address cannot redirect to another
 * protocol.
 */
const protocols: Readonly<Record<string, string>> = {
  "http:": "http,https,tls,tcp",
  "https:": "http,https,tls,tcp",
  "rtmp:": "rtmp,tcp",
  "rtsp:": "rtsp,rtp,udp,tcp",
  "srt:": "srt",
  "tcp:": "tcp",
  "udp:": "udp",
};

/** The address that the option `from` stands for. Throws a `TypeError` where it is not valid. */
function addressOf(from: string | URL): AudioAddress {
  if (typeof from === "string" && /^[a-z]+:\/\//i.test(from)) {
    refuseOption("audio.from", from, "a URL object for a network address: a string is a path");
  }
  if (typeof from === "string" || from.protocol === "file:") {
    const path = filePath(from, "read");
    return { url: `file:${path}`, label: path, path, protocols: "file" };
  }
  const { protocol, host, pathname, href } = from;
  if (!Object.hasOwn(protocols, protocol)) {
    refuseOption("audio.from", href, `a path or a URL with ${Object.keys(protocols).join(", ")} or file:`);
  }
  // Without the password, if there is one.
  return { url: href, label: `${protocol}//${host}${pathname}`, path: null, protocols: protocols[protocol]! };
}

function deviceOf({ system, name = "default", ...others }: AudioDevice): AudioSource {
  const [other] = Object.keys(others);
  if (other !== undefined) {
    refuseOption(`audio.from.${other}`, others[other as never], "left out: a device has system and name");
  }
  if (!systems.includes(system)) {
    refuseOption("audio.from.system", system, `one of ${systems.map((name) => `"${name}"`).join(", ")}`);
  }
  if (typeof name !== "string" || name === "" || name.includes("\0")) {
    refuseOption("audio.from.name", name, "a non-empty string without NUL characters");
  }
  return { kind: "device", system, name };
}

function silenceOf({ silence, ...others }: AudioSilence): AudioSource {
  if (silence !== true) refuseOption("audio.from.silence", silence, "true");
  const [other] = Object.keys(others);
  if (other !== undefined) {
    refuseOption(`audio.from.${other}`, others[other as never], "left out beside silence");
  }
  return { kind: "silence" };
}

/**
 * The source that the options `from`, `stream` and `loop` stand for. Throws a `TypeError` where they are not
 * valid.
 */
export function checkSource(
  { from, stream, loop }: {
    readonly from?: string | URL | AudioDevice | AudioSilence;
    readonly stream?: number;
    readonly loop?: boolean;
  },
): AudioSource {
  const isFile = typeof from === "string" || from instanceof URL;
  for (const [name, value] of Object.entries({ stream, loop })) {
    if (value !== undefined && !isFile) {
      refuseOption(`audio.${name}`, value, "left out: it is for the audio of a file (from)");
    }
  }
  if (from === undefined) return { kind: "samples" };
  if (isFile) return { kind: "file", address: addressOf(from), stream: stream ?? 0, loops: loop ?? false };
  if (typeof from === "object" && from !== null) {
    const given = fieldsOf(from, ["silence", "system", "name"]) as unknown as AudioDevice | AudioSilence;
    return "silence" in given ? silenceOf(given) : deviceOf(given);
  }
  refuseOption(
    "audio.from",
    from,
    'a path, a URL, a device such as { system: "pulse" }, or { silence: true }',
  );
}
