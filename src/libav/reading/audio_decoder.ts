/**
 * AVCodecContext of an audio decoder: packets in, samples out.
 *
 * @module
 */
import { type Address, cString, type Native, NULL, PointerCell } from "../../../ffi/mod.ts";
import { AvError } from "../../errors.ts";
import { type ChannelLayout, layoutOf, sampleFormatById } from "../audio_frame.ts";
import { codeName, endOfStream, errorText, isAgain } from "../failure.ts";
import type { NativeFrame } from "../native_frame.ts";
import type { NativePacket } from "../native_packet.ts";
import { Owned } from "../owned.ts";
import { type Rational, rationalText } from "../rational.ts";

/** The open decoder of a stream. */
export class AudioDecoder extends Owned {
  readonly #native: Native;

  /**
   * Opens the decoder of a stream by its AVCodecParameters and time base. Throws libav's error where there is
   * none.
   */
  constructor(native: Native, parameters: Address, timeBase: Rational) {
    const { avcodec, avutil, fields } = native;
    const { avcodec_find_decoder, avcodec_parameters_to_context } = native.decoding();
    const codecId = fields.get(parameters, "AVCodecParameters", "codec_id");
    const codec = avcodec_find_decoder(codecId);
    if (codec === NULL) {
      const name = native.memory.text(avcodec.avcodec_get_name(codecId));
      throw new AvError(`FFmpeg ${native.version} has no decoder for ${name}`, {
        code: "DECODER_NOT_FOUND",
        operation: "find a decoder",
      });
    }
    super("an audio decoder", avcodec.avcodec_alloc_context3(codec), (context) => {
      avcodec.avcodec_free_context(new PointerCell(context).buffer);
    });
    this.#native = native;
    try {
      this.#check("set up", avcodec_parameters_to_context(this.address, parameters));
      // The decoder uses it to drop priming samples and to adjust the times.
      const unit = cString(rationalText(timeBase));
      this.#check("set up", avutil.av_opt_set(this.address, cString("pkt_timebase"), unit, 0));
      this.#check("open", avcodec.avcodec_open2(this.address, codec, null));
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Sends a packet, or `null` to end the stream; returns whether it was decoded. Receive all frames after
   * each call.
   */
  send(packet: NativePacket | null): boolean {
    return this.#native.avcodec.avcodec_send_packet(this.address, packet?.address ?? NULL) >= 0;
  }

  /** Receives the next samples; `false` where none are available. A damaged packet gives none. */
  receive(frame: NativeFrame): boolean {
    const result = this.#native.avcodec.avcodec_receive_frame(this.address, frame.address);
    return result >= 0 || (result !== endOfStream && !isAgain(result) && this.receive(frame));
  }

  /** The sample format that it gives, by libavutil's name; `null` where it does not know yet. */
  get sampleFormat(): string | null {
    const id = this.#native.fields.get(this.address, "AVCodecContext", "sample_fmt");
    return sampleFormatById(this.#native, id)?.name ?? null;
  }

  /** The layout that it gives; `null` where it does not know yet. */
  layout(defaultLayout: (channels: number) => ChannelLayout): ChannelLayout | null {
    return layoutOf(this.#native, this.address, "AVCodecContext", defaultLayout);
  }

  #check(action: string, result: number): void {
    if (result >= 0) return;
    throw new AvError(errorText(this.#native, result), {
      code: codeName(result),
      operation: `${action} a decoder`,
    });
  }
}
