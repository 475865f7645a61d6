/**
 * AVCodecContext of a video decoder: packets in, frames out.
 *
 * @module
 */
import { cString, type Native, NULL, PointerCell } from "../../../ffi/mod.ts";
import { AvError } from "../../errors.ts";
import { maxPixels } from "../max_pixels.ts";
import { codeName, endOfStream, errorText, isAgain } from "../failure.ts";
import type { NativeFrame } from "../native_frame.ts";
import { NativePacket } from "../native_packet.ts";
import { Owned } from "../owned.ts";
import { rationalText } from "../rational.ts";
import type { InputStream } from "./input_stream.ts";

/** What a decoder has: a frame, nothing until it gets more, or nothing any more. */
export type Received = "frame" | "nothing" | "end";

/** The open decoder of a video stream. */
export class VideoDecoder extends Owned {
  readonly #native: Native;
  readonly #name: string;

  /**
   * Opens the decoder of a stream. Throws libav's error where there is none. That of a live stream keeps no
   * frame back for its threads.
   */
  constructor(
    native: Native,
    stream: Pick<InputStream, "parameters" | "timeBase" | "codecName">,
    isLive = false,
  ) {
    const { avcodec, avutil, fields } = native;
    const { avcodec_find_decoder, avcodec_parameters_to_context } = native.decoding();
    const { parameters, timeBase, codecName } = stream;
    const codec = avcodec_find_decoder(fields.get(parameters, "AVCodecParameters", "codec_id"));
    if (codec === NULL) {
      throw new AvError(`FFmpeg ${native.version} has no decoder for ${codecName}`, {
        code: "DECODER_NOT_FOUND",
        operation: "find a decoder",
      });
    }
    super(`a decoder for ${codecName}`, avcodec.avcodec_alloc_context3(codec), (context) => {
      avcodec.avcodec_free_context(new PointerCell(context).buffer);
    });
    this.#native = native;
    this.#name = codecName;
    try {
      this.#check("set up", avcodec_parameters_to_context(this.address, parameters));
      const options = {
        pkt_timebase: rationalText(timeBase),
        threads: "auto",
        ...(isLive ? { thread_type: "slice" } : {}),
        max_pixels: String(maxPixels),
      };
      for (const [name, value] of Object.entries(options)) {
        this.#check("set up", avutil.av_opt_set(this.address, cString(name), cString(value), 0));
      }
      this.#check("open", avcodec.avcodec_open2(this.address, codec, null));
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Sends a packet, or `null` to end the stream. Receive all frames before each call. Returns `false` for a
   * packet that is damaged.
   */
  send(packet: NativePacket | null): boolean {
    const result = this.#native.avcodec.avcodec_send_packet(this.address, packet?.address ?? NULL);
    // Decoders have codes of all kinds for damage.
    return result >= 0 || result === endOfStream;
  }

  /** Receives the next frame in the order of display. Throws where a packet was damaged. */
  receive(frame: NativeFrame): Received {
    const result = this.#native.avcodec.avcodec_receive_frame(this.address, frame.address);
    if (isAgain(result)) return "nothing";
    if (result === endOfStream) return "end";
    this.#check("decode with", result);
    return "frame";
  }

  /** Forgets everything: what is sent next has nothing to do with what was sent before. */
  flush(): void {
    this.#native.decoding().avcodec_flush_buffers(this.address);
  }

  #check(action: string, result: number): void {
    if (result >= 0) return;
    throw new AvError(errorText(this.#native, result), {
      code: codeName(result),
      operation: `${action} the decoder for ${this.#name}`,
    });
  }
}

/** The time of a decoded frame in ticks; `null` where nothing tells. */
export function frameTicks({ fields }: Native, frame: NativeFrame): bigint | null {
  const ticks = fields.get(frame.address, "AVFrame", "best_effort_timestamp");
  return ticks === NativePacket.noTime ? null : ticks;
}

/** How long a decoded frame is shown by its packet, in ticks; 0 where that does not tell. */
export function frameDuration({ fields }: Native, frame: NativeFrame): bigint {
  const field = fields.has("AVFrame", "duration") ? "duration" : "pkt_duration";
  return fields.get(frame.address, "AVFrame", field);
}
