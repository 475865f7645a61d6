/**
 * AVCodec and AVCodecContext of a decoder: a file's bytes in, a frame out.
 *
 * @module
 */
import { type Address, cString, type Native, NULL, PointerCell } from "../../ffi/mod.ts";
import { AvError } from "../errors.ts";
import { codeName, errorText } from "./failure.ts";
import { maxPixels } from "./max_pixels.ts";
import { mediaTypes } from "./media_types.ts";
import type { NativeFrame } from "./native_frame.ts";
import { NativePacket } from "./native_packet.ts";
import { Owned } from "./owned.ts";

/** Options of every decoder. Releases ignore the checks that they do not have. */
const decoderOptions: Readonly<Record<string, string>> = {
  // An error ends the decoding: no partial picture comes out.
  err_detect: "crccheck+bitstream+buffer+explode",
  max_pixels: String(maxPixels),
  // More threads would delay the pictures.
  threads: "1",
};

/** A decoder of the loaded libavcodec. */
export interface DecoderInfo {
  /** The AVCodec. */
  readonly codec: Address;
  /** libavcodec's name of the decoder: `"mjpeg"`. */
  readonly name: string;
}

/** The video decoder of that exact name; `null` where libavcodec has none. */
export function decoderByName(native: Native, name: string): DecoderInfo | null {
  const codec = native.avcodec.avcodec_find_decoder_by_name(cString(name));
  if (codec === NULL || native.fields.get(codec, "AVCodec", "type") !== mediaTypes.video) return null;
  return { codec, name };
}

/** The open context of a decoder. */
export class Decoder extends Owned {
  readonly #native: Native;
  /** The decoder of this context. */
  readonly info: DecoderInfo;

  /** Opens a decoder. */
  constructor(native: Native, info: DecoderInfo) {
    const { avcodec, avutil } = native;
    super(`a decoder ${info.name}`, avcodec.avcodec_alloc_context3(info.codec), (context) => {
      avcodec.avcodec_free_context(new PointerCell(context).buffer);
    });
    this.#native = native;
    this.info = info;
    try {
      for (const [name, value] of Object.entries(decoderOptions)) {
        this.#check("set up", avutil.av_opt_set(this.address, cString(name), cString(value), 0));
      }
      this.#check("open", avcodec.avcodec_open2(this.address, info.codec, null));
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Decodes a picture that is the whole stream, which ends with it. Throws libav's words where anything is
   * wrong with it.
   *
   * Pictures that have nothing to do with each other get a decoder each. One that is used again decodes a
   * JPEG without Huffman tables by those of the picture before, and takes a PNG for the difference to it.
   */
  decodeImage(bytes: Uint8Array, into: NativeFrame): void {
    const { avcodec, fields } = this.#native;
    into.unref();
    using packet = new NativePacket(this.#native);
    packet.fill(bytes);
    this.#check("decode with", avcodec.avcodec_send_packet(this.address, packet.address));
    this.#check("decode with", avcodec.avcodec_send_packet(this.address, NULL));
    this.#check("decode with", avcodec.avcodec_receive_frame(this.address, into.address));
    if (fields.get(into.address, "AVFrame", "decode_error_flags") !== 0) {
      throw new AvError("Errors in the picture were covered up", {
        code: "INVALIDDATA",
        operation: `decode with decoder ${this.info.name}`,
      });
    }
  }

  #check(action: string, result: number): void {
    if (result >= 0) return;
    throw new AvError(errorText(this.#native, result), {
      code: codeName(result),
      operation: `${action} decoder ${this.info.name}`,
    });
  }
}
