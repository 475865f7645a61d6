/**
 * AES-128 in CBC mode, as HLS encrypts segments.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { Owned } from "../owned.ts";

/** The size of a block, a key and an initialization vector, in bytes. */
export const aesBytes = 16;

/** AVAES, for one key. */
class Aes extends Owned {
  constructor(native: Native, key: Uint8Array) {
    const { av_aes_alloc, av_aes_init } = native.aes();
    super("a cipher", av_aes_alloc(), (cipher) => native.avutil.av_free(cipher));
    av_aes_init(this.address, key, 8 * aesBytes, 1);
  }
}

/**
 * Decrypts whole blocks in place, and returns them without the padding of PKCS #7; `null` where their end has
 * none, so that the key is another one.
 */
export function decryptAes(
  native: Native,
  bytes: Uint8Array,
  { key, iv }: { readonly key: Uint8Array; readonly iv: Uint8Array },
): Uint8Array | null {
  if (bytes.length === 0 || bytes.length % aesBytes !== 0) return null;
  using cipher = new Aes(native, key);
  // It is written to.
  const state = iv.slice();
  native.aes().av_aes_crypt(cipher.address, bytes, bytes, bytes.length / aesBytes, state, 1);
  const padding = bytes.at(-1)!;
  const isPadded = padding > 0 && padding <= aesBytes &&
    bytes.subarray(-padding).every((byte) => byte === padding);
  return isPadded ? bytes.subarray(0, -padding) : null;
}
