/**
 * Chunks of RIFF files (Microsoft, Multimedia Programming Interface and Data Specifications 1.0).
 *
 * @module
 */

/** Bytes of a chunk's name and size. */
export const chunkHeaderBytes = 8;

/** A chunk in memory: room for its header, its data, and a byte of padding where that is odd. */
export interface Chunk {
  /** All of it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The data alone. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** A chunk with room for so many bytes of data. */
export function createChunk(id: string, size: number): Chunk {
  const bytes = new Uint8Array(chunkHeaderBytes + size + (size & 1));
  putText(bytes, 0, id);
  new DataView(bytes.buffer).setUint32(4, size, true);
  return { bytes, data: bytes.subarray(chunkHeaderBytes, chunkHeaderBytes + size) };
}

/** Writes letters of one byte each. */
export function putText(bytes: Uint8Array, at: number, text: string): void {
  for (let index = 0; index < text.length; index++) bytes[at + index] = text.charCodeAt(index);
}

/** Bytes that are written one after another, with lists and chunks in each other. */
export class RiffBytes {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  /** How many bytes there are. */
  length = 0;

  /** With room for so many. */
  constructor(room: number) {
    this.#bytes = new Uint8Array(room);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** What was written. */
  get written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.length);
  }

  text(text: string): void {
    putText(this.#bytes, this.length, text);
    this.length += text.length;
  }

  u16(...values: readonly number[]): void {
    for (const value of values) {
      this.#view.setUint16(this.length, value, true);
      this.length += 2;
    }
  }

  u32(...values: readonly number[]): void {
    for (const value of values) {
      this.#view.setUint32(this.length, value, true);
      this.length += 4;
    }
  }

  u64(value: number): void {
    this.#view.setBigUint64(this.length, BigInt(value), true);
    this.length += 8;
  }

  zeros(count: number): void {
    this.length += count;
  }

  bytes(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Writes a chunk; returns where its data begins. */
  chunk(id: string, write: () => void): number {
    this.text(id);
    this.u32(0);
    const start = this.length;
    write();
    this.#view.setUint32(start - 4, this.length - start, true);
    return start;
  }

  /** Writes a list of chunks; returns where its data begins. */
  list(type: string, write: () => void): number {
    return this.chunk("LIST", () => {
      this.text(type);
      write();
    });
  }
}
