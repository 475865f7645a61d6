/**
 * One native object, owned by one JavaScript object.
 *
 * @module
 */
import { type Address, NULL } from "../../ffi/mod.ts";
import { AvError } from "../errors.ts";

/** The safety net: frees what was not disposed of, once its owner was garbage collected. */
const orphans = new FinalizationRegistry<() => void>((free) => free());

let undisposed = 0;

/**
 * How many native objects were created and not disposed of. Those that only the safety net frees stay
 * counted: they were forgotten.
 */
export function undisposedObjects(): number {
  return undisposed;
}

/** Owns a native object: freed by `Symbol.dispose`, once. */
export abstract class Owned implements Disposable {
  #address: Address;
  readonly #free: (address: Address) => void;

  /** Takes a new object. The null pointer means that libav is out of memory. */
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

  /**
   * The native address. Using it after the object was freed is a bug in avwriter, which throws here instead
   * of crashing in C.
   */
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
