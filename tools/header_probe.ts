/**
 * What the header checks share: each compiles a C++ program that knows the types in FFmpeg's headers, runs
 * it, and compares what it prints with a table of ours. Only the compiler reads C.
 *
 * The headers are the compiler's own, or those of another release below an include root (`--include DIR`). On
 * Debian the `lib*-dev` packages of any suite, unpacked with `dpkg-deb -x PACKAGE.deb ROOT`, make the include
 * root `ROOT/usr/include/x86_64-linux-gnu`.
 *
 * @module
 */

/** The headers that declare what the tables name; one that declares something new goes in here. */
const headers = [
  "libavcodec/avcodec.h",
  "libavdevice/avdevice.h",
  "libavfilter/avfilter.h",
  "libavfilter/buffersink.h",
  "libavfilter/buffersrc.h",
  "libavformat/avformat.h",
  "libavutil/aes.h",
  "libavutil/avstring.h",
  "libavutil/avutil.h",
  "libavutil/channel_layout.h",
  "libavutil/cpu.h",
  "libavutil/dict.h",
  "libavutil/display.h",
  "libavutil/error.h",
  "libavutil/ffversion.h",
  "libavutil/frame.h",
  "libavutil/imgutils.h",
  "libavutil/log.h",
  "libavutil/mastering_display_metadata.h",
  "libavutil/mem.h",
  "libavutil/opt.h",
  "libavutil/parseutils.h",
  "libavutil/pixdesc.h",
  "libavutil/samplefmt.h",
  "libswresample/swresample.h",
  "libswscale/swscale.h",
] as const;

const compilers = ["g++", "c++"] as const;
/** The Debian packages of the headers that the tables are checked against. */
export const headerPackages: readonly string[] = [
  "libavcodec-dev",
  "libavformat-dev",
  "libavutil-dev",
  "libswscale-dev",
  "libswresample-dev",
  "libavfilter-dev",
  "libavdevice-dev",
];

/** The Debian packages that the checks need. */
export const checkPackages: readonly string[] = ["g++", ...headerPackages];
const packages = checkPackages.join(" ");

/**
 * `describe<T>()` prints one cell for a C type: its kind, in the words of our tables, and its name without
 * `const`. An enum is `enum32` and not `i32`, because C leaves its signedness to the compiler.
 */
const describe = String.raw`
static_assert(sizeof(void *) == 8, "only 64-bit systems are supported");
static_assert(sizeof(AVRational) == 8, "AVRational crosses the border as one 64-bit word");

template <class T> struct WithoutConst { using type = T; };
template <class T> struct WithoutConst<const T> : WithoutConst<T> {};
template <class T> struct WithoutConst<T *> { using type = typename WithoutConst<T>::type *; };

template <class T> std::string kindOf() {
  if constexpr (std::is_void_v<T>) return "void";
  else if constexpr (std::is_pointer_v<T>) return "address";
  else if constexpr (std::is_same_v<T, AVRational>) return "rational";
  else if constexpr (std::is_class_v<T> || std::is_union_v<T>) return "struct";
  else {
    const char *kind = std::is_enum_v<T> ? "enum" : std::is_floating_point_v<T> ? "f" : std::is_signed_v<T> ? "i" : "u";
    return kind + std::to_string(sizeof(T) * 8);
  }
}

template <class T> void describe() {
  using Plain = typename WithoutConst<T>::type;
  const char *name = abi::__cxa_demangle(typeid(Plain).name(), nullptr, nullptr, nullptr);
  std::printf("\t%s %s", kindOf<Plain>().c_str(), name);
}

void printVersion() {
  std::printf("FFmpeg\t%s\t%d.%d.%d\n", FFMPEG_VERSION,
    LIBAVCODEC_VERSION_MAJOR, LIBAVCODEC_VERSION_MINOR, LIBAVCODEC_VERSION_MICRO);
}
`;

/** What keeps a check from running at all; its message is for the person who ran it. */
export class ProbeError extends Error {
  override name = "ProbeError";
}

/** The releases that a program was compiled against. */
export interface HeaderVersion {
  /** FFmpeg's version: `"5.1.9-0+deb12u1"`. */
  readonly ffmpeg: string;
  /** The version of libavcodec: `"59.37.100"`. */
  readonly avcodec: string;
}

/** What a program printed: lines of cells. */
export interface ProbeResult {
  /** Whose headers they were. */
  readonly version: HeaderVersion;
  /** The lines that `body` printed. */
  readonly rows: readonly (readonly string[])[];
}

/** What a check found. */
export interface CheckResult {
  /** Whose headers they were. */
  readonly version: HeaderVersion;
  /** What was counted: `"58 symbols"`. */
  readonly checked: string;
  /** What was left out, and why. */
  readonly notes: readonly string[];
  /** One sentence for each difference. */
  readonly problems: readonly string[];
}

/** Whether a kind in one of our tables fits a kind that `describe` printed. */
export function kindFits(expected: string, found: string): boolean {
  const kind = expected === "buffer" ? "address" : expected;
  return kind === found || (kind === "i32" && found === "enum32");
}

/** The kind and the name in a cell of `describe`. */
export function parseDescription(cell: string): { kind: string; type: string } {
  const space = cell.indexOf(" ");
  return { kind: cell.slice(0, space), type: cell.slice(space + 1) };
}

/**
 * Compiles and runs a program.
 *
 * @param body Declarations and a function `void probe()`, which prints lines of cells separated by tabs.
 * @param includeRoot Where the headers are, instead of the compiler's own folders.
 */
export function runProbe(body: string, includeRoot: string | undefined): ProbeResult {
  if (includeRoot !== undefined) requireHeaders(includeRoot);
  const folder = Deno.makeTempDirSync({ prefix: "avwriter-probe-" });
  try {
    Deno.writeTextFileSync(`${folder}/probe.cpp`, programText(body));
    compile(folder, includeRoot);
    const [version, ...rows] = execute(`${folder}/probe`, []).stdout.trimEnd().split("\n")
      .map((line) => line.split("\t"));
    return { version: { ffmpeg: version![1]!, avcodec: version![2]! }, rows };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** A check's command line: runs it, prints what it found, and exits with 1 where anything differs. */
export async function runCheck(
  check: (includeRoot: string | undefined) => CheckResult | Promise<CheckResult>,
): Promise<void> {
  try {
    const { version, checked, notes, problems } = await check(includeRootOf(Deno.args));
    for (const line of [...problems, ...notes]) console.log(line);
    const outcome = problems.length === 0
      ? "all match"
      : problems.length === 1
      ? "1 problem"
      : `${problems.length} problems`;
    console.log(
      `checked ${checked} against FFmpeg ${version.ffmpeg} headers (libavcodec ${version.avcodec}): ${outcome}`,
    );
    if (problems.length > 0) Deno.exit(1);
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}

function includeRootOf(args: readonly string[]): string | undefined {
  if (args.length === 0) return undefined;
  if (args.length === 2 && args[0] === "--include") return args[1];
  throw new ProbeError(`Cannot read the arguments ${args.join(" ")}: the only one is --include DIR`);
}

/**
 * Without this, a header that the root lacks would come from the compiler's own folders: another release's.
 */
function requireHeaders(includeRoot: string): void {
  for (const header of headers) {
    try {
      Deno.statSync(`${includeRoot}/${header}`);
    } catch {
      throw missingHeader(header, includeRoot);
    }
  }
}

function missingHeader(header: string, where: string): ProbeError {
  return new ProbeError(
    `Cannot check FFmpeg's headers: there is no ${header} in ${where}. On Debian: apt-get install ${packages}; ` +
      "elsewhere name the folder that holds libavcodec/ with --include DIR",
  );
}

function programText(body: string): string {
  return [
    "#include <cstddef>",
    "#include <cstdio>",
    "#include <string>",
    "#include <type_traits>",
    "#include <typeinfo>",
    "#include <cxxabi.h>",
    'extern "C" {',
    ...headers.map((header) => `#include "${header}"`),
    "}",
    describe,
    body,
    "int main() {",
    "  printVersion();",
    "  probe();",
    "}",
    "",
  ].join("\n");
}

function compile(folder: string, includeRoot: string | undefined): void {
  // -iquote and not -I, which compilers ignore for a folder that they search anyway, but later than others.
  const include = includeRoot === undefined ? [] : ["-iquote", includeRoot];
  const args = ["-std=c++20", "-w", ...include, "-o", `${folder}/probe`, `${folder}/probe.cpp`];
  const { success, stderr } = execute(findCompiler(), args);
  if (success) return;
  const header = /fatal error: '?(lib\w+\/\w+\.h)/.exec(stderr)?.[1];
  if (header !== undefined) throw missingHeader(header, includeRoot ?? "the compiler's include folders");
  throw new ProbeError(`Cannot compile the check:\n${firstErrors(stderr)}`);
}

/** The first error of each source line, which the later ones of that line follow from. */
function firstErrors(stderr: string): string {
  const errors = new Map<string, string>();
  for (const line of stderr.split("\n")) {
    const place = /^(.+:\d+):\d+: error: /.exec(line)?.[1];
    if (place !== undefined && !errors.has(place)) errors.set(place, line);
  }
  return errors.size > 0 ? [...errors.values()].join("\n") : stderr;
}

function findCompiler(): string {
  for (const compiler of compilers) {
    try {
      if (execute(compiler, ["--version"]).success) return compiler;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  throw new ProbeError(
    `Cannot check FFmpeg's headers: there is no C++ compiler (${compilers.join(" or ")}) in PATH. ` +
      `On Debian: apt-get install ${packages}`,
  );
}

function execute(command: string, args: string[]): { success: boolean; stdout: string; stderr: string } {
  const { success, stdout, stderr } = new Deno.Command(command, { args, env: { LC_ALL: "C" } }).outputSync();
  const decoder = new TextDecoder();
  return { success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
