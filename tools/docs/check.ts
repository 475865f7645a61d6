/**
 * Checks what can go stale in the documentation without a program that fails: links, commands, and the list
 * of error codes.
 *
 *     deno task docs:check
 *
 * - Every relative link leads to a file that is there, and to a heading of it.
 * - Every `deno task NAME` in a shell block is a task, and every file of the repository or the package that
 *   one names is there.
 * - README has at most 150 lines.
 * - The overview and the site's menu have every page of docs/.
 * - `docs/errors.md` has every code that the source can throw, and no other.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { type CodeBlock, type Page, readPages } from "./markdown.ts";

const errorsPage = "docs/errors.md";
const mostReadmeLines = 150;

/** Words in capitals that stand in the source's strings and are no codes. */
const otherWords: readonly string[] = [
  ...["BANDWIDTH", "BYTERANGE", "TARGETDURATION", "NONE", "OPTIONS", "DESCRIBE", "AUDIO"],
  ...["PUT", "DELETE", "VOD", "EVENT", "YES", "PT0S", "POST"],
  "METADATA_BLOCK_PICTURE",
  "WEBVTT",
  "XVID",
  "JPEG",
  "PNG",
  "GIF",
  "PLTE",
  "IHDR",
  "IEND",
  "IDAT",
  "RIFF",
  "WEBP",
  "VP8L",
  "VP8X",
  "ALPH",
  "ANIM",
  "ANMF",
  "ID_LIKE",
  "SVT_LOG",
  "LD_LIBRARY_PATH",
  "PATH",
  "AVWRITER_LIBRARY_PATH",
  "INDA",
  "PAWE",
  "EXIT",
  "UNKN",
  "ENOTSUP",
  "SIGTERM",
  "SIGKILL",
  "ESRCH",
  "FILE",
  "SIGINT",
  "LIST",
  "AVIX",
  "MJPG",
  "Y800",
  "I420",
  "Y42B",
  "I444",
  "NV12",
  "YUY2",
  "UYVY",
  "FFMPEG",
  "AVI",
  // Tags of playlists, and ranges of brightness.
  "INF",
  "MAP",
  "DISCONTINUITY",
  "SDR",
  "HLG",
];

/** Folders whose strings may be codes. */
const sourceFolders = ["src", "ffi"] as const;

function sourceFiles(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    return isDirectory ? sourceFiles(path) : name.endsWith(".ts") ? [path] : [];
  });
}

/** The words in capitals that are whole strings of the source. */
function capitalStrings(): Set<string> {
  const found = new Set<string>();
  for (const file of sourceFolders.flatMap(sourceFiles)) {
    const code = Deno.readTextFileSync(file).replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(
      /^\s*\/\/.*$/gm,
      "",
    );
    for (const [, word] of code.matchAll(/"([A-Z][A-Z0-9_]{2,})"/g)) found.add(word!);
  }
  return found;
}

/** The codes that the page of errors lists: the first cells of its tables. */
function documentedCodes({ prose }: Page): string[] {
  return prose.split("\n")
    .filter((line) => line.startsWith("| `"))
    .flatMap((line) => [...line.split("|")[1]!.matchAll(/`([A-Z][A-Z0-9_]*)`/g)].map(([, code]) => code!));
}

function checkCodes(pages: readonly Page[]): string[] {
  const page = pages.find(({ file }) => file === errorsPage);
  if (page === undefined) return [`There is no ${errorsPage}`];
  const inSource = capitalStrings();
  const documented = documentedCodes(page);
  return [
    ...[...inSource].filter((word) => !documented.includes(word) && !otherWords.includes(word))
      .map((word) =>
        `${errorsPage}: the code ${word} is missing (if it is none, name it in tools/docs/check.ts)`
      ),
    ...documented.filter((code) => !inSource.has(code))
      .map((code) => `${errorsPage}: nothing in the source throws ${code}`),
    ...documented.filter((code, index) => documented.indexOf(code) !== index)
      .map((code) => `${errorsPage}: the code ${code} stands there twice`),
  ];
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function checkLinks(page: Page, pages: readonly Page[]): string[] {
  return page.links.flatMap(({ line, target }) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [path, anchor] = target.split("#") as [string, string?];
    const file = path === "" ? page.file : join(dirname(page.file), path);
    const where = `${page.file}:${line}: the link to ${target}`;
    if (!exists(file)) return [`${where} leads to no file`];
    // The site has no other pages.
    if (page.file.startsWith("docs/") && !file.startsWith("docs")) return [`${where} leads out of docs/`];
    if (anchor === undefined) return [];
    const other = pages.find((candidate) => candidate.file === file);
    return other === undefined || other.anchors.has(anchor) ? [] : [`${where} leads to no heading`];
  });
}

function checkCommands({ file, line, text }: CodeBlock, tasks: readonly string[]): string[] {
  const where = `${file}:${line}`;
  const wrongTasks = [...text.matchAll(/\btask (\S+)/g)].map(([, name]) => name!)
    .filter((name) => !tasks.includes(name));
  const wrongFiles = [
    ...text.matchAll(
      /(?<![\w./-])(?:\.\/|PATH\/|node_modules\/@avwriter\/avwriter\/)?((?:tools|tests|bench|examples|docs|src|\.ci)\/[\w./-]+)/g,
    ),
  ]
    .map(([, path]) => path!).filter((path) => !exists(path));
  return [
    ...wrongTasks.map((name) => `${where}: there is no task ${name}`),
    ...wrongFiles.map((path) => `${where}: there is no file ${path}`),
  ];
}

/** Pages that nobody would find. */
function checkOverview(pages: readonly Page[]): string[] {
  const overview = pages.find(({ file }) => file === "docs/README.md")!.links.map(({ target }) => target);
  const menu = Deno.readTextFileSync("docs/.vitepress/config.ts");
  return pages.map(({ file }) => file)
    .filter((file) => file.startsWith("docs/") && file !== "docs/README.md")
    .map((file) => file.slice("docs/".length))
    .flatMap((page) => [
      ...(overview.includes(page) ? [] : [`docs/README.md does not link to ${page}`]),
      ...(menu.includes(`"${page.replace(/\.md$/, "")}"`)
        ? []
        : [`docs/.vitepress/config.ts has no menu entry for ${page}`]),
    ]);
}

function checkReadme(): string[] {
  const lines = Deno.readTextFileSync("README.md").trimEnd().split("\n").length;
  return lines <= mostReadmeLines
    ? []
    : [`README.md has ${lines} lines, but ${mostReadmeLines} are the most`];
}

function main(): number {
  Deno.chdir(new URL("../..", import.meta.url));
  const pages = readPages();
  const { tasks } = JSON.parse(Deno.readTextFileSync("deno.json"));
  const shellBlocks = pages.flatMap(({ blocks }) => blocks).filter(({ language }) => language === "sh");
  const problems = [
    ...pages.flatMap((page) => checkLinks(page, pages)),
    ...shellBlocks.flatMap((block) => checkCommands(block, Object.keys(tasks))),
    ...checkCodes(pages),
    ...checkOverview(pages),
    ...checkReadme(),
  ];
  for (const problem of problems) console.log(problem);
  const links = pages.reduce((sum, page) => sum + page.links.length, 0);
  console.log(`${links} links, ${shellBlocks.length} shell blocks, ${problems.length} problems`);
  return problems.length === 0 ? 0 : 1;
}

Deno.exit(main());
