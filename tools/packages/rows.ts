/**
 * The rows of the table: in which form the package is installed, with what, and on what it runs.
 *
 * @module
 */
import { nodeProgram } from "../node_program.ts";
import { bunProgram } from "../setup.ts";
import { jsrNpmName, readConfiguration } from "./build.ts";
import { Project, type RuntimeName, type Verdict } from "./project.ts";
import type { Registries } from "./registries.ts";

/** A row: what is done, and what runs the result (`null`: it is a program itself). */
export interface Row {
  /** The form of the package: from JSR, from JSR's npm registry, or from npm. */
  readonly form: "JSR" | "JSR's npm" | "npm";
  /** How it is installed and run. */
  readonly way: string;
  /** What runs it. */
  readonly runsOn: string;
  /** What it should come to, where that is no thread. */
  readonly expected?: Verdict;
  /** Does it all. */
  run(registries: Registries): Promise<Verdict>;
}

const { name, version } = await readConfiguration();
const deno = Deno.execPath();
const bun = Deno.realPathSync(bunProgram);
const node = Deno.realPathSync(nodeProgram);
const esbuild = Deno.realPathSync("tools/packages/node_modules/esbuild/bin/esbuild");

const dependencies = {
  "JSR's npm": { [name]: `npm:${jsrNpmName(name)}@${version}` },
  "npm": { [name]: version },
} as const;

/** Imports of a deno.json, without node_modules. */
const denoImports = {
  "JSR": { [name]: `jsr:${name}@${version}`, [`${name}/worker`]: `jsr:${name}@${version}/worker` },
  "JSR's npm": { [name]: `npm:${jsrNpmName(name)}@${version}` },
  "npm": { [name]: `npm:${name}@${version}` },
} as const;

const packageJson = (form: keyof typeof dependencies) => ({
  "package.json": { type: "module", dependencies: dependencies[form] },
});

/** Runs an action while no registry answers. */
async function offline<T>(registries: Registries, action: () => Promise<T>): Promise<T> {
  registries.isOnline = false;
  try {
    return await action();
  } finally {
    registries.isOnline = true;
  }
}

/** Deno, with the package in its cache or in the project. */
function onDeno(form: Row["form"], settings: Readonly<Record<string, unknown>>, words: string): Row[] {
  const create = (registries: Registries): Promise<Project> =>
    Project.create(registries, { "deno.json": { imports: denoImports[form], ...settings } });
  return [
    {
      form,
      way: `deno run${words}`,
      runsOn: "Deno",
      run: async (registries) => {
        await using project = await create(registries);
        // Its first run downloads, and says so.
        return await project.start("Deno", "program.ts", "--quiet");
      },
    },
    {
      form,
      way: `deno install${words}, then --cached-only offline`,
      runsOn: "Deno",
      run: async (registries) => {
        await using project = await create(registries);
        await project.run(deno, "install", "--entrypoint", "program.ts");
        // A vendored project needs nothing else.
        if (settings["vendor"] === true) await Deno.remove(`${project.folder}/.cache`, { recursive: true });
        return await offline(registries, () => project.start("Deno", "program.ts", "--cached-only"));
      },
    },
  ];
}

/** A project with a package.json, installed by a program, run offline. */
function installed(
  form: keyof typeof dependencies,
  way: string,
  install: readonly string[],
  runtimes: readonly RuntimeName[],
): Row[] {
  return runtimes.map((runtime) => ({
    form,
    way,
    runsOn: runtime,
    run: async (registries) => {
      await using project = await Project.create(registries, packageJson(form));
      await project.run(install[0]!, ...install.slice(1));
      return await offline(registries, () => project.start(runtime, "program.ts"));
    },
  }));
}

/** Bundlers, each with its arguments before the entries. */
const bundlers = {
  "bun build": [bun, "build", "--target=bun", "--outdir=dist"],
  "esbuild": [esbuild, "--bundle", "--platform=node", "--format=esm", "--log-level=warning", "--outdir=dist"],
  "deno bundle": [deno, "bundle", "--quiet", "--outdir=dist"],
} as const;

/** Bundled into two files, which run elsewhere. */
function bundled(
  form: Row["form"],
  bundler: keyof typeof bundlers,
  runtimes: readonly RuntimeName[],
): Row[] {
  return runtimes.map((runtime) => ({
    form,
    way: bundler,
    runsOn: runtime,
    run: async (registries) => {
      await using project = await bundle(registries, form, bundler, ["program.ts", "avwriter_worker.ts"]);
      return await project.start(runtime, "dist/program.js");
    },
  }));
}

/** Makes a bundle, of which alone the project is left. */
async function bundle(
  registries: Registries,
  form: Row["form"],
  bundler: keyof typeof bundlers,
  entries: readonly string[],
): Promise<Project> {
  const files = form === "JSR" ? { "deno.json": { imports: denoImports[form] } } : packageJson(form);
  const project = await Project.create(registries, files);
  if (form !== "JSR") await project.run(bun, "install");
  const [program, ...args] = bundlers[bundler];
  await project.run(program, ...args, ...entries);
  await Deno.remove(`${project.folder}/node_modules`, { recursive: true }).catch(() => {});
  for (const entry of entries) await Deno.remove(`${project.folder}/${entry}`);
  for (const file of Object.keys(files)) await Deno.remove(`${project.folder}/${file}`);
  return project;
}

/** Compiled into one program by Bun. */
function compiledByBun(form: keyof typeof dependencies): Row {
  return {
    form,
    way: "bun build --compile",
    runsOn: "itself",
    run: async (registries) => {
      await using project = await Project.create(registries, packageJson(form));
      await project.run(bun, "install");
      await project.run(bun, "build", "--compile", "--outfile=program", "program.ts", "avwriter_worker.ts");
      await Deno.remove(`${project.folder}/node_modules`, { recursive: true });
      return await project.start(null, "program");
    },
  };
}

/** Whether `deno compile` has what it builds on, which it would download. */
const canCompileOnDeno = Deno.env.get("DENORT_BIN") !== undefined;

/** Compiled into one program by Deno. */
function compiledByDeno(form: Row["form"]): Row {
  return {
    form,
    way: "deno compile",
    runsOn: canCompileOnDeno ? "itself" : "(not run)",
    expected: canCompileOnDeno ? "thread" : "embedded",
    run: async (registries) => {
      await using project = await Project.create(registries, { "deno.json": { imports: denoImports[form] } });
      const permissions = ["--allow-ffi", "--allow-read", "--allow-write"];
      await project.run(deno, "compile", "--quiet", ...permissions, "--output=program", "program.ts");
      return canCompileOnDeno ? await project.start(null, "program") : await project.findWorkerIn("program");
    },
  };
}

const all: readonly RuntimeName[] = ["Deno", "Bun", "Node"];

/** All rows. */
export const rows: readonly Row[] = [
  ...onDeno("JSR", {}, ""),
  ...onDeno("JSR", { vendor: true }, " (vendor)"),
  ...bundled("JSR", "deno bundle", all),
  ...onDeno("JSR's npm", {}, " (global cache)"),
  ...installed("JSR's npm", "bun install", [bun, "install"], all),
  ...bundled("JSR's npm", "bun build", all),
  ...onDeno("npm", {}, " (global cache)"),
  ...onDeno("npm", { nodeModulesDir: "auto" }, " (node_modules)"),
  ...installed("npm", "bun install", [bun, "install"], all),
  ...installed("npm", "npm install", ["npm", "install", "--no-audit", "--no-fund"], all),
  ...bundled("npm", "bun build", all),
  ...bundled("npm", "esbuild", all),
  ...bundled("npm", "deno bundle", all),
  compiledByBun("JSR's npm"),
  compiledByBun("npm"),
  compiledByDeno("JSR"),
  compiledByDeno("npm"),
];

/** What must not start a thread, and says so: a bundle without the module of the threads. */
const withoutWorker: Row = {
  form: "npm",
  way: "esbuild, without the second entry",
  runsOn: "Deno",
  run: async (registries) => {
    await using project = await bundle(registries, "npm", "esbuild", ["program.ts"]);
    return await project.start("Deno", "dist/program.js");
  },
};

/** A Node without node:ffi has to read the package, and to be told what it needs. */
const withoutFfi: Row = {
  form: "npm",
  way: "npm install, without node:ffi",
  runsOn: "the Node at hand",
  run: async (registries) => {
    await using project = await Project.create(registries, packageJson("npm"));
    await project.run("npm", "install", "--no-audit", "--no-fund");
    await project.write(
      "program.mjs",
      `import { createFileWriter } from ${JSON.stringify(name)};
await createFileWriter("h264", "out.mp4", 30);`,
    );
    try {
      await project.run("node", "program.mjs");
      return { problem: "it runs" };
    } catch (error) {
      const message = String(error);
      return message.includes("Error: Cannot call native libraries here: Node ")
        ? "told"
        : { problem: message };
    }
  },
};

/** The program that the npm package brings. */
const ownProgram: Row = {
  form: "npm",
  way: "npm install, then its program avwriter",
  runsOn: "Node",
  run: async (registries) => {
    await using project = await Project.create(registries, packageJson("npm"));
    await project.run("npm", "install", "--no-audit", "--no-fund");
    const said = await project.output(node, "node_modules/.bin/avwriter", "doctor");
    return /^runtime +Node 26\S+\nsystem +.+\nFFmpeg +\S+ in .+\n/.test(said) ? "told" : { problem: said };
  },
};

/** The first release of Node that has node:ffi. */
const firstNodeWithFfi = 26;

/** Rows without a thread, and what they have to say. */
export async function controls(): Promise<readonly (readonly [Row, Verdict])[]> {
  const { stdout } = await new Deno.Command("node", { args: ["--version"] }).output();
  const major = Number(/^v(\d+)/.exec(new TextDecoder().decode(stdout))?.[1]);
  return [
    [withoutWorker, "main"],
    [ownProgram, "told"],
    ...(major < firstNodeWithFfi ? [[withoutFfi, "told"] as const] : []),
  ];
}
