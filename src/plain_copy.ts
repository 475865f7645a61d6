/**
 * Copies of what programs give: what they do with their objects later changes nothing.
 *
 * @module
 */

/**
 * The fields of a program's object, each read once. All of its own count, and of its class the getters and
 * values of these names. The copy has no prototype, so that nothing in `Object.prototype` passes for a field.
 */
export function fieldsOf(source: object, names: readonly string[]): Record<string, unknown> {
  const copy: Record<string, unknown> = Object.create(null);
  const fields = source as Readonly<Record<string, unknown>>;
  const inherited = names.filter((name) => !Object.hasOwn(source, name) && isOfClass(source, name));
  for (const name of [...Object.keys(source), ...inherited]) copy[name] = fields[name];
  return copy;
}

/** A field of an object or of its class; `undefined` where only `Object.prototype` has it. */
export function fieldOf(source: object, name: string): unknown {
  const isGiven = Object.hasOwn(source, name) || isOfClass(source, name);
  return isGiven ? (source as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** Whether a prototype other than `Object.prototype`, of whatever realm, has a field. */
function isOfClass(source: object, name: string): boolean {
  let prototype: unknown = Object.getPrototypeOf(source);
  while (prototype !== null) {
    const next: unknown = Object.getPrototypeOf(prototype);
    if (next !== null && Object.hasOwn(prototype as object, name)) return true;
    prototype = next;
  }
  return false;
}

/**
 * A copy of checked data, whose objects have no prototype: a field that is left out stays so, in both
 * threads. Bytes are not copied.
 */
export function plainCopy<Data>(data: Data): Data {
  if (typeof data !== "object" || data === null || ArrayBuffer.isView(data)) return data;
  if (Array.isArray(data)) return data.map((item) => plainCopy(item)) as Data;
  const copy = fieldsOf(data, []);
  for (const [name, value] of Object.entries(copy)) copy[name] = plainCopy(value);
  return copy as Data;
}

/** Fields in an object without a prototype, as those of {@linkcode plainCopy} are. */
export function withoutPrototype<Fields extends object>(fields: Fields): Fields {
  return Object.assign(Object.create(null), fields);
}
