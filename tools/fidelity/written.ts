/**
 * Files that both runtimes write for a case, each in a process of its own.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { bunProgram } from "../setup.ts";
import type { Complaints, WritableCase } from "./case_types.ts";
import { lines, run } from "./commands.ts";

/** A runtime that writes files. */
export interface Runtime {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
}

/** A file that was written, and what was said while it was. */
export interface Written<Test extends WritableCase> {
  readonly runtime: string;
  readonly test: Test;
  /** Its name in the folder. */
  readonly name: string;
  readonly isWritten: boolean;
  /** An earlier file with the same bytes. */
  readonly sameAs: Pick<Written<Test>, "runtime" | "name"> | null;
  readonly complaints: Complaints;
}

/** The runtimes, each with the arguments that stand before a program of this folder. */
export async function runtimes(): Promise<readonly Runtime[]> {
  const hasOwnBun = await Deno.stat(bunProgram).then(() => true, () => false);
  return [
    { name: "Deno", program: Deno.execPath(), args: ["run", "-A", "--no-check"] },
    { name: "Bun", program: hasOwnBun ? bunProgram : "bun", args: [] },
  ];
}

async function sameBytes(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all(
    [one, other].map((path) => Deno.readFile(path).catch(() => null)),
  );
  if (!first || !second || first.length !== second.length) return false;
  return first.every((byte, index) => byte === second[index]);
}

/** Writes a case's file with a runtime, which must say nothing. */
async function write<Test extends WritableCase>(
  folder: string,
  writer: string,
  test: Test,
  { name: runtime, program, args }: Runtime,
): Promise<Written<Test>> {
  const script = fileURLToPath(new URL(writer, import.meta.url));
  const name = `${runtime.toLowerCase()}-${test.name}.${test.extension}`;
  const ended = await run(program, [...args, script, JSON.stringify(test), `${folder}/${name}`]);
  const said = lines(ended.stderr);
  const error = said.find((line) => /Error: /.test(line));
  const isWritten = ended.code === 0;
  const complaints = isWritten ? said : [error ?? said.at(-1) ?? "", `it ended with ${ended.code}`];
  if (ended.stdout.length > 0) complaints.push("it printed on stdout");
  const named = complaints.map((complaint) => `writer: ${complaint}`);
  return { runtime, test, name, isWritten, sameAs: null, complaints: named };
}

/**
 * Writes a case's file with each runtime, by a program of this folder that is told the case as JSON and the
 * path.
 */
export async function writeAll<Test extends WritableCase>(
  folder: string,
  writer: string,
  test: Test,
  by: readonly Runtime[],
): Promise<Written<Test>[]> {
  const written: Written<Test>[] = [];
  for (const runtime of by) {
    const file = await write(folder, writer, test, runtime);
    const [first] = written;
    const isSame = first !== undefined &&
      await sameBytes(`${folder}/${first.name}`, `${folder}/${file.name}`);
    written.push({ ...file, sameAs: isSame ? first : null });
  }
  return written;
}

/** Does all, a few at a time. */
export async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index]!);
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, worker));
  return results;
}
