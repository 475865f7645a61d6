/**
 * Typed access to struct fields by name, through the layout of the loaded major.
 *
 * @module
 */
import { type Address, address } from "./contract.ts";
import { avcodecMajors, layouts } from "./layouts.ts";
import type { NativeMemory } from "./memory.ts";

type Layouts = typeof layouts;
/** A struct with a known layout. */
export type StructName = keyof Layouts;
/** A field in use of a struct. */
export type FieldName<S extends StructName> = keyof Layouts[S]["fields"] & string;

interface FieldTypes {
  i32: number;
  u32: number;
  u8: number;
  i64: bigint;
  u64: bigint;
  f64: number;
  address: Address;
  rational: bigint;
}

type FieldKind = keyof FieldTypes;

/** The JavaScript type of a field's value. */
export type FieldValue<S extends StructName, F extends FieldName<S>> = Layouts[S]["fields"][F] extends
  { readonly kind: infer K extends FieldKind } ? FieldTypes[K] : never;

interface FieldLayout {
  readonly kind: FieldKind;
  readonly offset: readonly (number | null)[];
  /** The least minor of libavcodec that has it, where the first releases of a major do not. */
  readonly since?: readonly number[];
}

const byteLengths: Readonly<Record<FieldKind, number>> = {
  u8: 1,
  i32: 4,
  u32: 4,
  i64: 8,
  u64: 8,
  f64: 8,
  address: 8,
  rational: 8,
};

/** A field of the loaded version. */
interface FieldPlace {
  readonly kind: FieldKind;
  /** From the beginning of the struct. */
  readonly offset: bigint;
}

/** Reads and writes the fields of native structs. */
export class StructFields {
  readonly #memory: NativeMemory;
  readonly #column: number;
  readonly #minor: number;
  /** The fields that were asked for, by struct and name: some are for every frame. */
  readonly #places: Record<string, Record<string, FieldPlace>> = {};
  readonly #rows = new Map<readonly string[], FieldRow>();
  // One view for each size: the copy is exactly as long as the field.
  readonly #bytes = new ArrayBuffer(8);
  readonly #view = new DataView(this.#bytes);
  readonly #windows: Readonly<Record<number, Uint8Array<ArrayBuffer>>> = {
    1: new Uint8Array(this.#bytes, 0, 1),
    4: new Uint8Array(this.#bytes, 0, 4),
    8: new Uint8Array(this.#bytes, 0, 8),
  };

  /** Uses the layouts of one version of libavcodec, packed as `major << 16 | minor << 8 | micro`. */
  constructor(memory: NativeMemory, avcodecVersion: number) {
    this.#memory = memory;
    const major = avcodecVersion >>> 16;
    this.#minor = (avcodecVersion >>> 8) & 255;
    this.#column = avcodecMajors.indexOf(major as typeof avcodecMajors[number]);
    if (this.#column < 0) throw new RangeError(`No struct layouts are known for libavcodec ${major}`);
  }

  /** Whether this version has the field. */
  has<S extends StructName>(struct: S, field: FieldName<S>): boolean {
    return this.#offset(struct, field) !== null;
  }

  /** The size of a struct in bytes. */
  size(struct: StructName): number {
    return layouts[struct].size[this.#column]!;
  }

  /** The byte offset of a field. Throws where this version lacks it: ask `has` first. */
  offset<S extends StructName>(struct: S, field: FieldName<S>): number {
    const offset = this.#offset(struct, field);
    if (offset !== null) return offset;
    throw new RangeError(
      `${struct} has no field ${field} in libavcodec ${avcodecMajors[this.#column]}.${this.#minor}`,
    );
  }

  #offset<S extends StructName>(struct: S, field: FieldName<S>): number | null {
    const { offset, since } = this.#layout(struct, field);
    return this.#minor < (since?.[this.#column] ?? 0) ? null : offset[this.#column] ?? null;
  }

  #layout<S extends StructName>(struct: S, field: FieldName<S>): FieldLayout {
    return (layouts[struct].fields as unknown as Record<string, FieldLayout>)[field]!;
  }

  #place<S extends StructName>(struct: S, field: FieldName<S>): FieldPlace {
    return this.#places[struct]?.[field] ?? this.#find(struct, field);
  }

  #find<S extends StructName>(struct: S, field: FieldName<S>): FieldPlace {
    const place = { kind: this.#layout(struct, field).kind, offset: BigInt(this.offset(struct, field)) };
    const places = this.#places[struct] ??= {};
    return places[field] = place;
  }

  /** The address of a field. */
  addressOf<S extends StructName>(at: Address, struct: S, field: FieldName<S>): Address {
    return address(at + this.#place(struct, field).offset);
  }

  /** Reads a field of the struct at an address. */
  get<S extends StructName, F extends FieldName<S>>(at: Address, struct: S, field: F): FieldValue<S, F> {
    const { kind, offset } = this.#place(struct, field);
    return this.#read(address(at + offset), kind) as FieldValue<S, F>;
  }

  /** Reads one element of an array field, or of the array at an address. */
  element<K extends FieldKind>(at: Address, kind: K, index: number): FieldTypes[K] {
    return this.#read(address(at + BigInt(index * byteLengths[kind])), kind) as FieldTypes[K];
  }

  /** Writes a field of the struct at an address. */
  set<S extends StructName, F extends FieldName<S>>(
    at: Address,
    struct: S,
    field: F,
    value: FieldValue<S, F>,
  ): void {
    const { kind, offset } = this.#place(struct, field);
    const view = this.#view;
    if (kind === "u8") view.setUint8(0, value as number);
    else if (kind === "i32" || kind === "u32") view.setInt32(0, value as number, true);
    else if (kind === "f64") view.setFloat64(0, value as number, true);
    else view.setBigUint64(0, BigInt.asUintN(64, value as bigint), true);
    const to = address(at + offset);
    this.#memory.write(to, this.#windows[byteLengths[kind]]!);
  }

  /** Copies a struct, so that all its fields are read in one call. */
  copy<S extends StructName>(at: Address, struct: S): StructCopy<S> {
    const bytes = new Uint8Array(this.size(struct));
    this.#memory.read(at, bytes);
    return new StructCopy(this, struct, new DataView(bytes.buffer));
  }

  /** Reads a field of a struct that lies in a view. */
  valueIn<S extends StructName, F extends FieldName<S>>(
    view: DataView,
    from: number,
    struct: S,
    field: F,
  ): FieldValue<S, F> {
    const { kind } = this.#layout(struct, field);
    return valueAt(view, from + this.offset(struct, field), kind) as FieldValue<S, F>;
  }

  /**
   * Fields of 32 bits that lie side by side in this order, to be read or written in one call. The list is to
   * be a constant: the row is made once for it.
   */
  row<S extends StructName>(struct: S, list: readonly FieldName<S>[]): FieldRow {
    let row = this.#rows.get(list);
    if (row === undefined) {
      const [first = 0, ...others] = list.map((field) => this.offset(struct, field));
      if (others.some((offset, index) => offset !== first + 4 * (index + 1))) {
        throw new RangeError(`The fields ${list.join(", ")} of ${struct} do not lie side by side`);
      }
      row = new FieldRow(this.#memory, first, list.length);
      this.#rows.set(list, row);
    }
    return row;
  }

  #read(at: Address, kind: FieldKind): number | bigint {
    this.#memory.read(at, this.#windows[byteLengths[kind]]!);
    return valueAt(this.#view, 0, kind);
  }
}

/** Fields of 32 bits that lie side by side. */
export class FieldRow {
  readonly #memory: NativeMemory;
  readonly #offset: bigint;
  /** Their values, until others are read. */
  readonly values: Int32Array<ArrayBuffer>;

  /** Fields from an offset on. */
  constructor(memory: NativeMemory, offset: number, count: number) {
    this.#memory = memory;
    this.#offset = BigInt(offset);
    this.values = new Int32Array(count);
  }

  /** Reads those of the struct at an address. */
  read(at: Address): Int32Array<ArrayBuffer> {
    this.#memory.read(address(at + this.#offset), this.values);
    return this.values;
  }

  /** Writes the values into the struct at an address. */
  write(at: Address): void {
    this.#memory.write(address(at + this.#offset), this.values);
  }
}

function valueAt(view: DataView, at: number, kind: FieldKind): number | bigint {
  switch (kind) {
    case "u8":
      return view.getUint8(at);
    case "i32":
      return view.getInt32(at, true);
    case "u32":
      return view.getUint32(at, true);
    case "f64":
      return view.getFloat64(at, true);
    case "i64":
      return view.getBigInt64(at, true);
    default:
      return view.getBigUint64(at, true);
  }
}

/** A struct as it was when it was copied. */
export class StructCopy<S extends StructName> {
  readonly #fields: StructFields;
  readonly #struct: S;
  readonly #view: DataView;

  /** Wraps the bytes of a struct. */
  constructor(fields: StructFields, struct: S, view: DataView) {
    this.#fields = fields;
    this.#struct = struct;
    this.#view = view;
  }

  /** Reads a field. */
  get<F extends FieldName<S>>(field: F): FieldValue<S, F> {
    return this.#fields.valueIn(this.#view, 0, this.#struct, field);
  }

  /** Reads a field of a struct in an array that is a field of this one. */
  element<E extends StructName, F extends FieldName<E>>(
    array: FieldName<S>,
    index: number,
    struct: E,
    field: F,
  ): FieldValue<E, F> {
    const from = this.#fields.offset(this.#struct, array) + index * this.#fields.size(struct);
    return this.#fields.valueIn(this.#view, from, struct, field);
  }
}
