/**
 * The kernels' WebAssembly module on one memory.
 *
 * @module
 */
import { kernelsWasm } from "./kernels_wasm.ts";

let compiled: WebAssembly.Module | undefined;

/** The module, compiled when first needed. */
function compiledModule(): WebAssembly.Module {
  return compiled ??= new WebAssembly.Module(Uint8Array.fromBase64(kernelsWasm));
}

/** A plane's place in the memory. */
export interface KernelPlane {
  /** The byte at which it begins. */
  readonly address: number;
  /** Bytes from one row to the next. */
  readonly stride: number;
  /** Bytes of a row. */
  readonly rowBytes: number;
  /** Rows. */
  readonly rows: number;
}

/** A plane with its name in messages. */
export interface NamedPlane extends KernelPlane {
  readonly name: string;
}

type Kernel = (...args: number[]) => number | void;

/** The compiled functions, for one memory. */
export class KernelModule {
  readonly #memory: WebAssembly.Memory;
  readonly #kernels: Readonly<Record<string, Kernel>>;

  /** For a memory, which must be shared. */
  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    const { exports } = new WebAssembly.Instance(compiledModule(), { env: { memory } });
    this.#kernels = exports as unknown as Readonly<Record<string, Kernel>>;
  }

  /** Calls a function of the module. */
  call(name: string, ...args: number[]): number | void {
    return this.#kernels[name]!(...args);
  }

  /** Throws a `RangeError` where a plane is not in the memory. */
  check({ name, address, stride, rowBytes, rows }: NamedPlane): void {
    const end = address + stride * (rows - 1) + rowBytes;
    const { byteLength } = this.#memory.buffer;
    const areWhole = [address, stride, rowBytes, rows].every(Number.isInteger);
    if (areWhole && address >= 0 && stride >= rowBytes && end <= byteLength) return;
    throw new RangeError(
      `Cannot convert pixels: ${name} of ${rows} rows of ${rowBytes} bytes at byte ${address}, ${stride} bytes apart, does not fit into ${byteLength} bytes`,
    );
  }
}
