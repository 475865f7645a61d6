/**
 * The public types as `deno doc --json` tells them: what the reference of options is made of.
 *
 * @module
 */

/** A type in deno doc's JSON: only what is shown of it. */
interface DocType {
  readonly repr?: string;
  readonly kind: string;
  // deno-lint-ignore no-explicit-any
  readonly value?: any;
}

/** A property of an interface. */
export interface DocProperty {
  readonly name: string;
  readonly optional: boolean;
  readonly tsType: DocType;
  readonly jsDoc?: { readonly doc?: string };
}

interface DocInterface {
  readonly properties: readonly DocProperty[];
  readonly extends: readonly DocType[];
}

/** The interfaces of a module by name. */
export type DocInterfaces = ReadonlyMap<string, DocInterface>;

/** Asks deno doc about a module. */
export async function readInterfaces(module: string): Promise<DocInterfaces> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", module],
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`deno doc failed: ${decoder.decode(stderr)}`);
  const interfaces = new Map<string, DocInterface>();
  const { nodes } = JSON.parse(decoder.decode(stdout));
  // deno-lint-ignore no-explicit-any
  for (const { symbols } of Object.values<any>(nodes)) {
    for (const { name, declarations } of symbols) {
      for (const { kind, def } of declarations) {
        if (kind !== "interface") continue;
        interfaces.set(name, { properties: def.properties ?? [], extends: def.extends ?? [] });
      }
    }
  }
  return interfaces;
}

/** The properties of an interface, those that it takes over from others (`Pick`, `Omit`) first. */
export function propertiesOf(interfaces: DocInterfaces, name: string): DocProperty[] {
  const found = interfaces.get(name);
  if (found === undefined) throw new Error(`mod.ts exports no interface ${name}`);
  const properties = new Map<string, DocProperty>();
  for (const base of found.extends) {
    for (const property of inherited(interfaces, base)) properties.set(property.name, property);
  }
  for (const property of found.properties) properties.set(property.name, property);
  return [...properties.values()];
}

function inherited(interfaces: DocInterfaces, { value }: DocType): DocProperty[] {
  const { typeName, typeParams = [] } = value;
  if (typeName !== "Pick" && typeName !== "Omit") return propertiesOf(interfaces, typeName);
  const names = literals(typeParams[1]);
  return propertiesOf(interfaces, typeParams[0].value.typeName)
    .filter(({ name }) => names.includes(name) === (typeName === "Pick"));
}

function literals({ kind, value }: DocType): string[] {
  return kind === "union" ? value.flatMap(literals) : [value.string];
}

/** A type as it is written in TypeScript. */
export function typeText({ kind, value, repr }: DocType): string {
  switch (kind) {
    case "union":
      return value.map(typeText).join(" | ");
    case "array":
      return value.kind === "union" ? `(${typeText(value)})[]` : `${typeText(value)}[]`;
    case "literal":
      return value.kind === "string" ? JSON.stringify(value.string) : repr!;
    case "typeRef":
      return value.typeParams?.length > 0
        ? `${value.typeName}<${value.typeParams.map(typeText).join(", ")}>`
        : value.typeName;
    case "typeOperator":
      return `${value.operator} ${typeText(value.tsType)}`;
    case "parenthesized":
      return `(${typeText(value)})`;
    case "fnOrConstructor": {
      // deno-lint-ignore no-explicit-any
      const params = value.params.map((param: any) => `${param.name}: ${typeText(param.tsType)}`);
      return `(${params.join(", ")}) => ${typeText(value.tsType)}`;
    }
    case "typeLiteral": {
      const fields = value.properties.map((property: DocProperty) =>
        `${property.name}${property.optional ? "?" : ""}: ${typeText(property.tsType)}`
      );
      return `{ ${fields.join("; ")} }`;
    }
    case "keyword":
      return repr!;
    default:
      throw new Error(`The reference can't show a type of the kind ${kind}`);
  }
}

/** What the docs of a property say of its default; empty where they say nothing. */
export function defaultText({ jsDoc }: DocProperty): string {
  const doc = (jsDoc?.doc ?? "").replaceAll(/\s+/g, " ");
  return /\bdefaults?:? (?:is |to )?(.+?)(?:[.;](?: |$)|$)/i.exec(doc)?.[1] ?? "";
}

/**
 * The docs of a property as Markdown: one line for each paragraph, without the sentence that tells the
 * default.
 */
export function docText({ jsDoc }: DocProperty): string {
  return (jsDoc?.doc ?? "")
    .replaceAll(/\{@link(?:code)? ([^}]+)\}/g, "`$1`")
    .split(/\n{2,}/)
    .map((paragraph) => paragraph.replaceAll(/\s*\n\s*/g, " ").trim())
    .join("\n\n")
    .replace(
      /([;.]?) *\bdefault:? (?:is )?[^;\n]+?(?:\.(?= |$)|$)/im,
      (_, before) => before === "" ? "" : ".",
    );
}
