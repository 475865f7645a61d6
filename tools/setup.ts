/**
 * Sets up what is missing to run the demo, the tests, the benchmark or the checks against C headers, and says
 * what it installs.
 *
 *     deno run -A tools/setup.ts demo     FFmpeg's libraries and programs
 *     deno run -A tools/setup.ts test     also Bun, packages of tests; on Debian PulseAudio, OpenCV
 *     deno run -A tools/setup.ts long     as test, and a render farm's packages, players of HLS, a browser
 *     deno run -A tools/setup.ts live     as node, and receivers of live video, players of HLS, a browser
 *     deno run -A tools/setup.ts node     as test, and a Node that can call native libraries
 *     deno run -A tools/setup.ts bench    as node, and the peer from npm that the benchmark compares with
 *     deno run -A tools/setup.ts fidelity as test, and the programs that judge videos
 *     deno run -A tools/setup.ts check    as test, and a C++ compiler and FFmpeg's headers
 *     deno run -A tools/setup.ts packages as node, and the compiler and the bundler of the package's forms
 *     deno run -A tools/setup.ts docs     as test, the site generator, what examples need, a browser
 *
 * It asks no questions. As root on Debian and its kin it installs with apt-get; elsewhere it prints the
 * command to run, and exits with 1.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { installCommand, installHint, loadNative, runtime } from "../ffi/mod.ts";
import { LibraryNotFoundError } from "../ffi/errors.ts";
import { judgeFolder, judgePackages, judgeProgram } from "./judge.ts";
import { nodePackage, nodeProgram } from "./node_program.ts";
import { checkPackages, ProbeError, runProbe } from "./header_probe.ts";

/** The release of Bun that tests run on. */
export const bunVersion = "1.4.5";

/** What the tests need from npm. */
export const npmPackages: Readonly<Record<string, string>> = {
  "bun": bunVersion,
  "bun-types": bunVersion,
  "deno-std": "1.4.0",
  "fast-check": "4.11.0",
};

/** The release of Node that tests run on, whose package is one for each system. */
export const nodeVersion = "26.10.0";

/**
 * What the benchmark compares with. It has libraries of its own, one package for each system: here that of
 * `hasPeer`.
 */
const peerPackages: Readonly<Record<string, string>> = {
  "node-av": "6.1.1",
  "@seydx/node-av-linux-x64": "6.1.1",
  "mediabunny": "1.61.0",
  "@mediabunny/server": "1.59.0",
};

/** The players in a browser that judge HLS and DASH. */
export const playerPackages: Readonly<Record<string, string>> = { "dashjs": "5.2.1", "hls.js": "1.7.4" };
/** Where they are. */
export const playerFolder = "tests/players";

/** Receivers of live video, and where they are. */
const receiverPackages: Readonly<Record<string, string>> = {
  "node-media-server": "4.4.3",
  "werift": "0.25.2",
};
const receiverFolder = "tests/receivers";
/** Those of Debian: a file of each, and its package. */
const receiverFiles: Readonly<Record<string, string>> = {
  "/usr/lib/nginx/modules/ngx_rtmp_module.so": "libnginx-mod-rtmp",
  "/usr/sbin/nginx": "nginx",
  "/usr/bin/stunnel": "stunnel4",
  "/usr/bin/icecast2": "icecast2",
  "/usr/bin/srt-live-transmit": "srt-tools",
  "/usr/lib/x86_64-linux-gnu/girepository-1.0/GstRtspServer-1.0.typelib": "gir1.2-gst-rtsp-server-1.0",
  "/usr/lib/python3/dist-packages/gi/__init__.py": "python3-gi",
  "/usr/lib/x86_64-linux-gnu/gstreamer-1.0/libgstmatroska.so": "gstreamer1.0-plugins-good",
  "/usr/lib/x86_64-linux-gnu/gstreamer-1.0/libgstvideoparsersbad.so": "gstreamer1.0-plugins-bad",
};

/** What builds the documentation's site, and what its examples import. */
export const docsPackages: Readonly<Record<string, string>> = {
  "@napi-rs/canvas": "1.1.1",
  "playwright-core": "1.65.1",
};
const sitePackages: Readonly<Record<string, string>> = { "vitepress": "1.6.4", ...docsPackages };

/** What makes the npm package, and a bundler to try it with: the program of this system is a package, too. */
const packageTools: Readonly<Record<string, string>> = { "typescript": "7.0.2", "esbuild": "0.28.2" };

/** Whether the benchmark's peer runs on this system. */
const hasPeer = Deno.build.os === "linux" && Deno.build.arch === "x86_64";

/** Bun's program, which has this name on every system. */
export const bunProgram = "node_modules/bun/bin/bun.exe";

/** What keeps the set-up from going on; its message tells the person what to do. */
class SetupError extends Error {
  override name = "SetupError";
}

const { system } = runtime();

/** Runs a program without a question: it has no input. Throws with what it said where it fails. */
async function mustRun(program: string, args: string[], env: Record<string, string> = {}): Promise<void> {
  const command = new Deno.Command(program, { args, env, stdin: "null", stdout: "piped", stderr: "piped" });
  const { success, stdout, stderr } = await command.output();
  if (success) return;
  const decoder = new TextDecoder();
  const said = `${decoder.decode(stdout)}\n${decoder.decode(stderr)}`.trim().split("\n").slice(-8).join("\n");
  throw new SetupError(`${program} ${args[0]} failed:\n${said}`);
}

/** Whether a program is there and ends well. */
async function works(program: string, args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

/** Whether the libraries load. Fails where they are there but can't be used: installing would not help. */
function hasLibraries(): boolean {
  try {
    loadNative();
    return true;
  } catch (error) {
    if (error instanceof LibraryNotFoundError) return false;
    throw error;
  }
}

async function hasFfmpeg(): Promise<boolean> {
  return hasLibraries() && await works("ffmpeg", ["-version"]) && await works("ffprobe", ["-version"]);
}

async function setUpFfmpeg(): Promise<void> {
  if (await hasFfmpeg()) return;
  const osRelease = system === "linux"
    ? await Deno.readTextFile("/etc/os-release").catch(() => "")
    : undefined;
  const command = installCommand(system, osRelease);
  if (!await canInstall()) {
    const isRoot = system !== "linux" || Deno.uid() === 0;
    throw new SetupError(
      command === null
        ? `FFmpeg is missing. ${installHint(system, osRelease)}`
        : `FFmpeg is missing. Install it, then try again:\n\n    ${isRoot ? "" : "sudo "}${command}\n`,
    );
  }
  await installPackages(["ffmpeg"]);
  if (!await hasFfmpeg()) throw new SetupError("FFmpeg was installed, but its libraries do not load");
}

/** Whether this is root on a system with apt-get. */
async function canInstall(): Promise<boolean> {
  return system === "linux" && Deno.uid() === 0 && await works("apt-get", ["--version"]);
}

async function installPackages(packages: readonly string[]): Promise<void> {
  console.error(`Installing with apt-get: ${packages.join(", ")}`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await mustRun("apt-get", ["update"], env);
  await mustRun("apt-get", ["install", "-y", "--no-install-recommends", ...packages], env);
}

function installedVersion(name: string, folder: string): string | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(`${folder}/node_modules/${name}/package.json`)).version;
  } catch {
    return undefined;
  }
}

/** Whether npm's packages are there, in the versions given. */
export function arePackagesThere(packages: Readonly<Record<string, string>>, folder: string): boolean {
  return Object.entries(packages).every(([name, version]) => installedVersion(name, folder) === version);
}

/** Installs npm's packages into a folder, without their scripts. */
export async function installFromNpm(
  packages: Readonly<Record<string, string>>,
  folder: string,
  options: readonly string[] = [],
): Promise<void> {
  const names = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
  console.error(`Installing with npm into ${folder}/node_modules: ${names.join(", ")}`);
  await mustRun(system === "windows" ? "npm.cmd" : "npm", [
    "install",
    ...["--prefix", folder, "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"],
    ...options,
    ...names,
  ]);
}

async function setUpNpmPackages(): Promise<void> {
  if (arePackagesThere(npmPackages, ".") && await works(bunProgram, ["--version"])) return;
  // npm may leave out install scripts, and Bun is no program before its own has run: so it is run by hand.
  await installFromNpm(npmPackages, ".");
  await mustRun("node", ["node_modules/bun/install.js"]);
  if (!await works(bunProgram, ["--version"])) throw new SetupError("Bun was installed, but does not start");
}

/** The ffprobe that starts at once: where it can't be installed, tests take the system's. */
async function setUpFastJudge(): Promise<void> {
  if (arePackagesThere(judgePackages, judgeFolder)) return;
  try {
    await installFromNpm(judgePackages, judgeFolder);
    await Deno.chmod(judgeProgram, 0o755);
  } catch (error) {
    console.error(`Tests take the system's ffprobe, which starts more slowly: ${(error as Error).message}`);
  }
}

async function setUpNode(): Promise<void> {
  // In a folder of its own: npx would run it instead of the Node at hand.
  const node = { [nodePackage]: nodeVersion };
  if (!arePackagesThere(node, "tools")) await installFromNpm(node, "tools");
  if (await works(nodeProgram, ["--version"])) return;
  // Node's own build needs a library that small Debian systems lack.
  if (await canInstall()) await installPackages(["libatomic1"]);
  if (!await works(nodeProgram, ["--version"])) {
    throw new SetupError("Node was installed, but does not start");
  }
}

/**
 * The server that tests record from: where it is missing and can't be installed, they say so and are skipped.
 */
async function setUpAudioServer(): Promise<void> {
  if (await works("pulseaudio", ["--version"]) || !await canInstall()) return;
  await installPackages(["pulseaudio"]);
}

/** Debian's Python with OpenCV, which judges what is written as OpenCV does; likewise. */
async function setUpOpenCv(): Promise<void> {
  // To import it would take a second.
  const program = "import importlib.util, sys; sys.exit(importlib.util.find_spec('cv2') is None)";
  if (await works("/usr/bin/python3", ["-c", program]) || !await canInstall()) return;
  await installPackages(["python3-opencv"]);
}

/** What the example of a render farm needs: where it can't be installed, its tests say so and are skipped. */
async function setUpFarm(): Promise<void> {
  const folder = "examples/farm";
  const { dependencies } = JSON.parse(await Deno.readTextFile(`${folder}/package.json`));
  if (!arePackagesThere(dependencies, folder)) await installFromNpm(dependencies, folder);
  if (await works("redis-server", ["--version"]) || !await canInstall()) return;
  await installPackages(["redis-server"]);
}

/** The players, and their browser: where they can't be installed, their tests say so and are skipped. */
async function setUpPlayers(): Promise<void> {
  if (!arePackagesThere(playerPackages, playerFolder)) await installFromNpm(playerPackages, playerFolder);
  if (!await works("chromium", ["--version"]) && await canInstall()) await installPackages(["chromium"]);
}

/** The receivers of live video: where they can't be installed, their tests say so and are skipped. */
async function setUpReceivers(): Promise<void> {
  if (!arePackagesThere(receiverPackages, receiverFolder)) {
    await installFromNpm(receiverPackages, receiverFolder);
  }
  if (!await canInstall()) return;
  const missing = Object.entries(receiverFiles).filter(([file]) => !existsSync(file));
  if (missing.length > 0) await installPackages(missing.map(([, debianPackage]) => debianPackage));
}

async function setUpPeer(): Promise<void> {
  if (!hasPeer) {
    console.error("node-av is compared with on Linux on x86-64 only: the benchmark leaves it out");
    return;
  }
  if (arePackagesThere(peerPackages, "bench")) return;
  // Its optional packages are the libraries for other systems, and its scripts would download what the named
  // one holds.
  await installFromNpm(peerPackages, "bench", ["--omit=optional"]);
  if (!arePackagesThere(peerPackages, "bench")) {
    throw new SetupError("node-av was installed, but is not there");
  }
}

async function setUpPackageTools(): Promise<void> {
  if (!arePackagesThere(packageTools, "tools/packages")) await installFromNpm(packageTools, "tools/packages");
}

/**
 * The packages of the documentation, and the browser that its examples record: where that can't be installed,
 * they are skipped.
 */
async function setUpDocs(): Promise<void> {
  if (!arePackagesThere(sitePackages, "docs")) await installFromNpm(sitePackages, "docs");
  if (!await works("chromium", ["--version"]) && await canInstall()) await installPackages(["chromium"]);
}

function hasHeaders(): boolean {
  try {
    runProbe("void probe() {}", undefined);
    return true;
  } catch (error) {
    if (error instanceof ProbeError) return false;
    throw error;
  }
}

async function setUpHeaders(): Promise<void> {
  if (hasHeaders()) return;
  if (!await canInstall()) {
    throw new SetupError(
      "A C++ compiler and FFmpeg's headers are missing. Install them, then try again. On Debian and Ubuntu:\n\n" +
        `    sudo apt-get install -y ${checkPackages.join(" ")}\n`,
    );
  }
  await installPackages(checkPackages);
  // Told here rather than as "missing" by the checks.
  runProbe("void probe() {}", undefined);
}

/** The programs that judge videos: the option that makes each tell its version, and its Debian package. */
const judges: Readonly<Record<string, readonly [option: string, debianPackage: string]>> = {
  chromium: ["--version", "chromium"],
  mediaconch: ["--version", "mediaconch"],
  mediainfo: ["--version", "mediainfo"],
  mkvmerge: ["--version", "mkvtoolnix"],
  webpmux: ["-version", "webp"],
};

async function missingJudges(): Promise<string[]> {
  const missing: string[] = [];
  for (const [program, [option, debianPackage]] of Object.entries(judges)) {
    if (!await works(program, [option])) missing.push(debianPackage);
  }
  return missing;
}

async function setUpJudges(): Promise<void> {
  const missing = await missingJudges();
  if (missing.length === 0) return;
  if (!await canInstall()) {
    throw new SetupError(
      "Programs that judge videos are missing. Install them, then try again. On Debian:\n\n" +
        `    sudo apt-get install -y ${missing.join(" ")}\n`,
    );
  }
  await installPackages(missing);
  const still = await missingJudges();
  if (still.length > 0) throw new SetupError(`Installed, but they do not start: ${still.join(", ")}`);
}

/** What the tests of all kinds need. */
const testSteps = [setUpFfmpeg, setUpNpmPackages, setUpFastJudge, setUpAudioServer, setUpOpenCv];

const targets: Readonly<Record<string, readonly (() => Promise<void>)[]>> = {
  demo: [setUpFfmpeg],
  test: testSteps,
  long: [...testSteps, setUpFarm, setUpPlayers],
  live: [...testSteps, setUpNode, setUpPlayers, setUpReceivers],
  node: [...testSteps, setUpNode],
  bench: [setUpFfmpeg, setUpNpmPackages, setUpNode, setUpPeer],
  fidelity: [setUpFfmpeg, setUpNpmPackages, setUpJudges],
  check: [setUpFfmpeg, setUpNpmPackages, setUpHeaders],
  packages: [setUpFfmpeg, setUpNpmPackages, setUpNode, setUpPackageTools],
  docs: [setUpFfmpeg, setUpNpmPackages, setUpDocs],
};

async function main(args: readonly string[]): Promise<void> {
  const steps = args.length === 1 ? targets[args[0]!] : undefined;
  if (steps === undefined) throw new SetupError(`Usage: tools/setup.ts ${Object.keys(targets).join("|")}`);
  Deno.chdir(new URL("..", import.meta.url));
  for (const step of steps) await step();
}

if (import.meta.main) {
  try {
    await main(Deno.args);
  } catch (error) {
    console.error((error as Error).message);
    Deno.exit(1);
  }
}
