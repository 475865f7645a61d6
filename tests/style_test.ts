import { test } from "node:test";
import { readdirSync, readFileSync } from "node:fs";
import { assert, assertEquals } from "@std/assert";
import { repository } from "../tools/architecture/modules.ts";

const maxColumns = 110;
const folders = ["src", "ffi", "tests", "tools", "bench", "examples"];

/** The code of the project, but for what tools generate. */
const files: readonly string[] = [
  "mod.ts",
  ...folders.flatMap((folder) =>
    readdirSync(`${repository}${folder}`, { recursive: true, encoding: "utf8" })
      .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
      .filter((name) => name.endsWith(".ts") && !name.includes("/node_modules/"))
  ),
].filter((name) => !["ffi/layouts.ts", "src/video/kernels/kernels_wasm.ts"].includes(name));

const textOf = (file: string): string => readFileSync(`${repository}${file}`, "utf8");

const comment = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/.source;
const string = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/.source;
/** One at a time, from the left: a string may hold what looks like a comment, and the other way round. */
const parts = (text: string): string[] => text.match(new RegExp(`${comment}|${string}`, "g")) ?? [];

/** The words of names in code: `fooBar` has foo and bar. Names of C functions and constants are not ours. */
function nameWords(text: string): Set<string> {
  const code = text.replace(new RegExp(`${comment}|${string}`, "g"), " ");
  const names = (code.match(/[A-Za-z$][\w$]*/g) ?? []).filter((name) => !name.includes("_"));
  return new Set(
    names.flatMap((name) => name.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? []).map((word) =>
      word.toLowerCase()
    ),
  );
}

/** Contractions in the strings of code. */
function contractions(text: string): string[] {
  const strings = parts(text).filter((part) => !part.startsWith("/"));
  return strings.flatMap((part) => part.match(/\b\w+n\\?'t\b|\b(?:it|that|there|what)\\?'s\b/gi) ?? []);
}

/** Lines of comments that are longer than they may be. Addresses can't be broken. */
function wideComments(text: string): string[] {
  return text.split("\n").filter((line) =>
    line.length > maxColumns && /^\s*(?:\/\*\*|\*|\/\/)/.test(line) && !line.includes("https://")
  );
}

/** The words that ARCHITECTURE.md keeps out of names. */
function bannedWords(): string[] {
  const rows = textOf("ARCHITECTURE.md").match(/^\|.*\|$/gm) ?? [];
  const start = rows.findIndex((row) => row.includes("Not in names"));
  return rows.slice(start + 2).flatMap((row) => row.split("|")[3]!.match(/`(\w+)`/g) ?? [])
    .map((word) => word.slice(1, -1));
}

test("style: ARCHITECTURE.md has a list of words that stay out of names", () => {
  assert(bannedWords().includes("sound"), bannedWords().join(" "));
});

test("style: no name in the code and of its files has a word that the list keeps out", () => {
  const banned = bannedWords();
  const wrong = files.flatMap((file) => {
    const words = nameWords(textOf(file));
    const fileWords = file.split(/[/_.]/);
    return banned.filter((word) => words.has(word) || fileWords.includes(word)).map((word) =>
      `${file}: ${word}`
    );
  });
  assertEquals(wrong, []);
});

test("style: no message has a contraction", () => {
  const ours = files.filter((file) => /^(?:src|ffi)\//.test(file));
  const wrong = ours.flatMap((file) => contractions(textOf(file)).map((word) => `${file}: ${word}`));
  assertEquals(wrong, []);
});

test(`style: no comment is wider than ${maxColumns} columns`, () => {
  assertEquals(files.flatMap((file) => wideComments(textOf(file)).map((line) => `${file}: ${line}`)), []);
});

test("style: the checks of style find what they look for", () => {
  assertEquals([...nameWords('const openSound = "text"; // word\nav_get_sound(URLOf)')], [
    "const",
    "open",
    "sound",
    "url",
    "of",
  ]);
  assertEquals(contractions("`it can't` + 'don\\'t' // isn't\n"), ["can't", "don\\'t"]);
  assertEquals(
    wideComments(`// ${"x".repeat(maxColumns)}\nconst a = "${"x".repeat(maxColumns)}";`).length,
    1,
  );
});
