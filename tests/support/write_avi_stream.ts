/**
 * A program that needs nothing but web streams: it writes AVI into memory, and prints its SHA-256.
 *
 * @module
 */
import { createAviWriter } from "../../avi.ts";

const parts: Uint8Array[] = [];
const stream = new WritableStream<Uint8Array>({ write: (bytes) => void parts.push(bytes) });
const writer = await createAviWriter(stream, 25, { audio: { sampleRate: 8000, channels: 1 } });
for (let n = 0; n < 5; n++) {
  await writer.writeAudio({ data: new Int16Array(320).fill(n), sampleRate: 8000 });
  await writer.write({ data: new Uint8Array(64 * 48 * 4).fill(n * 50), width: 64, height: 48 });
}
const { frames } = await writer.close();
const bytes = await new Blob(parts as BlobPart[]).arrayBuffer();
const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
console.log(JSON.stringify({ frames, length: bytes.byteLength, hash }));
