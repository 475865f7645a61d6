import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { distributionWords, installCommand, installHint } from "../ffi/install_hint.ts";
import {
  libraryFileName,
  libraryMajor,
  libraryPath,
  majorsNewestFirst,
  searchFolders,
  splitSearchPath,
} from "../ffi/locate.ts";

/** A machine as `searchFolders` sees it. */
function machine(
  system: "linux" | "darwin" | "windows",
  architecture: string,
  variables: Readonly<Record<string, string>> = {},
) {
  return { system, architecture, variable: (name: string): string | undefined => variables[name] };
}

test("libraryFileName: libraries have the names that each system gives them", () => {
  assertEquals(libraryFileName("linux", "avcodec", 59), "libavcodec.so.59");
  assertEquals(libraryFileName("darwin", "avcodec", 59), "libavcodec.59.dylib");
  assertEquals(libraryFileName("windows", "avcodec", 59), "avcodec-59.dll");
  assertEquals(libraryPath("linux", "/usr/lib64", "avutil", 59), join("/usr/lib64", "libavutil.so.57"));
  assertEquals(libraryPath("linux", ".", "avutil", 59), "./libavutil.so.57");
});

test("libraryMajor: the majors of one release belong together", () => {
  // FFmpeg 4.3, 5.1, 6.1, 7.1, 8.1 and 9.0, from their version.h files.
  const sets = [
    [58, 56, 58, 7, 5, 3],
    [59, 57, 59, 8, 6, 4],
    [60, 58, 60, 9, 7, 4],
    [61, 59, 61, 10, 8, 5],
    [62, 60, 62, 11, 9, 6],
    [63, 61, 63, 12, 10, 7],
  ];
  for (const [avcodec, ...others] of sets) {
    const found = (["avutil", "avformat", "avfilter", "swscale", "swresample"] as const)
      .map((library) => libraryMajor(library, avcodec!));
    assertEquals(found, others);
  }
});

test("majorsNewestFirst: the newest major is tried first", () => {
  assertEquals(majorsNewestFirst, [63, 62, 61, 60, 59, 58]);
});

test("splitSearchPath: a path splits at its system's separator and loses empty parts", () => {
  assertEquals(splitSearchPath("linux", "/a:/b::/c:"), ["/a", "/b", "/c"]);
  assertEquals(splitSearchPath("darwin", "/a:/b"), ["/a", "/b"]);
  assertEquals(splitSearchPath("windows", "C:\\a;D:\\b;"), ["C:\\a", "D:\\b"]);
  assertEquals(splitSearchPath("linux", ""), []);
});

test("searchFolders: on Linux the multiarch folder is the processor's", () => {
  for (const architecture of ["x86_64", "aarch64"]) {
    const folders = searchFolders(machine("linux", architecture));
    assert(folders.includes(`/usr/lib/${architecture}-linux-gnu`), folders.join());
    assert(folders.includes("/usr/lib64") && folders.includes("/usr/lib"), folders.join());
    assert(folders.indexOf("/usr/local/lib") < folders.indexOf("/usr/lib"), "own builds come first");
    const other = architecture === "x86_64" ? "aarch64" : "x86_64";
    assertEquals(folders.some((folder) => folder.includes(other)), false);
  }
});

test("searchFolders: on Linux LD_LIBRARY_PATH comes first, as for the system's loader", () => {
  const folders = searchFolders(machine("linux", "x86_64", { LD_LIBRARY_PATH: "/opt/a:/opt/b" }));
  assertEquals(folders.slice(0, 2), ["/opt/a", "/opt/b"]);
  assert(folders.includes("/usr/lib"));
});

test("searchFolders: on macOS Homebrew on both processors and MacPorts are searched", () => {
  const folders = searchFolders(machine("darwin", "aarch64"));
  for (
    const folder of [
      "/opt/homebrew/lib",
      "/usr/local/lib",
      "/opt/local/lib",
      "/opt/homebrew/opt/ffmpeg@7/lib",
    ]
  ) {
    assert(folders.includes(folder), folder);
  }
});

test("searchFolders: on Windows the folders of PATH are searched", () => {
  const path = "C:\\Windows;C:\\ffmpeg\\bin";
  assertEquals(searchFolders(machine("windows", "x86_64", { PATH: path })), [
    "C:\\Windows",
    "C:\\ffmpeg\\bin",
  ]);
  assertEquals(searchFolders(machine("windows", "x86_64")), []);
});

test("libraryPath: a folder that is named is the only one, and the option wins over the variable", () => {
  const variables = { AVWRITER_LIBRARY_PATH: "/from/variable", LD_LIBRARY_PATH: "/x", PATH: "C:\\x" };
  for (const system of ["linux", "darwin", "windows"] as const) {
    assertEquals(searchFolders(machine(system, "x86_64", variables)), ["/from/variable"]);
    assertEquals(searchFolders(machine(system, "x86_64", variables), "/from/option"), ["/from/option"]);
    assertEquals(searchFolders(machine(system, "x86_64"), "/from/option"), ["/from/option"]);
  }
  assertEquals(searchFolders(machine("linux", "x86_64"), "/one:/two"), ["/one", "/two"]);
});

test("libraryPath: an empty variable is the same as none", () => {
  const folders = searchFolders(machine("linux", "x86_64", { AVWRITER_LIBRARY_PATH: "" }));
  assertEquals(folders, searchFolders(machine("linux", "x86_64")));
});

/** Lines of os-release files as the systems ship them, and the program that installs packages there. */
const systems: readonly (readonly [string, string, string | null])[] = [
  ["Debian", 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n', "apt-get"],
  ["Ubuntu", 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n', "apt-get"],
  ["Mint", 'ID=linuxmint\nID_LIKE="ubuntu debian"\n', "apt-get"],
  ["Fedora", 'NAME="Fedora Linux"\nID=fedora\nVERSION_ID=42\n', "dnf"],
  ["Rocky", 'ID="rocky"\nID_LIKE="rhel centos fedora"\n', "dnf"],
  ["openSUSE", 'ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n', "zypper"],
  ["Arch", "ID=arch\nBUILD_ID=rolling\n", "pacman"],
  ["Manjaro", "ID=manjaro\nID_LIKE=arch\n", "pacman"],
  ["Alpine", 'NAME="Alpine Linux"\nID=alpine\n', "apk"],
  ["an unknown one", "ID=plan9\n", null],
  ["a prototype's name", "ID=constructor\n", null],
  ["an empty file", "", null],
];

test("installCommand: is that of the system", () => {
  for (const [name, osRelease, program] of systems) {
    const command = installCommand("linux", osRelease);
    if (program === null) assertEquals(command, null, name);
    else {
      assert(command?.startsWith(`${program} `), `${name}: ${command}`);
      assertStringIncludes(command!, "ffmpeg");
    }
  }
  assertStringIncludes(installCommand("darwin")!, "brew install");
  assertStringIncludes(installCommand("windows")!, "winget install");
  assertEquals(installCommand("linux"), null);
});

test("installHint: holds the command, or those of the known systems", () => {
  assertStringIncludes(installHint("linux", "ID=debian\n"), "apt-get install -y ffmpeg");
  const unknown = installHint("linux", "ID=plan9\n");
  for (const program of ["apt-get", "dnf", "pacman", "apk"]) assertStringIncludes(unknown, program);
});

test("installCommand: words of an os-release file come without quotes, the most specific first", () => {
  assertEquals(distributionWords('NAME="X"\nID_LIKE="rhel fedora"\nID=\'rocky\'\nVERSION_ID=9\n'), [
    "rocky",
    "rhel",
    "fedora",
  ]);
  assertEquals(distributionWords("VERSION_ID=9\n"), []);
});
