import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import process from "node:process";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { obstacleTo } from "../ffi/mod.ts";
import { recoverFile } from "../mod.ts";
import { permissionBitsAreIgnored, type SkipReason, withoutRootsRights } from "./support/features.ts";
import { TemporaryFolder } from "./support/media.ts";
import { isDeno, Recording } from "./support/processes.ts";
import { assertOrdinary, play, playRest, type RecordFailure } from "./support/record.ts";
import { testsOf } from "./support/test.ts";

const { isLong, some, test, testBoth, testLong } = testsOf(import.meta.url);

const picture = { width: 320, height: 180, fps: 30, content: "noise" } as const;
/** Frames of a whole recording: several fragments and clusters. */
const frames = 40;

/** Whether a command can be run here. */
function works(command: string, parameters: readonly string[]): boolean {
  return spawnSync(command, parameters, { stdio: "ignore" }).status === 0;
}

/** The reason where strace can't hinder a program here. */
const cannotHinder: SkipReason =
  !works("strace", ["--seccomp-bpf", "-f", "-o", "/dev/null", "-e", "trace=write", "true"]) &&
  "strace cannot be used here";

/** What goes wrong: strace's injection, and the file that it concerns. */
interface Fault {
  readonly inject: string;
  readonly file: "recording" | "ordinary file";
}

/** What a recording on a bad disk came to. */
interface Hindered {
  readonly written: number;
  readonly failure: RecordFailure | null;
}

async function recordOnBadDisk(path: string, { inject, file }: Fault): Promise<Hindered> {
  const syscall = inject.split(":")[0]!;
  const wrapper = [
    ...[
      "strace",
      "--seccomp-bpf",
      "-f",
      "-o",
      "/dev/null",
      "-e",
      `trace=${syscall}`,
      "-e",
      `inject=${inject}`,
    ],
    ...["-P", file === "recording" ? path : `${path}.avwriter`],
  ];
  using recording = new Recording({ codec: "mpeg4", path, ...picture, frames }, { wrapper });
  const failure = await recording.end();
  return { written: recording.framesWritten, failure };
}

type Check = (path: string, hindered: Hindered) => void | Promise<void>;

/** Records under each of the faults, three at a time; tells those where the check fails. */
async function checkFaults(extension: string, faults: readonly Fault[], check: Check): Promise<void> {
  using folder = new TemporaryFolder();
  const wrong: string[] = [];
  const waiting = [...faults.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, fault] = next;
      mkdirSync(folder.file(`${index}`));
      const path = folder.file(`${index}/a.${extension}`);
      try {
        const hindered = await recordOnBadDisk(path, fault);
        await check(path, hindered);
        assertEquals(readdirSync(folder.file(`${index}`)), [`a.${extension}`]);
      } catch (error) {
        wrong.push(`${fault.inject} on the ${fault.file}: ${(error as Error).message}`);
      }
    }
  };
  await Promise.all([work(), work(), work()]);
  assertEquals(wrong, []);
}

/** Checks an error of the disk's: its code, the path and the system's words. */
function checkWords(path: string, failure: RecordFailure | null, code: string, words: RegExp): void {
  assert(failure !== null, "nothing failed");
  assertEquals([failure.type, failure.code], ["WriteError", code], failure.message);
  assert(failure.message.startsWith("Cannot "), failure.message);
  assertStringIncludes(failure.message, path);
  assert(words.test(failure.message), failure.message);
}

const inputOutput = /Input\/output error|i\/o error/;

/** Checks that what is left plays up to two seconds before, and that an ordinary file is made of it. */
async function checkRest(path: string, written: number): Promise<void> {
  const rest = playRest(path, written, picture);
  if (rest === null) return;
  assertEquals((await recoverFile(path)).frames, rest.frames);
  assertOrdinary(path);
  assertEquals(play(path, { ...picture, isCut: true }), rest);
}

for (const extension of some(["mp4", "mkv"], 2)) {
  testBoth(`write: a disk that fails to write ${extension} is reported clearly, and what is left plays`, {
    skip: cannotHinder,
  }, async () => {
    const faults = (isLong ? [1, 2, 4, 7] : [4]).flatMap((count) => [
      { inject: `write:error=EIO:when=${count}+`, file: "recording" } as const,
      // It recovers at once: what comes later is not written into the gap.
      { inject: `write:error=EIO:when=${count}`, file: "recording" } as const,
    ]);
    await checkFaults(extension, faults, async (path, { written, failure }) => {
      checkWords(path, failure, "EIO", inputOutput);
      await checkRest(path, written);
    });
  });
}

testLong("close: a disk that fails to close the recording is reported clearly, and what is left plays", {
  skip: cannotHinder,
}, async () => {
  // The first close is that of the check at open.
  const fault = { inject: "close:error=EIO:when=2+", file: "recording" } as const;
  for (const extension of isLong ? ["mp4", "mkv"] : ["mp4"]) {
    await checkFaults(extension, [fault], async (path, { written, failure }) => {
      checkWords(path, failure, "EIO", inputOutput);
      await checkRest(path, written);
    });
  }
});

testBoth(
  "close: a disk that fails while the ordinary file is made is reported clearly, and every frame is there",
  {
    skip: cannotHinder,
  },
  async () => {
    const writing = [
      ...["write:error=EIO:when=1+", "write:error=EIO:when=5+", "rename:error=EIO:when=1"],
      // The first two opens are those of the checks at the beginning, and the same goes for close.
      ...["openat:error=EIO:when=3", "openat:error=EIO:when=4", "close:error=EIO:when=4"],
    ].map((inject) => ({ inject, file: "ordinary file" } as const));
    const readingBack = ["read:error=EIO:when=4", "lseek:error=EIO:when=3+"]
      .map((inject) => ({ inject, file: "recording" } as const));
    const faults = [...writing, ...readingBack];
    await checkFaults(
      "mp4",
      isLong ? faults : [writing[1]!, writing[2]!, readingBack[0]!],
      async (path, { failure }) => {
        checkWords(
          path,
          failure,
          "EIO",
          /Cannot make an ordinary file of the fragments .* recoverFile makes it/,
        );
        assertEquals(play(path, picture), { frames, seconds: frames / picture.fps });
        assertEquals((await recoverFile(path)).frames, frames);
        assertOrdinary(path);
      },
    );
  },
);

testLong("write: a limit on the size of files is reported clearly, and what is left plays", {
  skip: process.platform === "win32" && "Windows has no such limit",
}, async () => {
  using folder = new TemporaryFolder();
  // A million bytes. Deno does not ignore the signal that comes with it, and would end.
  const wrapper = ["sh", "-c", 'ulimit -f 2000; trap "" XFSZ; exec "$@"', "sh"];
  for (const extension of ["mp4", "mkv"]) {
    const path = folder.file(`a.${extension}`);
    using recording = new Recording({ codec: "mpeg4", path, ...picture, frames }, { wrapper });
    const failure = await recording.end();
    checkWords(path, failure, "EFBIG", /File too large.* Raise the limit on file sizes/);
    await checkRest(path, recording.framesWritten);
  }
});

test("crashSafe: a file in a read-only folder is recorded without it, and refused with it", {
  skip: permissionBitsAreIgnored(),
}, async () => {
  const wrapper = withoutRootsRights();
  using folder = new TemporaryFolder();
  const path = folder.file("closed/a.mp4");
  mkdirSync(folder.file("closed"));
  writeFileSync(path, "old");
  chmodSync(folder.file("closed"), 0o555);
  const request = { codec: "mpeg4", path, ...picture, frames: 10 };
  {
    using recording = new Recording({ ...request, options: { crashSafe: true } }, { wrapper });
    const failure = await recording.end();
    checkWords(path, failure, "EACCES", /a\.mp4\.avwriter": permission denied/);
    assertEquals(readFileSync(path, "utf8"), "old");
  }
  using recording = new Recording(request, { wrapper });
  assertEquals(await recording.end(), null);
  assertEquals(play(path, picture).frames, 10);
  assertOrdinary(path);
  assertEquals(readdirSync(folder.file("closed")), ["a.mp4"]);
});

/** Runs a program as somebody who may read and write everything, but owns nothing. */
const asStranger = [
  ...["setpriv", "--reuid=65534", "--inh-caps=+dac_override,+dac_read_search"],
  "--ambient-caps=+dac_override,+dac_read_search",
];
const noStranger: SkipReason =
  (isDeno || !works(asStranger[0]!, [...asStranger.slice(1), process.execPath, "--version"])) &&
  "nobody else can run this runtime here: its cache is another user's";

test("crashSafe: a file of another user in a sticky folder is recorded without it, and refused with it", {
  skip: noStranger,
}, async () => {
  const wrapper = asStranger;
  using folder = new TemporaryFolder();
  const path = folder.file("shared/a.mp4");
  mkdirSync(folder.file("shared"));
  writeFileSync(path, "old");
  chmodSync(path, 0o666);
  chmodSync(folder.file("shared"), 0o1777);
  const request = { codec: "mpeg4", path, ...picture, frames: 10 };
  {
    using recording = new Recording({ ...request, options: { crashSafe: true } }, { wrapper });
    const failure = await recording.end();
    checkWords(path, failure, "EPERM", /a\.mp4": it belongs to another user/);
    assertEquals(readFileSync(path, "utf8"), "old");
  }
  using recording = new Recording(request, { wrapper });
  assertEquals(await recording.end(), null);
  assertEquals(play(path, picture).frames, 10);
  assertEquals(readdirSync(folder.file("shared")), ["a.mp4"]);
});

test(
  "crashSafe: who may replace a file is seen before: its owner, the owner of its sticky folder, and root",
  {
    skip: process.platform === "win32" && "Windows has no permission bits",
  },
  () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mp4");
    assertEquals(obstacleTo(path, 65_534), null);
    writeFileSync(path, "old");
    const { uid } = statSync(path);
    assertEquals(obstacleTo(path, uid + 1), null);
    chmodSync(folder.path, 0o1777);
    assertEquals([uid, 0, uid + 1].map((owner) => obstacleTo(path, owner)), [null, null, "EPERM"]);
  },
);

const cannotMount: SkipReason = !works("unshare", ["-m", "true"]) && "nothing can be mounted here";

test(
  "crashSafe: a file that is mounted is recorded without it, and refused with it",
  { skip: cannotMount },
  async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mp4");
    writeFileSync(path, "old");
    writeFileSync(folder.file("elsewhere"), "old");
    const mount = `mount --bind "$0" "$1" && shift && exec "$@"`;
    const wrapper = ["unshare", "-m", "sh", "-c", mount, folder.file("elsewhere"), path];
    const request = { codec: "mpeg4", path, ...picture, frames: 10 };
    {
      using recording = new Recording({ ...request, options: { crashSafe: true } }, { wrapper });
      checkWords(path, await recording.end(), "EBUSY", /a\.mp4": something is mounted/);
    }
    using recording = new Recording(request, { wrapper });
    assertEquals(await recording.end(), null);
    writeFileSync(path, readFileSync(folder.file("elsewhere")));
    assertEquals(play(path, picture).frames, 10);
  },
);
