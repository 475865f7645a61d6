/**
 * Checks `ffi/layouts.ts` against the structs in FFmpeg's headers: in the column of the headers' libavcodec
 * major, the offset and the kind of every field, and that a field which the column lacks (`null`) is not
 * there. Also the majors of the libraries that belong together, and the sizes of the structs where the
 * headers are of the release that the column was made from (a struct may grow within a major).
 *
 *     deno run -A tools/check_layouts.ts [--include DIR]
 *
 * DIR is an include root with another release's headers (see `tools/header_probe.ts`). Needs a C++ compiler
 * and the headers of all of FFmpeg's libraries. Prints a line for each problem and exits with 1 where there
 * was one.
 *
 * @module
 */
import { avcodecMajors, layouts, libraryMajors, releases } from "../ffi/layouts.ts";
import {
  type CheckResult,
  kindFits,
  parseDescription,
  ProbeError,
  runCheck,
  runProbe,
} from "./header_probe.ts";

type Column = readonly (number | null)[];

interface FieldLayout {
  readonly kind: string;
  readonly offset: Column;
  readonly since?: readonly number[];
}

interface StructLayout {
  readonly size: Column;
  readonly fields: Readonly<Record<string, FieldLayout>>;
}

const structs: Readonly<Record<string, StructLayout>> = layouts;
/** libavdevice is not used, so its headers need not be there. */
const libraries = ["avutil", "avcodec", "avformat", "avfilter", "swscale", "swresample"] as const;

/** Each line ends after its name where the headers lack the struct or the field. */
const printers = String.raw`
#define SIZE(STRUCT) \
  std::printf("size\t" #STRUCT); \
  if constexpr (requires { sizeof(T); }) std::printf("\t%zu", sizeof(T)); \
  std::puts("");
#define FIELD(STRUCT, NAME) \
  std::printf("field\t" #STRUCT "." #NAME); \
  if constexpr (requires(T *at) { at->NAME; }) { \
    std::printf("\t%zu", offsetof(T, NAME)); \
    describe<std::remove_all_extents_t<decltype(T::NAME)>>(); \
  } \
  std::puts("");
`;

/** The C++ that prints the layout of one struct. A template, so that what is missing can be asked for. */
function structProgram([struct, { fields }]: [string, StructLayout]): string {
  return [
    `struct ${struct};`,
    `template <class T> void probe_${struct}() {`,
    `  SIZE(${struct})`,
    ...Object.keys(fields).map((field) => `  FIELD(${struct}, ${field})`),
    "}",
  ].join("\n");
}

function layoutProgram(): string {
  return [
    printers,
    ...Object.entries(structs).map(structProgram),
    "void probe() {",
    ...libraries.map((library) =>
      `  std::printf("major\\t${library}\\t%d\\n", LIB${library.toUpperCase()}_VERSION_MAJOR);`
    ),
    ...Object.keys(structs).map((struct) => `  probe_${struct}<struct ${struct}>();`),
    "}",
  ].join("\n");
}

/** Where an offset or a size differs; `undefined` in the headers is what `null` in the table stands for. */
function numberProblem(what: string, expected: number | null, found: string | undefined): string[] {
  if (expected === (found === undefined ? null : Number(found))) return [];
  return [
    `${what}: the table says ${expected ?? "it is missing"}, the header says ${found ?? "it is missing"}`,
  ];
}

/**
 * Fields that are an int in older releases and have 64 bits in newer ones, of which the low word is read or
 * written.
 */
const lowWords: readonly string[] = ["AVChapter.id", "AVPacketSideData.size"];

/**
 * Where a field is of another kind: an array counts as its first element, and an embedded struct is used by
 * its address.
 */
function kindProblem(field: string, expected: string, cell: string | undefined): string[] {
  if (cell === undefined) return [];
  const { kind, type } = parseDescription(cell);
  if (lowWords.includes(field) && ["i32", "i64", "u64"].includes(kind)) return [];
  if (kindFits(expected, kind) || (expected === "address" && kind === "struct")) return [];
  return [`${field} kind: the table says ${expected}, the header says ${kind} (${type})`];
}

/** Checks the column of the headers' major, with the headers below a root or the compiler's own. */
export function checkLayouts(includeRoot: string | undefined): CheckResult {
  const { version, rows } = runProbe(layoutProgram(), includeRoot);
  const [major, minor] = version.avcodec.split(".").map(Number) as [number, number];
  const column = avcodecMajors.findIndex((known) => known === major);
  if (column < 0) {
    throw new ProbeError(
      `Cannot check the layouts: ffi/layouts.ts has no column for libavcodec ${major}, only ${
        avcodecMajors.join(", ")
      }`,
    );
  }
  const found = new Map(rows.map(([kind, name, ...cells]) => [`${kind} ${name}`, cells]));
  const problems: string[] = [];
  for (const library of libraries) {
    const expected = libraryMajors[library][column]!;
    problems.push(...numberProblem(`major of lib${library}`, expected, found.get(`major ${library}`)![0]));
  }
  const release = releases[column]!;
  const sameRelease = `FFmpeg ${version.ffmpeg}.`.startsWith(`${release}.`);
  let fieldCount = 0;
  for (const [struct, { size, fields }] of Object.entries(structs)) {
    if (sameRelease) {
      problems.push(...numberProblem(`size of ${struct}`, size[column]!, found.get(`size ${struct}`)![0]));
    }
    for (const [name, { kind, offset, since }] of Object.entries(fields)) {
      const field = `${struct}.${name}`;
      const [foundOffset, description] = found.get(`field ${field}`)!;
      const expected = minor < (since?.[column] ?? 0) ? null : offset[column]!;
      problems.push(...numberProblem(`${field} offset`, expected, foundOffset));
      problems.push(...kindProblem(field, kind, description));
      fieldCount++;
    }
  }
  const notes = sameRelease ? [] : [`skipped the sizes of structs: the column was made from ${release}`];
  return { version, checked: `${fieldCount} fields of libavcodec ${major}`, notes, problems };
}

if (import.meta.main) await runCheck(checkLayouts);
