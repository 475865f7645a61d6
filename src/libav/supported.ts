/**
 * What encoders take, by the lists that libavcodec keeps.
 *
 * @module
 */
import { type Address, address, type Native, NULL } from "../../ffi/mod.ts";

/** AV_CODEC_CONFIG_*, libavcodec/avcodec.h. */
const configs = { pix_fmts: 0, supported_samplerates: 2, sample_fmts: 3 } as const;

/** The list of an encoder; the null pointer where it takes anything. */
function supportedList(native: Native, codec: Address, which: keyof typeof configs): Address {
  const { fields, supportedConfig } = native;
  if (supportedConfig === null) return fields.get(codec, "AVCodec", which);
  const list = new BigUint64Array(1);
  const result = supportedConfig.avcodec_get_supported_config(
    NULL,
    codec,
    configs[which],
    0,
    list,
    new Int32Array(1),
  );
  return result < 0 ? NULL : address(list[0]!);
}

/** The values that an encoder takes, by libav's numbers, in its own order; `null` where it takes any. */
export function supportedNumbers(
  native: Native,
  codec: Address,
  which: keyof typeof configs,
): number[] | null {
  const list = supportedList(native, codec, which);
  if (list === NULL) return null;
  // AV_PIX_FMT_NONE and AV_SAMPLE_FMT_NONE, or no rate.
  const end = which === "supported_samplerates" ? 0 : -1;
  const numbers: number[] = [];
  for (let index = 0;; index++) {
    const number = native.fields.element(list, "i32", index);
    if (number === end) return numbers;
    numbers.push(number);
  }
}
