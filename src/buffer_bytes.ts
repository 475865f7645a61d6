/**
 * The memory of buffers that programs give.
 *
 * @module
 */

/** More than any frame has planes, or samples have channels. */
const maxItems = 1024;

/** What is in a program's buffer. */
export interface BufferBytes {
  /** The bytes; none where the buffer is detached. */
  readonly bytes: Uint8Array;
  /** Whether the buffer was transferred elsewhere. */
  readonly isDetached: boolean;
}

/** A getter of a built-in class. A program's subclass may have another one, which could do anything. */
function builtIn(prototype: object, name: PropertyKey): (this: unknown) => unknown {
  return Object.getOwnPropertyDescriptor(prototype, name)?.get ?? (() => undefined);
}

/** The getters of a kind of views. */
function viewGetters(prototype: object) {
  return {
    buffer: builtIn(prototype, "buffer"),
    byteOffset: builtIn(prototype, "byteOffset"),
    byteLength: builtIn(prototype, "byteLength"),
  };
}

const ofTypedArray = viewGetters(Object.getPrototypeOf(Uint8Array.prototype));
const ofDataView = viewGetters(DataView.prototype);
const kindOfArray = builtIn(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag);
const isDetached = builtIn(ArrayBuffer.prototype, "detached");
const isResizable = builtIn(ArrayBuffer.prototype, "resizable");

/**
 * The class of a typed array, such as `"Float32Array"`, also of a program's subclass; `undefined` where a
 * value is none.
 */
export function typedArrayKind(value: unknown): string | undefined {
  return kindOfArray.call(value) as string | undefined;
}

function isShared(value: unknown): value is SharedArrayBuffer {
  return typeof SharedArrayBuffer !== "undefined" && value instanceof SharedArrayBuffer;
}

/**
 * The bytes of a typed array, a DataView or a buffer; `null` where a value is neither. Runs no code of the
 * program. Of a resizable buffer they are a copy.
 */
export function bytesIn(value: unknown): BufferBytes | null {
  const isView = ArrayBuffer.isView(value);
  if (!isView && !(value instanceof ArrayBuffer) && !isShared(value)) return null;
  const getters = typedArrayKind(value) === undefined ? ofDataView : ofTypedArray;
  const buffer = (isView ? getters.buffer.call(value) : value) as ArrayBuffer;
  const isOwn = !isShared(buffer);
  if (isOwn && isDetached.call(buffer) === true) return { bytes: new Uint8Array(0), isDetached: true };
  const bytes = isView
    ? new Uint8Array(
      buffer,
      getters.byteOffset.call(value) as number,
      getters.byteLength.call(value) as number,
    )
    : new Uint8Array(buffer);
  // It could become smaller while native code reads it, and runtimes do not pass it on.
  const isFixed = isOwn ? isResizable.call(buffer) !== true : !(buffer as { growable?: boolean }).growable;
  return { bytes: isFixed ? bytes : bytes.slice(), isDetached: false };
}

/**
 * A copy of a program's array, each item read once; a value that is no array stays as it is. At most as many
 * items are read as any list of a frame or of samples has.
 */
export function copiedList(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const { length } = value;
  return Array.from({ length: Math.min(length, maxItems) }, (_, index): unknown => value[index]);
}
