/**
 * One native object, owned by one JavaScript object.
 *
 * @module
 */
import { type Address, NULL } from "../../ffi/mod.ts";
import { AvError } from "../errors.ts";

/** The safety net: frees what was never disposed of, once its owner is gone. */
const orphans = new FinalizationRegistry<() => void>((free) => free());

let undisposed = 0;

/** How many native objects were made and not disposed of. What only the safety net frees counts for good: it was forgotten. */
export function undisposedObjects(): number {
  return undisposed;
}

/** Owns a native object: freed by `Symbol.dispose`, once. */
export abstract class Owned implements Disposable {
  #address: Address;
  readonly #free: (address: Address) => void;

  /** Takes a freshly allocated object; the null pointer means that libav had no memory. */
  constructor(kind: string, address: Address, free: (address: Address) => void) {
    if (address === NULL) {
      throw new AvError(`Cannot allocate ${kind}: FFmpeg is out of memory`, {
        code: "ENOMEM",
        operation: `allocate ${kind}`,
      });
    }
    this.#address = address;
    this.#free = free;
    undisposed++;
    orphans.register(this, () => free(address), this);
  }

  /** The native address. A use after the object was freed is a bug of ours, and stops here instead of in C. */
  get address(): Address {
    if (this.#address === NULL) throw new Error(`${this.constructor.name} was used after it was freed`);
    return this.#address;
  }

  /** Whether the object was freed. */
  get isDisposed(): boolean {
    return this.#address === NULL;
  }

  /** Frees the object; a second call does nothing. */
  [Symbol.dispose](): void {
    if (this.#address === NULL) return;
    undisposed--;
    orphans.unregister(this);
    const owned = this.#address;
    this.#address = NULL;
    this.#free(owned);
  }
}
