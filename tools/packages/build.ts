/**
 * The package in the forms in which it is published, made from the code.
 *
 *     deno task package:npm FOLDER      what `npm publish` publishes: JavaScript, types and source maps
 *
 * JSR publishes the code as it is, and makes an npm package of it itself: `buildJsr` and `buildJsrNpm` make
 * the same, for the tests of packages.
 *
 * @module
 */
import { copyPublished } from "../docs/packed.ts";

/** The program of the compiler, which `tools/setup.ts packages` installs. */
const compiler = "tools/packages/node_modules/typescript/bin/tsc";
/** The program of the bundler, which it installs, too. */
const bundler = "tools/packages/node_modules/esbuild/bin/esbuild";

interface Configuration {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly exports: Readonly<Record<string, string>>;
}

/** What `deno.json` says of the package. */
export async function readConfiguration(): Promise<Configuration> {
  return JSON.parse(await Deno.readTextFile("deno.json"));
}

/** Compiles the modules that are published into a folder. */
async function compile(
  { exports }: Configuration,
  folder: string,
  target: string,
  withTypes: boolean,
): Promise<void> {
  const root = Deno.cwd();
  const options = {
    compilerOptions: {
      target,
      module: "ESNext",
      moduleResolution: "bundler",
      lib: ["ESNext", "DOM"],
      types: [],
      rootDir: root,
      outDir: folder,
      declaration: withTypes,
      sourceMap: withTypes,
      inlineSources: withTypes,
      rewriteRelativeImportExtensions: true,
      verbatimModuleSyntax: true,
      strict: true,
      // `deno check` does that.
      noCheck: true,
    },
    files: Object.values(exports).map((module) => `${root}/${module}`),
  };
  const project = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(project, JSON.stringify(options));
    const { success, stdout } = await new Deno.Command("node", { args: [compiler, "-p", project] }).output();
    if (!success) throw new Error(`tsc failed:\n${new TextDecoder().decode(stdout)}`);
  } finally {
    await Deno.remove(project);
  }
}

/**
 * Replaces the module of the threads by a bundle: a file that they share and one for each task. Hundreds of
 * modules, loaded one by one, take half of a thread's start.
 */
async function bundleThreads(folder: string, entry: string): Promise<void> {
  const path = `${folder}/${entry}`;
  const { success, stderr } = await new Deno.Command("node", {
    args: [
      bundler,
      path,
      ...["--bundle", "--splitting", "--format=esm", "--platform=node", "--target=es2022"],
      ...["--minify-whitespace", "--minify-syntax", "--sourcemap", "--log-level=warning"],
      ...[
        "--allow-overwrite",
        `--outdir=${path.replace(/\/[^/]*$/, "")}`,
        "--chunk-names=threads/[name]-[hash]",
      ],
    ],
  }).output();
  if (!success) throw new Error(`esbuild failed:\n${new TextDecoder().decode(stderr)}`);
}

/** `exports` of a package.json, with the name of each module in JavaScript. */
function packageExports({ exports }: Configuration, withTypes: boolean): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(exports).map(([name, module]) => {
      const base = module.replace(/\.ts$/, "");
      return [name, { ...(withTypes ? { types: `${base}.d.ts` } : {}), default: `${base}.js` }];
    }),
  );
}

async function writePackageJson(folder: string, content: Readonly<Record<string, unknown>>): Promise<void> {
  await Deno.writeTextFile(`${folder}/package.json`, `${JSON.stringify(content, null, 2)}\n`);
}

/** Makes the npm package in a folder. */
export async function buildNpm(folder: string): Promise<void> {
  const configuration = await readConfiguration();
  const { name, version, license } = configuration;
  const compiled = (entry: string): string => configuration.exports[entry]!.replace(/\.ts$/, ".js");
  await Deno.mkdir(folder, { recursive: true });
  // What older releases of Node can read: the error that tells what they lack comes from the code.
  await compile(configuration, folder, "ES2022", true);
  await bundleThreads(folder, compiled("./worker"));
  for (const file of ["README.md", "CHANGELOG.md", "ARCHITECTURE.md", "LICENSE"]) {
    await Deno.copyFile(file, `${folder}/${file}`);
  }
  // By itself, the module of the command line does nothing on releases of Node without `import.meta.main`.
  const program = "./avwriter.js";
  const lines = ["#!/usr/bin/env node", `import { main } from "${compiled("./cli")}";`, "await main();"];
  await Deno.writeTextFile(`${folder}/${program}`, `${lines.join("\n")}\n`);
  await writePackageJson(folder, {
    name,
    version,
    description: "Writes video and audio files through the system's FFmpeg libraries",
    keywords: ["ffmpeg", "video", "audio", "encoder", "ffi", "mp4"],
    license,
    type: "module",
    exports: packageExports(configuration, true),
    bin: { avwriter: program },
    // The others do nothing when they are imported.
    sideEffects: [compiled("./worker"), program],
    publishConfig: { access: "public", provenance: true },
  });
}

/** Makes the files that JSR serves in a folder. */
export async function buildJsr(folder: string): Promise<void> {
  await copyPublished(folder);
}

/** Makes what JSR serves to npm: each module of the graph as `.js`, beside the `.ts` that it is made from. */
export async function buildJsrNpm(folder: string): Promise<void> {
  const configuration = await readConfiguration();
  const { name, version } = configuration;
  await copyPublished(folder);
  await compile(configuration, folder, "ESNext", false);
  await writePackageJson(folder, {
    name: jsrNpmName(name),
    version,
    type: "module",
    exports: packageExports(configuration, false),
  });
}

/** The name by which JSR's npm registry has a package. */
export function jsrNpmName(name: string): string {
  return `@jsr/${name.slice(1).replace("/", "__")}`;
}

if (import.meta.main) {
  const [folder] = Deno.args;
  if (folder === undefined) {
    console.error("Usage: deno task package:npm FOLDER");
    Deno.exit(1);
  }
  await buildNpm(folder);
  console.log(`Made the npm package in ${folder}`);
}
