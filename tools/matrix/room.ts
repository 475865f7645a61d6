/**
 * Runs a program inside a root, on a copy of the project. The root itself is read-only there and stays as it
 * is.
 *
 * @module
 */
import { type Ended, exists, inOwnNamespace, mustRun, run } from "./commands.ts";
import { emulatedPrograms, inUserNamespace, registerEmulator } from "./emulation.ts";
import { nodeProgram } from "../node_program.ts";
import type { RuntimeName } from "../test_run.ts";
import { libraryFileName, libraryMajor, type LibraryName } from "../../ffi/locate.ts";
import { libraryMajors } from "../../ffi/layouts.ts";

/** Where a room's own folder appears inside the root, and what lies in it. */
const inside = "/srv";
/** Where the project is, inside. */
export const projectInside = `${inside}/project`;
/** Where results can be written, inside. */
export const resultsInside = `${inside}/results`;

/** What all rooms of a run are furnished from. */
export interface Stage {
  /** A clean copy of the project, with the packages that the tests import. */
  readonly project: string;
  /** The runtimes' programs. */
  readonly programs: string;
  /** A DENO_DIR that holds what the tests import. */
  readonly denoFolder: string;
  /** The programs are for another processor. */
  readonly isEmulated: boolean;
}

/** A root, furnished for one major on one runtime. */
export interface Room {
  readonly root: string;
  /** The room's own folder, outside. */
  readonly folder: string;
  readonly stage: Stage;
  /** The folder of the libraries in use, inside; `undefined` where the root's own folders are searched. */
  readonly libraryFolder: string | undefined;
}

/** The packages that are no import of the tests: the runtimes themselves. */
const notStaged = new Set([".bin", "@deno", "@oven", "bun", "deno"]);

/** Makes what the rooms are furnished from. */
export async function makeStage(
  folder: string,
  project: string,
  cache: string,
  isEmulated: boolean,
): Promise<Stage> {
  const denoFolder = `${cache}/deno`;
  Deno.mkdirSync(denoFolder, { recursive: true });
  const stage = { project: `${folder}/project`, programs: `${folder}/programs`, denoFolder, isEmulated };
  await copyProject(project, stage.project);
  Deno.mkdirSync(stage.programs, { recursive: true });
  const programs = await (isEmulated ? emulatedPrograms(cache) : systemPrograms(project));
  for (const [name, path] of Object.entries(programs)) {
    await mustRun("cp", [await requireElf(path), `${stage.programs}/${name}`]);
  }
  return stage;
}

/** Makes a clean copy of the project, with the packages that the tests import. */
export async function copyProject(project: string, copy: string): Promise<void> {
  const listed = await mustRun(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    { folder: project },
  );
  for (const path of listed.split("\0")) {
    const source = `${project}/${path}`;
    if (path === "" || !exists(source) || !Deno.statSync(source).isFile) continue;
    const target = `${copy}/${path}`;
    Deno.mkdirSync(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    Deno.copyFileSync(source, target);
  }
  const packages = `${copy}/node_modules`;
  Deno.mkdirSync(packages, { recursive: true });
  for (
    const { name } of exists(`${project}/node_modules`) ? Deno.readDirSync(`${project}/node_modules`) : []
  ) {
    if (!notStaged.has(name)) await mustRun("cp", ["-a", `${project}/node_modules/${name}`, packages]);
  }
}

async function systemPrograms(project: string): Promise<Record<RuntimeName, string>> {
  return { deno: Deno.execPath(), bun: await bunProgram(project), node: `${project}/${nodeProgram}` };
}

/**
 * The `bun` on PATH can be a launcher: the program itself is then in the package of this system beside it.
 */
async function bunProgram(project: string): Promise<string> {
  const folders = [`${project}/node_modules`];
  const candidates: string[] = [];
  for (const path of (Deno.env.get("PATH") ?? "").split(":")) {
    if (!exists(`${path}/bun`)) continue;
    const program = Deno.realPathSync(`${path}/bun`);
    candidates.push(program);
    const packages = program.lastIndexOf("/node_modules/");
    if (packages >= 0) folders.push(`${program.slice(0, packages)}/node_modules`);
  }
  const processor = Deno.build.arch === "aarch64" ? "aarch64" : "x64";
  for (const folder of folders) {
    candidates.push(`${folder}/bun/bin/bun.exe`, `${folder}/@oven/bun-linux-${processor}/bin/bun`);
  }
  for (const candidate of candidates) {
    if (await isElf(candidate)) return candidate;
  }
  throw new Error("Cannot find Bun's program: install it, or put it on PATH");
}

async function requireElf(path: string): Promise<string> {
  if (await isElf(path)) return path;
  throw new Error(`Cannot use ${path} inside a root: it is not a Linux program`);
}

async function isElf(path: string): Promise<boolean> {
  if (!exists(path)) return false;
  using file = await Deno.open(path);
  const head = new Uint8Array(4);
  await file.read(head);
  return new TextDecoder().decode(head) === "\x7fELF";
}

/**
 * Furnishes a root for one run of the tests. `alone` is the major to use where the root holds a newer one
 * too: a folder of links to this major's libraries only is made, and searched instead of the root's own
 * folders.
 */
export async function makeRoom(
  folder: string,
  root: string,
  stage: Stage,
  alone: number | undefined,
): Promise<Room> {
  for (const name of ["home", "results", "tmp", "programs", "deno", "libraries"]) {
    Deno.mkdirSync(`${folder}/${name}`, { recursive: true });
  }
  await mustRun("cp", ["-a", stage.project, `${folder}/project`]);
  if (alone !== undefined) linkLibraries(`${folder}/libraries`, root, alone);
  return { root, folder, stage, libraryFolder: alone === undefined ? undefined : `${inside}/libraries` };
}

function linkLibraries(folder: string, root: string, major: number): void {
  const system = `/usr/lib/${Deno.build.arch}-linux-gnu`;
  for (const library of Object.keys(libraryMajors) as LibraryName[]) {
    const file = libraryFileName("linux", library, libraryMajor(library, major));
    if (exists(`${root}${system}/${file}`)) Deno.symlinkSync(`${system}/${file}`, `${folder}/${file}`);
  }
}

/**
 * Mounts a room together ($1 the root, $2 the room, $3 programs, $4 DENO_DIR) and runs the rest of its
 * arguments inside.
 */
const enter = (isEmulated: boolean): string =>
  `set -e
root=$1 room=$2 programs=$3 deno=$4
shift 4
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
${isEmulated ? registerEmulator : ""}mount --rbind /sys "$root/sys"
mount -o remount,bind,ro "$root/sys"
mount --bind "$room" "$root${inside}"
mount --bind "$room/tmp" "$root/tmp"
mount --bind "$programs" "$root${inside}/programs"
mount -o remount,bind,ro "$root${inside}/programs"
mount --bind "$deno" "$root${inside}/deno"
status=0
chroot "$root" sh -c 'cd ${projectInside} && exec "$@"' inside "$@" || status=$?
exit $status`;

/** Runs a program inside a room, in the project's folder. */
export function runInside(
  room: Room,
  program: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<Ended> {
  const { root, folder, stage } = room;
  const variables = {
    HOME: `${inside}/home`,
    LANG: "C.UTF-8",
    PATH: `${inside}/programs:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    DENO_DIR: `${inside}/deno`,
    DENO_NO_UPDATE_CHECK: "1",
    NO_COLOR: "1",
    ...(room.libraryFolder === undefined ? {} : { AVWRITER_LIBRARY_PATH: room.libraryFolder }),
  };
  return run("unshare", [
    ...(stage.isEmulated ? inUserNamespace : []),
    ...inOwnNamespace,
    "sh",
    "-c",
    enter(stage.isEmulated),
    "enter",
    root,
    folder,
    stage.programs,
    stage.denoFolder,
    "env",
    "-i",
    ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    program,
    ...args,
  ], { timeoutMs });
}
