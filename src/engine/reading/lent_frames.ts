/**
 * Decoded frames that other threads refer to: nobody copies their pictures.
 *
 * @module
 */
import type { Address, Native } from "../../../ffi/mod.ts";
import { NativeFrame } from "../../libav/native_frame.ts";

/** Frames that were lent, each until it is given back. They outlive their decoder. */
export class LentFrames {
  readonly #frames = new Map<Address, NativeFrame>();

  /** Lends the picture of a frame; returns the address of what refers to it. */
  lend(native: Native, frame: NativeFrame): Address {
    const lent = new NativeFrame(native);
    lent.referPicture(frame.address);
    this.#frames.set(lent.address, lent);
    return lent.address;
  }

  /** A frame that is lent. */
  at(address: Address): NativeFrame {
    return this.#frames.get(address)!;
  }

  /** Frees frames that nobody needs any more. */
  giveBack(addresses: readonly Address[]): void {
    for (const address of addresses) {
      this.at(address)[Symbol.dispose]();
      this.#frames.delete(address);
    }
  }
}
