/**
 * AVCodecParameters: what an encoder makes, also when it is gone.
 *
 * @module
 */
import { type Address, type Native, PointerCell } from "../../../ffi/mod.ts";
import { AvError } from "../../errors.ts";
import type { Encoder } from "../encoder.ts";
import { codeName, errorText } from "../failure.ts";
import { Owned } from "../owned.ts";

/** A copy of what describes an encoder's stream. */
export class CodecParameters extends Owned {
  readonly #native: Native;

  /** Copies those of an open encoder, or of what else describes a stream. */
  constructor(native: Native, described: Pick<Encoder, "describeInto">) {
    super("codec parameters", native.avcodec.avcodec_parameters_alloc(), (parameters) => {
      native.avcodec.avcodec_parameters_free(new PointerCell(parameters).buffer);
    });
    this.#native = native;
    described.describeInto(this.address);
  }

  /** A copy of other ones. */
  static copyOf(native: Native, given: Address): CodecParameters {
    return new CodecParameters(native, {
      describeInto: (parameters) => void native.avcodec.avcodec_parameters_copy(parameters, given),
    });
  }

  /** Fills another AVCodecParameters with the same. */
  copyInto(parameters: Address): void {
    const result = this.#native.avcodec.avcodec_parameters_copy(parameters, this.address);
    if (result >= 0) return;
    throw new AvError(errorText(this.#native, result), {
      code: codeName(result),
      operation: "describe a stream",
    });
  }

  /** AV_CODEC_ID_* of the codec. */
  get codecId(): number {
    return this.#native.fields.get(this.address, "AVCodecParameters", "codec_id");
  }

  /** A copy of the codec headers that go into the container's; empty where there are none. */
  get headers(): Uint8Array<ArrayBuffer> {
    const { fields, memory } = this.#native;
    const bytes = new Uint8Array(fields.get(this.address, "AVCodecParameters", "extradata_size"));
    if (bytes.length > 0) memory.read(fields.get(this.address, "AVCodecParameters", "extradata"), bytes);
    return bytes;
  }
}
