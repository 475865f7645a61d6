/**
 * A file open for reading: its streams, and where its time begins.
 *
 * @module
 */
import { cString, type Native, PointerCell } from "../../../ffi/mod.ts";
import { AvError } from "../../errors.ts";
import { Demuxer } from "../../libav/demuxer.ts";
import { InputFile, memoryFileOf } from "../../libav/reading/input_bytes.ts";
import { InputStream } from "../../libav/reading/input_stream.ts";
import type { MemoryFile } from "../../libav/muxing/memory_file.ts";
import { type Rational, rationalText } from "../../libav/rational.ts";
import { SessionControl } from "../ending/session_control.ts";
import { openDeviceInput } from "./device_input.ts";
import { openNetwork } from "./network_input.ts";
import { reading } from "./reading_error.ts";
import type { DevicePlace, InputPlace, ReadRequest, TimeOrigin } from "./reading_types.ts";

/**
 * Formats whose readers open other files, hosts or devices, or run what is in the file. `image2` takes `%d`
 * in a path for a pattern.
 */
const refusedFormats: readonly string[] = [
  ...[
    "concat",
    "hls",
    "applehttp",
    "dash",
    "webm_dash_manifest",
    "imf",
    "image2",
    "lavfi",
    "vobsub",
    "ffconcat",
  ],
  ...["sdp", "rtsp", "rtp", "sap", "avisynth", "vapoursynth", "rdt", "libcdio", "iec61883", "mlv"],
];

const allowed = new WeakMap<Native, readonly string[]>();

/** The formats of the loaded libavformat that are safe to read. */
function allowedFormats(native: Native): readonly string[] {
  let names = allowed.get(native);
  if (names === undefined) {
    const { fields, memory } = native;
    const { av_demuxer_iterate } = native.seeking();
    const state = new PointerCell();
    const found: string[] = [];
    for (let at = av_demuxer_iterate(state.buffer); at !== 0n; at = av_demuxer_iterate(state.buffer)) {
      found.push(...(memory.text(fields.get(at, "AVInputFormat", "name")) ?? "").split(","));
    }
    names = found.filter((name) => !refusedFormats.includes(name));
    allowed.set(native, names);
  }
  return names;
}

/** A file that is open. */
export class MediaInput implements Disposable {
  readonly #native: Native;
  readonly #owned: DisposableStack;
  #origin: TimeOrigin | null = null;
  /** Its reader. */
  readonly demuxer: Demuxer;

  /**
   * Opens a file, and finds out what its streams are. The control ends what waits for a network. Throws a
   * {@linkcode ReadError} where that fails.
   */
  constructor(
    native: Native,
    { place, label }: Pick<ReadRequest, "place" | "label">,
    control: SessionControl = new SessionControl(),
  ) {
    this.#native = native;
    using owned = new DisposableStack();
    this.demuxer = place.kind === "device" ? owned.use(openDeviceInput(native, place, label)) : reading(
      label,
      "read",
      () => openDemuxer(native, place, control, owned).findStreamInfo(),
      place.kind === "network"
        ? "It gives no video or audio that FFmpeg can read"
        : "It is no video, audio or image file that FFmpeg can read, or one that refers to others, as playlists do",
    );
    this.#owned = owned.move();
  }

  /** The streams of a type, without pictures that are attached. */
  streamsOf(type: "video" | "audio" | "subtitle"): InputStream[] {
    const { demuxer } = this;
    return [...demuxer.streams.keys()]
      .filter((index) => demuxer.isOf(type, index) && demuxer.picture(index) === null)
      .map((index) => new InputStream(this.#native, demuxer, index));
  }

  /** Has time begin where it has begun before. */
  resumeTimes(origin: TimeOrigin): void {
    this.#origin = origin;
  }

  /**
   * Where time 0 is: where the video begins, in the ticks of its stream. Audio may begin before, with samples
   * that only prime its decoder.
   */
  get origin(): TimeOrigin {
    if (this.#origin !== null) return this.#origin;
    for (const { startTicks: ticks, timeBase } of [...this.streamsOf("video"), ...this.streamsOf("audio")]) {
      if (ticks !== null) return { ticks, timeBase };
    }
    return { ticks: 0n, timeBase: { num: 1, den: 1 } };
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

function openDemuxer(
  native: Native,
  place: Exclude<InputPlace, DevicePlace>,
  control: SessionControl,
  owned: DisposableStack,
): Demuxer {
  if (place.kind === "sequence") {
    const { path, frameRate, start } = place;
    const first = start === null ? "" : `:start_number=${start}`;
    return owned.use(
      new Demuxer(native, `file:${path}`, {
        formats: ["image2"],
        protocols: "file",
        format: native.memoryFiles().av_find_input_format(cString("image2")),
        options: `framerate=${rationalText(frameRate)}:pattern_type=sequence${first}`,
      }),
    );
  }
  if (place.kind === "network") {
    return owned.use(openNetwork(native, { place, control, owned, formats: allowedFormats(native) }));
  }
  const io = owned.use(
    place.kind === "file" ? new InputFile(native, place.path) : inMemory(native, place.bytes),
  );
  // The file is open already: nothing else is opened.
  const options = { formats: allowedFormats(native), protocols: "none", memory: io };
  return owned.use(new Demuxer(native, place.kind === "file" ? nameLike(place.path) : "", options));
}

/** A name with the extension of a path, from which readers guess: some take `%d` in a name for a pattern. */
function nameLike(path: string): string {
  const extension = /\.\w+$/.exec(path);
  return `file${extension?.[0] ?? ""}`;
}

function inMemory(native: Native, bytes: SharedArrayBuffer): MemoryFile {
  if (bytes.byteLength === 0) {
    throw new AvError("it is empty", { code: "INVALIDDATA", operation: "read a file" });
  }
  return memoryFileOf(native, new Uint8Array(bytes));
}

/** A time of a stream in seconds from the beginning of the file, as exactly as a double can be. */
export class InputClock {
  readonly #timeBase: Rational;
  readonly #offset: bigint;
  readonly #shift: number;

  /** For a stream of a file. */
  constructor({ timeBase }: InputStream, origin: MediaInput["origin"]) {
    this.#timeBase = timeBase;
    const isSameUnit = origin.timeBase.num === timeBase.num && origin.timeBase.den === timeBase.den;
    this.#offset = isSameUnit ? origin.ticks : 0n;
    this.#shift = isSameUnit ? 0 : Number(origin.ticks) * origin.timeBase.num / origin.timeBase.den;
  }

  /** The seconds of a time in ticks. */
  seconds(ticks: bigint): number {
    return this.length(ticks - this.#offset) - this.#shift;
  }

  /** The seconds of a number of ticks. */
  length(ticks: bigint): number {
    return Number(ticks) * this.#timeBase.num / this.#timeBase.den;
  }

  /** The last tick that is not after a time in seconds, which may be rounded. */
  ticks(seconds: number): bigint {
    const ticks = (seconds + this.#shift) * this.#timeBase.den / this.#timeBase.num;
    return BigInt(Math.floor(ticks + roundingTicks)) + this.#offset;
  }
}

/** How far a time that was computed from a tick may be from it. */
const roundingTicks = 1e-3;
