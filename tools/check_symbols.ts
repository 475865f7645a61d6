/**
 * Checks every symbol in `ffi/symbols/*.ts` against the prototypes in FFmpeg's headers: the number of
 * parameters, and of each parameter and the result the kind, width and signedness. The C prototype in the
 * comment above each line is compiled too, and must have the header's types (`const` aside, which differs
 * between releases), so that it cannot rot.
 *
 *     deno run -A tools/check_symbols.ts [--include DIR]
 *
 * DIR is an include root with another release's headers (see `tools/header_probe.ts`). Needs a C++ compiler
 * and the headers of all of FFmpeg's libraries. Prints a line for each problem and exits with 1 where there
 * was one.
 *
 * @module
 */
import type { CFunction, SymbolTable } from "../ffi/contract.ts";
import { type CheckResult, kindFits, parseDescription, runCheck, runProbe } from "./header_probe.ts";

interface Prototype {
  readonly text: string;
  /** Its line in the table's file, counted from 1. */
  readonly line: number;
}

interface Table {
  /** The path from the repository's root, for messages. */
  readonly file: string;
  readonly name: string;
  readonly symbols: SymbolTable;
  /** The comment above each symbol. */
  readonly prototypes: ReadonlyMap<string, Prototype>;
}

/** The result and the parameters, in this order, as cells of `describe`. */
type Signature = readonly string[];

interface FoundSignatures {
  readonly header: ReadonlyMap<string, Signature>;
  readonly comment: ReadonlyMap<string, Signature>;
}

/** Tables whose functions some releases lack. Elsewhere a missing function is a problem. */
const partialTables: Readonly<Record<string, { condition: string; needs: string }>> = {
  supportedConfig: {
    condition: "LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(61, 13, 100)",
    needs: "libavcodec 61.13.100 (FFmpeg 7.1)",
  },
  parametersSideData: {
    condition: "LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 30, 101)",
    needs: "libavcodec 60.30.101 (FFmpeg 6.1)",
  },
  streamSideData: {
    condition: "LIBAVFORMAT_VERSION_MAJOR < 62",
    needs: "libavformat before 62 (FFmpeg 8.0)",
  },
  scalerFrames: {
    condition: "LIBSWSCALE_VERSION_INT >= AV_VERSION_INT(6, 1, 100)",
    needs: "libswscale 6.1.100 (FFmpeg 5.0)",
  },
};

/**
 * Parameters, counted from 1, of another type in old releases: an `int` is the lower half of a register that
 * holds a `size_t`.
 */
const olderTypes: Readonly<Record<string, readonly { parameter: number; type: string; before: string }[]>> = {
  av_buffer_create: [{ parameter: 2, type: "int", before: "libavutil 57 (FFmpeg 5.0)" }],
};

/** Only types are asked for, never addresses, so the program needs none of the libraries to link with. */
const signaturePrinter = String.raw`
template <class F> struct Signature;
template <class R, class... A> struct Signature<R (*)(A...)> {
  static void print(const char *heading) {
    std::printf("%s", heading);
    describe<R>();
    (describe<A>(), ...);
    std::puts("");
  }
};
`;

const root = new URL("../", import.meta.url);
const symbolsFolder = "ffi/symbols";

async function readTables(): Promise<Table[]> {
  const tables: Table[] = [];
  const names = [...Deno.readDirSync(new URL(symbolsFolder, root))].map((entry) => entry.name).sort();
  for (const file of names.map((name) => `${symbolsFolder}/${name}`)) {
    const url = new URL(file, root);
    const prototypes = readPrototypes(Deno.readTextFileSync(url));
    const module = await import(url.href) as Record<string, SymbolTable>;
    for (const [name, symbols] of Object.entries(module)) {
      tables.push({ file, name, symbols, prototypes: prototypes.get(name) ?? new Map() });
    }
  }
  return tables;
}

/** The comments of a module, by table and symbol. */
function readPrototypes(source: string): Map<string, Map<string, Prototype>> {
  const tables = new Map<string, Map<string, Prototype>>();
  let table = new Map<string, Prototype>();
  const lines = source.split("\n");
  for (const [index, line] of lines.entries()) {
    const tableName = /^export const (\w+) =/.exec(line)?.[1];
    if (tableName !== undefined) tables.set(tableName, table = new Map());
    const symbol = /^ {2}(\w+): \{/.exec(line)?.[1];
    const prototype = symbol === undefined ? null : commentAbove(lines, index, `${symbol}(`);
    if (prototype !== null) table.set(symbol!, prototype);
  }
  return tables;
}

/** The comment above a line, from the line on that has a text; its last line where none has. */
function commentAbove(lines: readonly string[], index: number, wanted: string): Prototype | null {
  const textAt = (line: number): string | undefined => /^ {2}\/\/ (.+)$/.exec(lines[line] ?? "")?.[1];
  const last = textAt(index - 1);
  if (last === undefined) return null;
  let text = last;
  for (let line = index - 1;; text = `${textAt(--line)} ${text}`) {
    if (text.includes(wanted)) return { text, line: line + 1 };
    if (textAt(line - 1) === undefined) return { text: last, line: index };
  }
}

/** The comment of a symbol, where it is one for a function of this name. */
function namedPrototype(table: Table, symbol: string): Prototype | undefined {
  const prototype = table.prototypes.get(symbol);
  return prototype !== undefined && /(\w+)\(/.exec(prototype.text)?.[1] === symbol ? prototype : undefined;
}

/**
 * The C++ that prints the signatures of one table: of the headers, and of the comments in a namespace of
 * their own. What the compiler cannot find or read it reports at the comment's line in our file. The headers
 * come first, so that for a misspelt name it does not suggest the comment's.
 */
function tableProgram(table: Table): string {
  const symbols = Object.keys(table.symbols);
  const commented = symbols.filter((symbol) => namedPrototype(table, symbol) !== undefined);
  const place = (symbol: string): string => {
    const prototype = table.prototypes.get(symbol);
    return prototype === undefined ? "" : `#line ${prototype.line} "${table.file}"\n`;
  };
  const print = (origin: string, symbol: string, scope: string): string =>
    `${
      place(symbol)
    }Signature<decltype(&${scope}::${symbol})>::print("${origin}\\t${table.name}\\t${symbol}");`;
  const program = [
    `void probe_${table.name}() {`,
    ...symbols.map((symbol) => print("header", symbol, "")),
    "}",
    `namespace comments_${table.name} {`,
    ...commented.map((symbol) => `${place(symbol)}${table.prototypes.get(symbol)!.text};`),
    "}",
    `void probe_comments_${table.name}() {`,
    ...commented.map((symbol) => print("comment", symbol, `comments_${table.name}`)),
    "}",
  ];
  const newer = partialTables[table.name];
  if (newer === undefined) return program.join("\n");
  const skipped = [
    `void probe_${table.name}() { std::puts("skipped\\t${table.name}"); }`,
    `void probe_comments_${table.name}() {}`,
  ];
  return [`#if ${newer.condition}`, ...program, "#else", ...skipped, "#endif"].join("\n");
}

/** Where the table differs from the header, and where the comment does. */
function problemsOf(table: Table, symbol: string, found: FoundSignatures): string[] {
  const where = `${table.file} ${table.name}.${symbol}`;
  const expected = table.symbols[symbol]!;
  const key = `${table.name}\t${symbol}`;
  const header = found.header.get(key)!;
  const isOlder = (index: number): boolean =>
    olderTypes[symbol]?.some(({ parameter, type }) =>
      parameter === index && type === parseDescription(header[index]!).type
    ) ?? false;
  const problems = tableProblems(where, expected, header, isOlder);
  if (expected.result === "buffer") problems.push(`${where} result: a buffer is never a result`);
  const comment = found.comment.get(key);
  if (comment === undefined) {
    problems.push(`${where}: the comment above it is not the prototype of ${symbol}`);
  } else {
    problems.push(...commentProblems(where, comment, header, isOlder));
  }
  return problems;
}

type IsOlder = (index: number) => boolean;

function tableProblems(
  where: string,
  expected: CFunction,
  header: Signature,
  isOlder: IsOlder,
): string[] {
  const kinds = [expected.result, ...expected.parameters];
  if (kinds.length !== header.length) return [countProblem(where, "table", kinds.length, header.length)];
  return kinds.flatMap((expectedKind, index) => {
    const { kind, type } = parseDescription(header[index]!);
    if (kindFits(expectedKind, kind) || isOlder(index)) return [];
    return [`${where} ${part(index)}: the table says ${expectedKind}, the header says ${kind} (${type})`];
  });
}

function commentProblems(
  where: string,
  comment: Signature,
  header: Signature,
  isOlder: IsOlder,
): string[] {
  if (comment.length !== header.length) {
    return [countProblem(where, "comment", comment.length, header.length)];
  }
  return comment.flatMap((cell, index) => {
    const [inComment, inHeader] = [cell, header[index]!].map((one) =>
      withoutConst(parseDescription(one).type)
    );
    if (inComment === inHeader || isOlder(index)) return [];
    return [`${where} ${part(index)}: the comment says ${inComment}, the header says ${inHeader}`];
  });
}

/** A type without what a function that is passed may have of it. */
function withoutConst(type: string): string {
  return type.replaceAll(" const", "");
}

/** The lengths are of signatures, which start with the result. */
function countProblem(where: string, origin: string, ours: number, inHeader: number): string {
  return `${where} number of parameters: the ${origin} says ${ours - 1}, the header says ${inHeader - 1}`;
}

function part(index: number): string {
  return index === 0 ? "result" : `parameter ${index}`;
}

/** Checks all tables against the headers below a root, or the compiler's own. */
export async function checkSymbols(includeRoot: string | undefined): Promise<CheckResult> {
  const tables = await readTables();
  const program = [
    signaturePrinter,
    ...tables.map(tableProgram),
    "void probe() {",
    ...tables.map(({ name }) => `  probe_${name}(); probe_comments_${name}();`),
    "}",
  ].join("\n");
  const { version, rows } = runProbe(program, includeRoot);
  const signatures = (origin: string): Map<string, Signature> =>
    new Map(
      rows.filter((row) => row[0] === origin).map(([, table, symbol, ...cells]) => [
        `${table}\t${symbol}`,
        cells,
      ]),
    );
  const found = { header: signatures("header"), comment: signatures("comment") };
  const skipped = rows.filter((row) => row[0] === "skipped").map((row) => row[1]!);
  const present = tables.filter((table) => !skipped.includes(table.name));
  return {
    version,
    checked: `${present.flatMap((table) => Object.keys(table.symbols)).length} symbols`,
    notes: skipped.map((name) => `skipped ${name}: it needs ${partialTables[name]!.needs}`),
    problems: present.flatMap((table) =>
      Object.keys(table.symbols).flatMap((symbol) => problemsOf(table, symbol, found))
    ),
  };
}

if (import.meta.main) await runCheck(checkSymbols);
