/**
 * Checks the project's tables against the headers of each suite's FFmpeg, which Debian has in packages of
 * their own.
 *
 * @module
 */
import { checkLayouts } from "../check_layouts.ts";
import { checkSymbols } from "../check_symbols.ts";
import { type CheckResult, headerPackages } from "../header_probe.ts";
import { exists, inOwnNamespace, mustRun, removeFolder } from "./commands.ts";
import type { TestResult } from "./report.ts";
import { markOf } from "./roots.ts";
import type { Suite } from "./suites.ts";

/** What the checks of one suite's headers found. */
export interface HeaderCheck {
  /** FFmpeg's version by its headers. */
  readonly version: string;
  /** The major of their libavcodec: of the newest one, where the suite has several. */
  readonly major: number;
  /** What was compared. */
  readonly note: string;
  /** The differences. */
  readonly failures: readonly TestResult[];
}

/**
 * Downloads packages ($@) into /srv inside a root ($1), which stays as it is: a folder ($2) is what it writes
 * to. A mirror that is not renewed every week will do.
 */
const download = `set -e
root=$1 folder=$2
shift 2
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --rbind /dev "$root/dev"
mount --bind "$folder" "$root/srv"
mount --bind "$folder" "$root/tmp"
mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
chroot "$root" sh -c '
  cd /srv
  apt() {
    apt-get -q -o Dir::State::lists=/srv/lists -o Dir::Cache=/srv/cache -o APT::Sandbox::User=root \\
      -o Acquire::Check-Valid-Until=false "$@"
  }
  apt update && apt download "$@"
' inside "$@"`;

/**
 * Returns the folder of a suite's headers, fetched first where there is none, under another name until it is
 * whole.
 */
async function fetchHeaders(cache: string, suite: Suite, root: string): Promise<string> {
  const name = root.slice(root.lastIndexOf("/") + 1);
  const folder = `${cache}/headers-${name}-${await markOf(headerPackages)}`;
  if (exists(folder)) return folder;
  const building = `${cache}/building-headers_${suite.name}-${Deno.pid}`;
  await removeFolder(building);
  try {
    const packages = `${building}/packages`;
    Deno.mkdirSync(packages, { recursive: true });
    const script = ["sh", "-c", download, "download", root, packages, ...headerPackages];
    await mustRun("unshare", [...inOwnNamespace, ...script]);
    for (const entry of Deno.readDirSync(packages)) {
      if (!entry.name.endsWith(".deb")) continue;
      await mustRun("dpkg-deb", ["-x", `${packages}/${entry.name}`, `${building}/headers`]);
    }
    if (!exists(folder)) Deno.renameSync(`${building}/headers`, folder);
  } finally {
    await removeFolder(building);
  }
  return folder;
}

/** Fetches a suite's headers and compares the tables with them. Throws where that can't be done. */
export async function checkHeaders(cache: string, suite: Suite, root: string): Promise<HeaderCheck> {
  const include = `${await fetchHeaders(cache, suite, root)}/usr/include/${Deno.build.arch}-linux-gnu`;
  const results: readonly CheckResult[] = [checkLayouts(include), await checkSymbols(include)];
  const { ffmpeg, avcodec } = results[0]!.version;
  const problems = results.flatMap((result) => result.problems);
  const outcome = problems.length === 0 ? "all match" : `${problems.length} differ`;
  return {
    version: ffmpeg,
    major: Number.parseInt(avcodec),
    note: `${results.map(({ checked }) => checked).join(", ")}: ${outcome}`,
    failures: problems.map((reason) => ({ name: "headers", status: "failed", reason })),
  };
}
