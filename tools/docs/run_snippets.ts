/**
 * Runs every `ts` block of README and docs, as it stands there, on Deno and on Bun.
 *
 *     deno task docs:snippets             all of them
 *     deno task docs:snippets FILE...     those of some pages
 *     deno task docs:snippets --packed    with the package as it would be published, instead of this checkout
 *
 * Each block is a program of its own in a folder of its own, in which the files lie that the pages speak of
 * (`fixtures.ts`). `@avwriter/avwriter` is this checkout. All blocks are type-checked first. A block fails
 * where its program does, where it prints to stderr, or where a media file that it made can't be read. A
 * comment above a block says what is special about it:
 *
 *     <!-- snippet: types only, it needs a microphone -->
 *     <!-- snippet: needs chromium -->
 *
 * @module
 */
import { bunProgram, docsPackages } from "../setup.ts";
import { fixtures, makeFixtures } from "./fixtures.ts";
import { type CodeBlock, readPages } from "./markdown.ts";
import { copyPublished } from "./packed.ts";

/** How long one program may take. */
const timeoutMs = 90_000;
/** How many programs run at a time. */
const runsAtOnce = Math.max(1, Math.min(4, navigator.hardwareConcurrency));

/** Files that a program makes and ffprobe can judge. */
const mediaFile = /\.(mp4|m4a|mov|mkv|webm|avi|gif|ts|flac|mp3|wav|ogg|opus|mxf|png)$/;

interface Snippet {
  readonly block: CodeBlock;
  /** What names it: the page and the line. */
  readonly name: string;
  /** The name of its file. */
  readonly file: string;
}

interface RuntimeUnderTest {
  readonly name: "Deno" | "Bun";
  command(file: string): readonly string[];
}

const runtimes: readonly RuntimeUnderTest[] = [
  { name: "Deno", command: (file) => [Deno.execPath(), "run", "--quiet", "-A", "--no-check", file] },
  { name: "Bun", command: (file) => [Deno.realPathSync(bunProgram), file] },
];

/** Runs a program to its end; what it printed, and whether all is well. */
async function run(
  [program, ...args]: readonly string[],
  cwd: string,
): Promise<{ success: boolean; stdout: string; stderr: string }> {
  const child = new Deno.Command(program!, {
    args,
    cwd,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", DENO_NO_PACKAGE_JSON: "1" },
    signal: AbortSignal.timeout(timeoutMs),
  });
  const { success, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/**
 * Makes a folder in which programs find the package under its name, on both runtimes: this checkout, or what
 * would be published.
 */
async function prepare(folder: string, isPacked: boolean): Promise<void> {
  const checkout = Deno.cwd();
  const source = isPacked ? `${folder}/package` : checkout;
  if (isPacked) await copyPublished(source);
  const { compilerOptions, name, exports } = JSON.parse(await Deno.readTextFile("deno.json"));
  /** What the package exports, and its module. */
  const doors = Object.entries<string>(exports).map((
    [path, module],
  ) => [`${name}${path.slice(1)}`, module.slice(2)] as const);
  const imports = {
    ...Object.fromEntries(doors.map(([name, file]) => [name, `file://${source}/${file}`])),
    ...Object.fromEntries(
      Object.entries(docsPackages).map(([name, version]) => [name, `npm:${name}@${version}`]),
    ),
  };
  const paths = {
    ...Object.fromEntries(doors.map(([name, file]) => [name, [`${source}/${file}`]])),
  };
  await Deno.writeTextFile(
    `${folder}/deno.json`,
    JSON.stringify({ imports, compilerOptions, nodeModulesDir: "none" }),
  );
  await Deno.writeTextFile(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions: { paths } }));
  await Deno.mkdir(`${folder}/node_modules`);
  for (const place of [checkout, `${checkout}/docs`]) {
    for (const { name } of Deno.readDirSync(`${place}/node_modules`)) {
      const link = `${folder}/node_modules/${name}`;
      if (!name.startsWith(".")) await Deno.symlink(`${place}/node_modules/${name}`, link).catch(() => {});
    }
  }
  await Deno.mkdir(`${folder}/files`);
  await makeFixtures(`${folder}/files`);
}

function snippetsOf(pages: readonly string[]): Snippet[] {
  return readPages()
    .filter(({ file }) => pages.length === 0 || pages.includes(file))
    .flatMap(({ blocks }) => blocks)
    .filter(({ language }) => language === "ts" || language === "js")
    .map((block) => {
      const name = `${block.file}:${block.line}`;
      return { block, name, file: `${name.replaceAll(/[^\w]+/g, "_")}.${block.language}` };
    });
}

/** Whether a snippet is only type-checked. */
function isTypesOnly({ block }: Snippet): boolean {
  return block.mark?.startsWith("types only") ?? false;
}

/** A program that a snippet needs and this machine lacks; `null` where there is none. */
async function missingProgram({ block }: Snippet): Promise<string | null> {
  const name = /^needs (\S+)$/.exec(block.mark ?? "")?.[1];
  if (name === undefined) return null;
  const isThere = await run([name, "--version"], ".").then(({ success }) => success, () => false);
  return isThere ? null : name;
}

/** Runs a snippet on one runtime; what is wrong, or `null`. */
async function failureOf(
  snippet: Snippet,
  runtime: RuntimeUnderTest,
  folder: string,
): Promise<string | null> {
  const place = `${folder}/${runtime.name}-${snippet.file}`;
  await Deno.mkdir(place);
  for (const name of fixtures) await copy(`${folder}/files/${name}`, `${place}/${name}`);
  await Deno.writeTextFile(`${place}/${snippet.file}`, snippet.block.text);
  const { success, stderr, stdout } = await run(runtime.command(snippet.file), place);
  if (!success) return `${stderr}${stdout}`.trim() || "it ended with an error or took too long";
  if (stderr.trim() !== "") return `it printed to stderr:\n${stderr.trim()}`;
  for await (const { name } of Deno.readDir(place)) {
    if (fixtures.includes(name) || name === snippet.file || !mediaFile.test(name)) continue;
    const { success, stderr } = await run(["ffprobe", "-v", "error", "-count_packets", name], place);
    if (!success || stderr !== "") return `ffprobe says of ${name}: ${stderr}`;
  }
  await Deno.remove(place, { recursive: true });
  return null;
}

async function copy(from: string, to: string): Promise<void> {
  if (!Deno.statSync(from).isDirectory) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for (const { name } of Deno.readDirSync(from)) await copy(`${from}/${name}`, `${to}/${name}`);
}

/** Type-checks all snippets at once; the names of those that fail are in what it prints. */
async function typesAreRight(snippets: readonly Snippet[], folder: string): Promise<boolean> {
  await Deno.mkdir(`${folder}/types`);
  for (const { file, block } of snippets) await Deno.writeTextFile(`${folder}/types/${file}`, block.text);
  const { success, stderr } = await run([Deno.execPath(), "check", "--quiet", "types/"], folder);
  if (!success) console.log(`Type errors:\n${stderr}`);
  return success;
}

async function main(args: readonly string[]): Promise<number> {
  Deno.chdir(new URL("../..", import.meta.url));
  const isPacked = args.includes("--packed");
  const snippets = snippetsOf(args.filter((arg) => arg !== "--packed"));
  const folder = await Deno.makeTempDir({ prefix: "avwriter-snippets-" });
  let failed = 0;
  let passed = 0;
  try {
    await prepare(folder, isPacked);
    if (!await typesAreRight(snippets, folder)) failed++;
    const jobs = snippets.filter((snippet) => !isTypesOnly(snippet))
      .flatMap((snippet) => runtimes.map((runtime) => ({ snippet, runtime })));
    const work = async (): Promise<void> => {
      for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
        const { snippet, runtime } = job;
        const missing = await missingProgram(snippet);
        if (missing !== null) {
          console.log(`${snippet.name} on ${runtime.name}: skipped, there is no ${missing}`);
          continue;
        }
        const failure = await failureOf(snippet, runtime, folder).catch((error) => String(error));
        if (failure === null) passed++;
        else failed++;
        if (failure !== null) console.log(`${snippet.name} on ${runtime.name} FAILED:\n${failure}\n`);
      }
    };
    await Promise.all(Array.from({ length: runsAtOnce }, work));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  const typesOnly = snippets.filter(isTypesOnly).length;
  const types = `${snippets.length} type-checked, ${typesOnly} of them not run`;
  console.log(`Snippets: ${types}; runs: ${passed} passed, ${failed} failed`);
  return failed === 0 && snippets.length > 0 ? 0 : 1;
}

Deno.exit(await main(Deno.args));
