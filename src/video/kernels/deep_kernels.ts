/**
 * Kernels for RGB and gray of more than 8 bits, in steps that leave their results in memory: components are
 * picked, averaged for chroma, and weighed. They work on strips that stay in the processor's cache.
 *
 * A picked component is a plane of 16-bit words with the highest bit of each sample in the highest bit of its
 * word.
 *
 * @module
 */
import type { Mixture } from "./deep_weights.ts";
import { KernelModule, type KernelPlane } from "./kernel_module.ts";

/** How a component lies in the pixels. */
export type ComponentForm =
  | {
    /** In words of 16 bits, of which every `step`th is the component's. */
    readonly kind: "words";
    readonly step: 1 | 3 | 4;
    /** Words begin with the higher byte. */
    readonly isSwapped: boolean;
    /** Lower bits that mean nothing. */
    readonly dropped: number;
    readonly depth: number;
  }
  | {
    /** In each pixel's word of 32 bits, above so many bits. */
    readonly kind: "bits";
    readonly dropped: number;
    readonly depth: number;
  }
  | {
    /** A plane of floating-point numbers of 32 bits: 0 is black, and 1 is white. */
    readonly kind: "floats";
    readonly isSwapped: boolean;
  };

/** Bits of a word. */
const wordBits = 16;

/** White in a picked component. */
export function pickedWhite(form: ComponentForm): number {
  return form.kind === "floats" ? 2 ** wordBits - 1 : (2 ** form.depth - 1) * 2 ** (wordBits - form.depth);
}

/** Bytes of a sample of so many bits in a plane. */
function sampleBytes(depth: number): number {
  return depth > 8 ? 2 : 1;
}

/** Bytes from one pixel to the next. */
function pixelBytes(form: ComponentForm): number {
  return form.kind === "words" ? form.step * 2 : 4;
}

/** A plane of alpha: what is laid over a background is as opaque as it says. */
export interface AlphaPlane extends KernelPlane {
  /** Bits of a sample. */
  readonly depth: number;
  /** Its columns. */
  readonly width: number;
}

/** The kernels, at work on one memory. */
export class DeepKernels {
  readonly #module: KernelModule;

  /** Creates kernels for a memory, which must be shared. */
  constructor(memory: WebAssembly.Memory) {
    this.#module = new KernelModule(memory);
  }

  /**
   * Picks a component into a plane of words. `from` begins with the component's first sample.
   *
   * Like all of these, throws a `RangeError` where a row or plane reaches too far.
   */
  pick(from: KernelPlane, form: ComponentForm, width: number, to: KernelPlane): void {
    const sample = form.kind === "words" ? 2 : 4;
    this.#module.check({
      ...from,
      name: "the picture",
      rowBytes: (width - 1) * pixelBytes(form) + sample,
    });
    this.#module.check({ ...to, name: "the component", rowBytes: width * 2, rows: from.rows });
    const places = [from.address, from.stride, width, from.rows, to.address, to.stride] as const;
    if (form.kind === "floats") {
      this.#module.call("pick_floats", ...places, Number(form.isSwapped));
      return;
    }
    const { dropped, depth } = form;
    const [most, raised] = [2 ** depth - 1, wordBits - depth];
    if (form.kind === "bits") this.#module.call("pick_bits", ...places, dropped, most, raised);
    else {
      this.#module.call(`pick_words${form.step}`, ...places, Number(form.isSwapped), dropped, most, raised);
    }
  }

  /** Averages two words beside each other, or two by two, where `down` is 1. */
  halve(from: KernelPlane, width: number, to: KernelPlane, columns: number, down: number): void {
    this.#module.check({ ...from, name: "the component", rowBytes: width * 2 });
    this.#module.check({ ...to, name: "the averages", rowBytes: columns * 2 });
    this.#module.call(
      "halve_words",
      ...[from.address, from.stride, width, from.rows, to.address, to.stride, columns, to.rows, down],
    );
  }

  /**
   * Weighs red, green and blue, which lie alike, for one plane of samples. Where that is larger, the last
   * column and row are repeated. `biases` is where those of the mixture lie.
   */
  weigh(
    colors: readonly [red: KernelPlane, green: KernelPlane, blue: KernelPlane],
    width: number,
    to: KernelPlane,
    columns: number,
    { first, last, bits, depth }: Mixture,
    biases: number,
  ): void {
    for (const color of colors) {
      this.#module.check({ ...color, name: "the component", rowBytes: width * 2 });
    }
    const isByte = depth === 8;
    this.#module.check({ ...to, name: "the plane", rowBytes: columns * (isByte ? 1 : 2) });
    this.#module.check({ name: "the pattern", address: biases, stride: 32, rowBytes: 32, rows: 8 });
    const [{ stride, rows }] = colors;
    this.#module.call(
      isByte ? "weigh_to_bytes" : "weigh_to_words",
      ...colors.map(({ address }) => address),
      ...[stride, width, rows, to.address, to.stride, columns, to.rows],
      ...[first, last, bits, 2 ** depth - 1, biases],
    );
  }

  /** Whether every `step`th word is white in 16 bits. `from` begins with the first of them. */
  isWhite(from: KernelPlane, width: number, step: number): boolean {
    this.#module.check({ ...from, name: "the picture", rowBytes: ((width - 1) * step + 1) * 2 });
    const { address, stride, rows } = from;
    return this.#module.call("is_white", address, stride, width, rows, step, 0xffff) === 1;
  }

  /**
   * Picks one of the four bytes of each pixel as a plane. Where that is larger, the last column and row are
   * repeated. `from` begins with the first of them.
   */
  pickBytes(from: KernelPlane, width: number, to: KernelPlane): void {
    this.#module.check({ ...from, name: "the picture", rowBytes: (width - 1) * 4 + 1 });
    this.#module.check({ ...to, name: "the component" });
    const { address, stride, rows } = from;
    this.#module.call(
      "pick_bytes",
      ...[address, stride, width, rows, to.address, to.stride, to.rowBytes, to.rows],
    );
  }

  /** Whether all of a picture is opaque. Bits above those of a sample count: what has them is opaque, too. */
  isOpaque({ depth, width, ...plane }: AlphaPlane): boolean {
    this.#module.check({ ...plane, name: "alpha", rowBytes: width * sampleBytes(depth) });
    const { address, stride, rows } = plane;
    return this.#module.call("is_plane_opaque", address, stride, width, rows, 2 ** depth - 1) === 1;
  }

  /**
   * Lays a plane of samples, as deep as alpha, over a colour. It has as many columns and rows as alpha, or
   * half of them, rounded up, where `across` or `down` is 1: then a sample is as opaque as the pixels that
   * share it are on average.
   */
  layOver(
    from: KernelPlane,
    alpha: AlphaPlane,
    to: KernelPlane,
    { across, down }: { readonly across: number; readonly down: number },
    color: number,
  ): void {
    const { depth, width } = alpha;
    const columns = Math.ceil(width / (1 << across)), rows = Math.ceil(alpha.rows / (1 << down));
    const bytes = sampleBytes(depth);
    this.#module.check({ ...alpha, name: "alpha", rowBytes: width * bytes });
    this.#module.check({ ...from, name: "the plane", rowBytes: columns * bytes, rows });
    this.#module.check({ ...to, name: "the result", rowBytes: columns * bytes, rows });
    const kind = depth === 8 ? "bytes" : "words";
    const sources = [from.address, from.stride, alpha.address, alpha.stride, width, alpha.rows];
    const places = [...sources, to.address, to.stride];
    if (across === 0 && down === 0) this.#module.call(`lay_${kind}_over`, ...places, color, depth);
    else {
      const shape = [columns, rows, across, down];
      this.#module.call(`lay_shared_${kind}_over`, ...places, ...shape, color, 2 ** depth - 1);
    }
  }
}
