/**
 * Records on the disk that are read back in order.
 *
 * @module
 */
import { ScratchFile } from "../../../ffi/mod.ts";

/** A record: some numbers, and bytes. */
export interface StoredRecord {
  readonly numbers: BigInt64Array;
  readonly bytes: Uint8Array;
}

/** A file of records, which is gone with the process where the system allows that. */
export class RecordFile implements Disposable {
  readonly #file: ScratchFile;
  readonly #head: BigInt64Array<ArrayBuffer>;
  #end = 0;
  #count = 0;

  /** Each record has so many numbers. Replaces a file of the path. */
  constructor(path: string, numbers: number) {
    this.#head = new BigInt64Array(numbers + 1);
    this.#file = new ScratchFile(path);
  }

  /** How many records it has. */
  get count(): number {
    return this.#count;
  }

  /** Adds a record. */
  append(numbers: readonly bigint[], bytes: Uint8Array): void {
    this.#head.set([BigInt(bytes.length), ...numbers]);
    const head = new Uint8Array(this.#head.buffer);
    this.#file.append(head);
    this.#file.append(bytes);
    this.#end += head.length + bytes.length;
    this.#count++;
  }

  /** All records; the numbers of each are valid until the next. */
  *read(): Generator<StoredRecord> {
    const numbers = this.#head.subarray(1);
    for (let at = 0; at < this.#end;) {
      this.#file.read(new Uint8Array(this.#head.buffer), at);
      const bytes = new Uint8Array(Number(this.#head[0]!));
      at += this.#head.byteLength;
      this.#file.read(bytes, at);
      at += bytes.length;
      yield { numbers, bytes };
    }
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}
