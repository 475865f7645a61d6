/**
 * MD5 (RFC 1321), which WebCrypto leaves out: logins of RTSP servers are made with it.
 *
 * @module
 */

/** How far the words of each round are turned, in turn. */
const shifts = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]] as const;
/** Where the next block word of each round is: `factor * step + offset`. */
const orders = [[1, 0], [5, 1], [3, 5], [7, 0]] as const;

/** The MD5 of a text in UTF-8, as hexadecimal digits. */
export function md5(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const padded = new Uint8Array((bytes.length + 8 >> 6) + 1 << 6);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const words = new DataView(padded.buffer);
  words.setBigUint64(padded.length - 8, BigInt(bytes.length) * 8n, true);
  const state = new Uint32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]);
  for (let at = 0; at < padded.length; at += 64) addBlock(state, words, at);
  const digest = new DataView(new ArrayBuffer(16));
  state.forEach((word, index) => digest.setUint32(4 * index, word, true));
  return new Uint8Array(digest.buffer).toHex();
}

function addBlock(state: Uint32Array, words: DataView, at: number): void {
  let [a, b, c, d] = state as unknown as [number, number, number, number];
  for (let step = 0; step < 64; step++) {
    const round = step >> 4;
    const mixed = [b & c | ~b & d, d & b | ~d & c, b ^ c ^ d, c ^ (b | ~d)][round]!;
    const [factor, offset] = orders[round]!;
    const word = words.getUint32(at + 4 * ((factor * step + offset) % 16), true);
    const constant = Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32);
    const sum = a + mixed + word + constant | 0, shift = shifts[round]![step % 4]!;
    [a, d, c, b] = [d, c, b, b + (sum << shift | sum >>> 32 - shift) | 0];
  }
  for (const [index, word] of [a, b, c, d].entries()) state[index]! += word;
}
