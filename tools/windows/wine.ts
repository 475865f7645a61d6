/**
 * Runs Windows programs by Wine inside a root, on a copy of the project.
 *
 * @module
 */
import { type Ended, exists, inOwnNamespace, mustRun, removeFolder, run } from "../matrix/commands.ts";
import type { RootPlan } from "../matrix/roots.ts";

/** The root: the first Debian whose Wine has what the runtimes call, and what cross-builds FFmpeg. */
export const wineRoot: RootPlan = {
  name: "windows",
  suite: "trixie",
  isEmulated: false,
  packages: [
    ...["wine", "wine64", "ca-certificates"],
    ...[
      "gcc-mingw-w64-x86-64-win32",
      "libz-mingw-w64-dev",
      "nasm",
      "make",
      "pkgconf",
      "gcc",
      "libc6-dev",
      "xz-utils",
    ],
  ],
};

/** What Windows programs run with. All are folders. */
export interface Windows {
  readonly root: string;
  /** Windows' own drive C. */
  readonly drive: string;
  /** FFmpeg's programs and DLLs. */
  readonly ffmpeg: string;
  /** The runtimes' packages. */
  readonly programs: string;
  /** A copy of the project. */
  readonly project: string;
  /** A DENO_DIR that holds what the tests import. */
  readonly denoFolder: string;
  /** What is written into Z:\\srv\\results. */
  readonly results: string;
}

/**
 * Mounts all of it into a root ($1) and runs the rest of its arguments inside. Wine's drive is locked: one
 * program at a time changes it.
 */
const enter = `set -e
root=$1 drive=$2 ffmpeg=$3 programs=$4 project=$5 deno=$6 results=$7
shift 7
exec 9>"$drive.lock"
flock 9
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/srv"
mount -t tmpfs tmpfs "$root/tmp"
for name in drive ffmpeg programs project deno results; do
  mkdir "$root/srv/$name"
  eval "mount --bind \\"\\$$name\\" \\"$root/srv/$name\\""
done
status=0
chroot "$root" sh -c 'cd /srv/project && exec "$@"' inside "$@" || status=$?
exit $status`;

/** Runs a command inside, in the project's folder. */
export function runInside(
  { root, drive, ffmpeg, programs, project, denoFolder, results }: Windows,
  command: readonly string[],
  timeoutMs: number,
): Promise<Ended> {
  const variables = {
    HOME: "/tmp",
    LANG: "C.UTF-8",
    PATH: "/usr/bin:/bin",
    WINEPREFIX: "/srv/drive",
    WINEDEBUG: "-all",
    // Put in front of PATH inside.
    WINEPATH: "Z:\\srv\\ffmpeg",
    // Without it, Deno finds no program by its name.
    PATHEXT: ".COM;.EXE",
    DENO_DIR: "Z:\\srv\\deno",
    DENO_NO_UPDATE_CHECK: "1",
    NO_COLOR: "1",
  };
  return run("unshare", [
    ...inOwnNamespace,
    ...["sh", "-c", enter, "enter", root, drive, ffmpeg, programs, project, denoFolder, results],
    ...["env", "-i", ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)],
    ...command,
  ], { timeoutMs });
}

/** How long Wine may take to make its drive. */
const driveTimeoutMs = 10 * 60_000;

/** Returns Windows' drive, made first where there is none. */
export async function makeDrive(cache: string, rest: Omit<Windows, "drive">): Promise<string> {
  const drive = rest.root.replace(`${cache}/`, `${cache}/drive-`);
  if (exists(drive)) return drive;
  const building = `${cache}/building-drive-${Deno.pid}`;
  await removeFolder(building);
  try {
    Deno.mkdirSync(building);
    // It writes the registry when the last program has ended.
    const command = ["sh", "-c", "wineboot --init && wineserver --wait"];
    const { stderr } = await runInside({ ...rest, drive: building }, command, driveTimeoutMs);
    if (!exists(`${building}/system.reg`)) throw new Error(`Wine cannot make its drive: ${stderr}`);
    if (!exists(drive)) Deno.renameSync(building, drive);
  } finally {
    await removeFolder(building);
    await mustRun("rm", ["-f", `${building}.lock`]);
  }
  return drive;
}
