/**
 * What is open from the first frame on: converter, encoder and file, and the packets between them.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { forcesKeyFrames, hidesKeyFrames } from "../codecs/key_frames.ts";
import { isInterlaced, requireFieldsApart } from "../codecs/field_order.ts";
import type { EncoderSettings } from "../codecs/open_encoder.ts";
import { completeWebpHeader } from "../codecs/webp_header.ts";
import type { Encoder } from "../libav/encoder.ts";
import { type ColorNumbers, colorNumbers, NativeFrame } from "../libav/native_frame.ts";
import { NativePacket } from "../libav/native_packet.ts";
import type { CodecParameters } from "../libav/streams/codec_parameters.ts";
import type { Converter } from "../video/conversion/converter.ts";
import type { GifDisposal } from "../video/palette/gif_disposal.ts";
import type { GifClip } from "../video/palette/gif_clip.ts";
import { createConverter } from "../video/conversion/create_converter.ts";
import type { FrameStamp } from "../video/frame_timing.ts";
import type { ClipColors } from "../video/palette/clip_colors.ts";
import { type PictureShape, type Pixels, sameShape } from "../video/pixels.ts";
import { ClosedGroups } from "./ending/closed_groups.ts";
import type { Followers } from "./decode_times.ts";
import type { SessionControl } from "./ending/session_control.ts";
import { completed, type Steps } from "../steps.ts";
import type { Timeline } from "./timeline.ts";
import type { VideoOutput, VideoPipeline } from "./video_output.ts";

/** The parts of a pipeline, which owns encoder and file. */
export interface PipelineParts {
  readonly encoder: Encoder;
  /** What it makes. */
  readonly parameters: CodecParameters;
  /** Opens another one like it. */
  readonly openEncoder: () => Encoder;
  readonly settings: EncoderSettings;
  readonly output: VideoOutput;
  readonly timeline: Timeline;
  /** Tells when encoding is to end. */
  readonly control: SessionControl;
  /** The palettes of a GIF; `null` where each frame has one of its own. */
  readonly clipColors: ClipColors | null;
  /** The frames of a GIF with a palette for the whole clip; otherwise `null`. */
  readonly clip: GifClip | null;
  /** What clears the frames of a GIF that may be transparent; otherwise `null`. */
  readonly disposal: GifDisposal | null;
  /** How many times an animation plays; 0 for ever. */
  readonly plays: number;
  /** Gets the frames of the first of two passes. */
  readonly onFrame?: (frame: NativeFrame, stamp: FrameStamp) => void;
  /** Gets an encoder that has given all that it had, before it is freed. */
  readonly onEnd?: (encoder: Encoder) => void;
}

/** Converts and encodes frames, and writes the packets to the file. Owns its parts. */
export class Pipeline implements VideoPipeline {
  readonly #native: Native;
  /** The encoder; `null` where it has given all that it had, and is opened again for the next frame. */
  #encoder: Encoder | null;
  readonly #openEncoder: () => Encoder;
  readonly #parameters: CodecParameters;
  readonly #settings: EncoderSettings;
  readonly #output: VideoOutput;
  readonly #timeline: Timeline;
  readonly #control: SessionControl;
  readonly #groups: ClosedGroups;
  readonly #clipColors: ClipColors | null;
  readonly #clip: GifClip | null;
  readonly #disposal: GifDisposal | null;
  readonly #packet: NativePacket;
  /** The frame that waits for the next one, which determines its duration. */
  readonly #held: NativeFrame;
  #heldStamp: FrameStamp | null = null;
  #converter: { readonly shape: PictureShape; readonly converter: Converter } | null = null;
  /** The quantizer that each frame carries. */
  readonly #frameQuality: number;
  /** Whether the encoder makes a key frame of any frame; otherwise it is opened again for one. */
  readonly #forcesKeyFrames: boolean;
  readonly #hidesKeyFrames: boolean;
  /** The meaning of each frame's values: some encoders (prores_ks) read it from the frame alone. */
  readonly #color: ColorNumbers;
  /**
   * Whether encoding has ended before all frames were encoded. The encoder is then freed with everything
   * else: some take seconds for that.
   */
  #isCut = false;
  readonly #plays: number;
  readonly #parts: Pick<PipelineParts, "onFrame" | "onEnd">;
  /** The number of the last frame that the encoder was given. */
  #lastIndex = 0n;
  #frames = 0;
  #packets = 0;
  #bytes = 0;

  /** Takes over an open encoder and a file whose header is written. */
  constructor(native: Native, parts: PipelineParts) {
    const { encoder, openEncoder, parameters, settings, output, timeline, control, plays } = parts;
    this.#plays = plays;
    this.#parts = parts;
    this.#native = native;
    this.#control = control;
    this.#groups = new ClosedGroups(native);
    this.#packet = new NativePacket(native);
    this.#held = new NativeFrame(native);
    this.#encoder = encoder;
    this.#openEncoder = openEncoder;
    this.#parameters = parameters;
    this.#settings = settings;
    this.#output = output;
    this.#timeline = timeline;
    this.#clipColors = parts.clipColors;
    this.#clip = parts.clip;
    this.#disposal = parts.disposal;
    this.#frameQuality = encoder.frameQuality;
    this.#forcesKeyFrames = forcesKeyFrames(settings.encoder.name);
    this.#hidesKeyFrames = hidesKeyFrames(settings.encoder.name);
    this.#color = colorNumbers(native, settings.color);
  }

  /** Prepares for pictures of a shape. Throws where they cannot be converted. */
  prepare(shape: PictureShape): void {
    this.#converterFor(shape);
  }

  get frames(): number {
    return this.#frames + (this.#clip?.count ?? 0);
  }

  get packets(): number {
    return this.#packets;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get seconds(): number {
    return this.#timeline.endSeconds;
  }

  get certainSeconds(): number {
    return this.#timeline.certainSeconds;
  }

  write(pixels: Pixels, shape: PictureShape, given: FrameStamp, isLive: boolean): void {
    if (this.#clip !== null) this.#clip.add(pixels, shape, given);
    else this.take(this.#converterFor(shape).convert(pixels), given, isLive);
  }

  /** Encodes a frame that is in the encoder's format already. */
  take(frame: NativeFrame, given: FrameStamp, isLive: boolean): void {
    this.#parts.onFrame?.(frame, given);
    const stamp = this.#timeline.later(given);
    this.#frames++;
    this.#timeline.take(stamp);
    this.#output.expectVideo(true);
    this.#disposal?.note(frame);
    const isHeld = !this.#timeline.isConstant || this.#disposal !== null;
    if (isHeld) this.#releaseHeld(stamp.ticks);
    else this.#encode(frame, stamp, 1n);
    if (this.#timeline.isLate(isLive)) {
      completed(this.#endEncoder("unsure"));
      this.#output.flush();
    }
    if (isHeld) this.#hold(frame, stamp);
    this.#output.expectVideo(this.#heldStamp !== null || this.#timeline.isWaiting);
  }

  /** Keeps a frame until the next one tells how long it is shown, and whether it is cleared. */
  #hold(frame: NativeFrame, stamp: FrameStamp): void {
    this.#disposal?.advance();
    this.#held.refer(frame);
    this.#heldStamp = stamp;
  }

  settle(): boolean {
    this.#releaseHeld(null, "unsure");
    if (this.#timeline.isWaiting) completed(this.#endEncoder("unsure"));
    this.#output.expectVideo(false);
    return this.#output.flush();
  }

  *end(endTicks: bigint | null): Steps<number> {
    yield 0;
    this.#takeClip();
    this.#releaseHeld(endTicks, "sure", true);
    if (endTicks !== null) this.#timeline.extend(endTicks);
    yield* this.#endEncoder("none");
    if (!this.#isCut) return 0;
    const taken = this.#frames;
    this.#frames = this.#groups.frames;
    this.#timeline.cut(this.#frames);
    this.#groups.dropOpen();
    this.#giveAll("none");
    // Packets of an open group may have been written before.
    this.#packets = Math.min(this.#packets, this.#frames);
    return taken - this.#frames;
  }

  *finish(): Steps<number | null> {
    const { ending, endSeconds, lastSeconds } = this.#timeline;
    const packets = this.#isCut ? this.#frames : Infinity;
    const bytes = yield* this.#output.finish({ ending, endSeconds, lastSeconds, packets });
    this.#completeTable();
    return bytes;
  }

  discardFile(): void {
    this.#output[Symbol.dispose]();
  }

  salvage(): void {
    try {
      this.#takeClip();
    } catch {
      // The first error is the one to report.
    }
    this.#output.salvage();
    this.#completeTable();
  }

  /** Writes colours into the file's table that came after it was written. */
  #completeTable(): void {
    this.#clipColors?.completeTable((offset, bytes) => this.#output.patch(offset, bytes));
  }

  #takeClip(): void {
    const { frames } = this;
    for (const { frame, stamp } of this.#clip?.replay() ?? []) {
      this.take(frame, stamp, false);
      if (this.#isCut) break;
    }
    // Those that come after the deadline are left out later.
    this.#frames = frames;
  }

  /** Takes all that the encoder has. The next frame is a key frame of another one: none waits for it. */
  *#endEncoder(followers: Followers): Steps<void> {
    const encoder = this.#encoder;
    if (encoder === null || this.#isCut) return;
    if (this.#isAtDeadline()) return void (this.#isCut = true);
    encoder.send(null);
    while (encoder.receive(this.#packet)) {
      this.#takePacket(this.#packet, "sure", true);
      if (this.#isAtDeadline()) return void (this.#isCut = true);
      yield 0;
    }
    this.#giveAll(followers);
    this.#parts.onEnd?.(encoder);
    encoder[Symbol.dispose]();
    this.#encoder = null;
    this.#timeline.restart();
  }

  /** Whether encoding ends here: not before what must stay in the file can be shown without a gap. */
  #isAtDeadline(): boolean {
    return this.#control.isExpired && (this.#output.mayLeaveOut || !this.#groups.isWrittenOpen);
  }

  #converterFor(shape: PictureShape): Converter {
    if (this.#converter === null || !sameShape(this.#converter.shape, shape)) {
      requireFieldsApart(this.#settings.fieldOrder, shape.layout.format, this.#settings.format);
      const converter = createConverter(this.#native, shape, {
        ...this.#settings,
        clipColors: this.#clipColors,
      });
      this.#converter?.converter[Symbol.dispose]();
      this.#converter = { shape, converter };
    }
    return this.#converter.converter;
  }

  #releaseHeld(next: bigint | null, followers: Followers = "sure", isLast = false): void {
    const stamp = this.#heldStamp;
    if (stamp === null) return;
    this.#heldStamp = null;
    this.#disposal?.prepare(this.#held, followers === "unsure" ? "unknown" : isLast ? "none" : "noted");
    this.#encode(this.#held, stamp, this.#timeline.durationOf(stamp, next), followers);
    this.#held.unref();
  }

  #encode(frame: NativeFrame, stamp: FrameStamp, duration: bigint, followers: Followers = "sure"): void {
    const { index, keyFrame } = this.#timeline.enter(stamp, duration);
    if (this.#isAtDeadline()) return void (this.#isCut = true);
    if (keyFrame && index > 0 && !this.#forcesKeyFrames) completed(this.#endEncoder("sure"));
    if (this.#isCut) return;
    this.#lastIndex = BigInt(index);
    frame.stamp(this.#lastIndex, keyFrame, this.#frameQuality);
    frame.describe(this.#color);
    if (isInterlaced(this.#settings.fieldOrder)) frame.markFields(this.#settings.fieldOrder === "tff");
    const encoder = this.#encoder ??= this.#openEncoder();
    encoder.send(frame);
    while (encoder.receive(this.#packet)) {
      this.#takePacket(this.#packet, followers, this.#control.hasDeadline);
    }
  }

  /** Takes a packet, and writes those whose turn it is. */
  #takePacket(packet: NativePacket, followers: Followers, isHeld: boolean): void {
    if (this.#settings.encoder.codecName === "webp") {
      // libwebp_anim of FFmpeg 4.3: empty packets, and then the file, as if there were one more frame.
      if (packet.size === 0) return;
      if (packet.pts > this.#lastIndex) packet.pts = this.#lastIndex;
      completeWebpHeader(packet, this.#plays, this.#settings.format.hasAlpha);
    }
    if (this.#hidesKeyFrames) packet.markKey();
    this.#disposal?.complete(packet);
    this.#groups.take(packet, isHeld, (taken) => this.#write(taken, followers));
    this.#groups.giveWhole((taken) => this.#write(taken, followers));
  }

  #giveAll(followers: Followers): void {
    this.#groups.giveAll((packet) => this.#write(packet, "sure"), (packet) => this.#write(packet, followers));
  }

  #write(packet: NativePacket, followers: Followers): void {
    this.#packets++;
    this.#bytes += packet.size;
    const decodeTicks = this.#timeline.place(packet, followers);
    packet.streamIndex = 0;
    this.#output.writeVideo(packet, this.#timeline.timeBase, { decodeTicks, isLast: followers === "none" });
    if (this.#output.isCrashSafe) this.#completeTable();
  }

  /** Writes all frames, and frees all but the output; returns what that still needs. */
  leave(nextTicks: bigint): Disposable {
    this.#releaseHeld(nextTicks);
    completed(this.#endEncoder("sure"));
    this.#free();
    return this.#parameters;
  }

  #free(): void {
    // The encoder holds the converter's pictures, so it goes first.
    this.#encoder?.[Symbol.dispose]();
    this.#held[Symbol.dispose]();
    this.#clip?.[Symbol.dispose]();
    this.#converter?.converter[Symbol.dispose]();
    this.#packet[Symbol.dispose]();
    this.#groups[Symbol.dispose]();
  }

  /** Frees everything. */
  [Symbol.dispose](): void {
    this.#free();
    this.#output[Symbol.dispose]();
    this.#parameters[Symbol.dispose]();
  }
}
