/**
 * Where the components of RGB and gray of more than 8 bits lie.
 *
 * @module
 */
import type { PixelFormatInfo } from "../../libav/pixel_format.ts";
import type { ComponentForm } from "../kernels/deep_kernels.ts";

/** Where a component lies among the 16-bit words of a picture. */
export interface WordPlace {
  readonly plane: number;
  readonly first: number;
  readonly step: number;
}

function packedWords(components: string): readonly WordPlace[] {
  const wanted = components.includes("y") ? ["y", "y", "y", "a"] : ["r", "g", "b", "a"];
  return wanted.filter((name) => components.includes(name)).map((name) => ({
    plane: 0,
    first: components.indexOf(name),
    step: components.length,
  }));
}

function planarWords(planes: readonly number[]): readonly WordPlace[] {
  return planes.map((plane) => ({ plane, first: 0, step: 1 }));
}

/**
 * Where red, green, blue and alpha are in formats of 16-bit words, by the part of their names before the
 * bits.
 */
const wordPlaces: Readonly<Record<string, readonly WordPlace[]>> = {
  gray: packedWords("y"),
  ya: packedWords("ya"),
  rgb: packedWords("rgb"),
  bgr: packedWords("bgr"),
  rgba: packedWords("rgba"),
  bgra: packedWords("bgra"),
  gbrp: planarWords([2, 0, 1]),
  gbrap: planarWords([2, 0, 1, 3]),
};

/** The words of a format. */
export interface DeepWords {
  /** Red, green, blue and alpha. */
  readonly places: readonly WordPlace[];
  readonly isInUpperBits: boolean;
  readonly isBigEndian: boolean;
}

/** The words of RGB and gray of more than 8 bits; `null` for other formats. */
export function deepWords({ name }: PixelFormatInfo): DeepWords | null {
  const parts = /^([a-z]+)\d+(msb)?([bl])e$/.exec(name);
  if (parts === null || !Object.hasOwn(wordPlaces, parts[1]!)) return null;
  return {
    places: wordPlaces[parts[1]!]!,
    isInUpperBits: parts[2] !== undefined,
    isBigEndian: parts[3] === "b",
  };
}

/** A component, as kernels pick it. */
export interface PickedComponent {
  readonly plane: number;
  /** Bytes before its first sample. */
  readonly start: number;
  readonly form: ComponentForm;
}

/** Red, green and blue, or gray, of more than 8 bits, as kernels pick them; `null` where they can't. */
export function pickedComponents(format: PixelFormatInfo): readonly PickedComponent[] | null {
  const { name, isFloat, isBitstream, depth, components } = format;
  const floats = /^(gray|gbrp)f32([bl])e$/.exec(name);
  if (floats !== null) {
    const form = { kind: "floats", isSwapped: floats[2] === "b" } as const;
    return wordPlaces[floats[1]!]!.slice(0, 3).map(({ plane }) => ({ plane, start: 0, form }));
  }
  if (isFloat || isBitstream || depth <= 8) return null;
  if (/^x2(rgb|bgr)10le$/.test(name)) {
    return components.slice(0, 3).map(({ plane, offset, shift }) => ({
      ...{ plane, start: 0 },
      form: { kind: "bits", dropped: offset * 8 + shift, depth },
    }));
  }
  const words = deepWords(format);
  if (words === null) return null;
  return words.places.slice(0, 3).every(({ step }) => step === 2) ? null : words.places.slice(0, 3).map(
    ({ plane, first, step }) => ({
      plane,
      start: first * 2,
      form: {
        ...{ kind: "words", step: step as 1 | 3 | 4, isSwapped: words.isBigEndian, depth },
        dropped: words.isInUpperBits ? 16 - depth : 0,
      },
    }),
  );
}
