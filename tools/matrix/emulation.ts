/**
 * What runs another processor's programs here: QEMU, in a user namespace that knows of it. The system itself
 * stays as it is.
 *
 * @module
 */
import { arePackagesThere, bunVersion, installFromNpm, nodeVersion } from "../setup.ts";
import { nodePackageOf } from "../node_program.ts";
import type { RuntimeName } from "../test_run.ts";
import { mustRun } from "./commands.ts";

/** The emulator, without libraries, as it is used inside roots too. */
export const emulator = "/usr/bin/qemu-aarch64-static";

/** The Debian package of it. */
export const emulatorPackage = "qemu-user-static";

/** `unshare` arguments for a namespace that can have an emulator of its own, since Linux 6.7. */
export const inUserNamespace: readonly string[] = ["--user", "--map-root-user"];

/** The ELF header of a program for arm64 on Linux, and which of its bits count. */
const magic = String.raw`\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00`;
const mask = String.raw`\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff`;

/** Shell commands that register the emulator under $root (F: it is opened now, and need not be inside). */
export const registerEmulator = `list="$root/proc/sys/fs/binfmt_misc"
mount -t binfmt_misc binfmt_misc "$list"
printf %s '${`:qemu-aarch64:M::${magic}:${mask}:${emulator}:F`}' >"$list/register"
`;

/**
 * Shell commands that end the making of a root ($1) whose packages lie there: they are unpacked, and not
 * configured, for which their own programs would have to run. What that step would add and is needed is
 * done here: a folder, and a choice between libraries.
 */
export const unpackRoot = `set -e
for package in "$1"/var/cache/apt/archives/*.deb; do dpkg-deb -x "$package" "$1"; done
rm -r "$1"/debootstrap "$1"/var/cache/apt/archives/*.deb
mkdir -p "$1"/srv
ln -s blas/libblas.so.3 lapack/liblapack.so.3 "$1"/usr/lib/aarch64-linux-gnu/`;

/** The packages of the runtimes for arm64, and where each has its program. */
function runtimePackages(): Record<RuntimeName, readonly [name: string, version: string, program: string]> {
  return {
    deno: ["@deno/linux-arm64-glibc", Deno.version.deno, "deno"],
    bun: ["@oven/bun-linux-aarch64", bunVersion, "bin/bun"],
    node: [nodePackageOf("linux", "arm64"), nodeVersion, "bin/node"],
  };
}

/** Fetches the runtimes' programs for arm64 from npm, where they are not there yet; returns their paths. */
export async function emulatedPrograms(cache: string): Promise<Record<RuntimeName, string>> {
  const folder = `${cache}/arm64`;
  const packages = runtimePackages();
  const wanted = Object.fromEntries(Object.values(packages).map(([name, version]) => [name, version]));
  await mustRun("mkdir", ["-p", folder]);
  // They are not for this processor.
  if (!arePackagesThere(wanted, folder)) await installFromNpm(wanted, folder, ["--force"]);
  const path = (runtime: RuntimeName): string =>
    `${folder}/node_modules/${packages[runtime][0]}/${packages[runtime][2]}`;
  return { deno: path("deno"), bun: path("bun"), node: path("node") };
}
