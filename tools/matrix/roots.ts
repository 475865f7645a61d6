/**
 * Makes the roots: minimal Debian systems that hold one suite's FFmpeg. They are kept between runs.
 *
 * @module
 */
import { exists, inOwnNamespace, mustRun, removeFolder, run } from "./commands.ts";
import { emulator, emulatorPackage, unpackRoot } from "./emulation.ts";
import { packagesOf, type Suite } from "./suites.ts";

const scripts = "/usr/share/debootstrap/scripts";

/** The folder that holds the roots and the runs. */
export function cacheFolder(): string {
  const named = Deno.env.get("AVWRITER_MATRIX_CACHE");
  if (named !== undefined && named !== "") return Deno.realPathSync(makeFolder(named));
  const caches = Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME") ?? "/root"}/.cache`;
  return Deno.realPathSync(makeFolder(`${caches}/avwriter/matrix`));
}

function makeFolder(path: string): string {
  Deno.mkdirSync(path, { recursive: true });
  return path;
}

/** Removes what interrupted runs left behind: folders that carry the number of a process that is no more. */
export async function removeLeftovers(cache: string): Promise<void> {
  for (const { name } of Deno.readDirSync(cache)) {
    const maker = /^(?:building-\w+|run)-(\d+)$/.exec(name)?.[1];
    if (maker === undefined || exists(`/proc/${maker}`)) continue;
    try {
      await removeFolder(`${cache}/${name}`);
    } catch {
      // A program of that run has outlived it and still writes there: left to the next run.
    }
  }
}

/** The Debian mirror that this system installs from. */
export function debianMirror(): string {
  const sources = ["/etc/apt/sources.list"];
  try {
    for (const { name } of Deno.readDirSync("/etc/apt/sources.list.d")) {
      sources.push(`/etc/apt/sources.list.d/${name}`);
    }
  } catch {
    // Only the one file, then.
  }
  for (const source of sources) {
    if (!exists(source)) continue;
    for (const line of Deno.readTextFileSync(source).split("\n")) {
      const uri = /^(?:URIs:|deb\s)(?:.*\s)?([a-z]+:\/\/\S+\/debian\/?)(?:\s|$)/.exec(line)?.[1];
      if (uri !== undefined) return uri;
    }
  }
  throw new Error("Cannot find a Debian mirror in /etc/apt: the matrix needs a Debian system");
}

/**
 * Installs what the matrix itself needs, where it is missing: the maker of roots, and a compiler for the
 * checks of headers.
 */
export async function requireTools(plans: readonly RootPlan[]): Promise<void> {
  const needed = [["debootstrap", scripts], ["g++", "/usr/bin/g++"]];
  if (plans.some(({ isEmulated }) => isEmulated)) needed.push([emulatorPackage, emulator]);
  if (needed.every(([, path]) => exists(path!))) return;
  const packages = needed.map(([name]) => name!);
  const variables = { DEBIAN_FRONTEND: "noninteractive" };
  const install = ["install", "-y", "--no-install-recommends", ...packages];
  if ((await run("apt-get", install, { variables })).code === 0) return;
  await mustRun("apt-get", ["update"], { variables });
  await mustRun("apt-get", install, { variables });
}

/** A minimal Debian system. */
export interface RootPlan {
  /** What its folder is called. */
  readonly name: string;
  /** Debian's name of the suite. */
  readonly suite: string;
  readonly packages: readonly string[];
  /** It is for another processor, and only unpacked. */
  readonly isEmulated: boolean;
}

/** The folder of a root. It carries a mark of the packages, so that a changed list gets a new root. */
async function rootFolder(cache: string, { name, packages }: RootPlan): Promise<string> {
  return `${cache}/${name}-${await markOf(packages)}`;
}

/** A mark of a list of packages. */
export async function markOf(packages: readonly string[]): Promise<string> {
  const list = new TextEncoder().encode(packages.join(","));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", list)).toHex().slice(0, 8);
}

/** The root of a suite. */
export function suiteRoot(suite: Suite): RootPlan {
  const { name, isEmulated = false } = suite;
  return { name: isEmulated ? `arm64-${name}` : name, suite: name, packages: packagesOf(suite), isEmulated };
}

/**
 * Returns a root, made first where there is none. It is built under another name and renamed when it is
 * ready: an interrupted build is never taken for a root.
 */
export async function makeRoot(cache: string, plan: RootPlan, mirror: string): Promise<string> {
  const root = await rootFolder(cache, plan);
  if (exists(root)) return root;
  const { name, suite, packages, isEmulated } = plan;
  const building = `${cache}/building-${name.replaceAll("-", "_")}-${Deno.pid}`;
  await removeFolder(building);
  try {
    // A suite younger than this system's debootstrap is made as sid is.
    const script = exists(`${scripts}/${suite}`) ? suite : "sid";
    await mustRun("unshare", [
      ...inOwnNamespace,
      "debootstrap",
      "--variant=minbase",
      ...(isEmulated ? ["--arch=arm64", "--foreign"] : []),
      `--include=${packages.join(",")}`,
      suite,
      building,
      mirror,
      `${scripts}/${script}`,
    ]);
    await (isEmulated
      ? mustRun("sh", ["-c", unpackRoot, "unpack", building])
      : mustRun("chroot", [building, "apt-get", "clean"]));
    Deno.writeTextFileSync(`${building}/etc/hosts`, "127.0.0.1 localhost\n::1 localhost\n");
    if (!exists(root)) Deno.renameSync(building, root);
  } finally {
    await removeFolder(building);
  }
  return root;
}
