/**
 * What may be given as a frame, and what each of the things that are often given instead has to become.
 *
 * @module
 */
import { kindOf } from "../shown.ts";
import { type KnownFields, requireKnownFields } from "../unknown_fields.ts";

const second = "It goes into the second argument: write(frame, { timestamp })";
const strides = 'Did you mean "strides"? It is a list of the bytes per row, one for each plane';
const format = 'Did you mean "format"?';

/** The fields of raw frames. Those of `ImageData` say what is so in any case. */
const rawFields: KnownFields = {
  subject: "the frame",
  names: ["data", "width", "height", "format", "strides", "color", "colorSpace", "pixelFormat"],
  instead: {
    ...{ timestamp: second, duration: second, pts: second, keyFrame: second, capturedAt: second },
    ...{ stride: strides, linesize: strides, bytesPerRow: strides, rowBytes: strides },
    ...{ pix_fmt: format, colorType: format, channels: format },
    buffer: 'Did you mean "data"?',
    image: "A frame has either data or image",
  },
};

const imageFields: KnownFields = {
  subject: "the image",
  names: ["image"],
  instead: {
    ...{ timestamp: second, duration: second, keyFrame: second, capturedAt: second },
    ...{ width: "An image says its size itself", height: "An image says its size itself" },
    ...{ format: "What an image is, is found in its data", type: "What an image is, is found in its data" },
  },
};

/** What an object that is no frame has to become; `null` where it is not known. */
function formOf(given: object): string | null {
  if (ArrayBuffer.isView(given) || given instanceof ArrayBuffer) {
    return "give { image: it } for a PNG, JPEG or WebP file, and { data: it, width, height } for pixels";
  }
  if (Array.isArray(given)) return "write one frame after another";
  const has = (name: string): boolean => typeof (given as Record<string, unknown>)[name] === "function";
  if (has("getContext")) {
    return "give the pixels of its 2D context: context.getImageData(0, 0, width, height)";
  }
  if (has("getImageData")) return "give its pixels: getImageData(0, 0, width, height)";
  if (has("copyTo") && "codedWidth" in given) {
    return "give { data, width, height, format } with what its copyTo writes";
  }
  if (has("arrayBuffer")) return "give { image: await it.arrayBuffer() } for a PNG, JPEG or WebP file";
  return null;
}

/** Whether a frame was read from a file, or made of one that was: it says more than a writer needs. */
function isDecoded(frame: object): boolean {
  return Object.hasOwn(frame, "isDiscontinuous");
}

/** Throws a `TypeError` for what is no frame, naming what to give instead. */
export function requireFrame(frame: unknown): asserts frame is object {
  if (typeof frame !== "object" || frame === null) {
    const kind = frame === null || frame === undefined ? String(frame) : `a ${typeof frame}`;
    throw new TypeError(`Cannot write a frame that is ${kind}: give { data, width, height }`);
  }
  const form = formOf(frame);
  if (form !== null) throw new TypeError(`Cannot write a frame that is ${kindOf(frame)}: ${form}`);
  // The classes of canvas libraries have fields of their own, and so do frames that were read from a file.
  if (kindOf(frame) !== "an ImageData" && !isDecoded(frame)) requireKnownFields(frame, rawFields);
}

/** Throws a `TypeError` for fields that image files do not have. */
export function requireImageFields(frame: object): void {
  requireKnownFields(frame, imageFields);
}
