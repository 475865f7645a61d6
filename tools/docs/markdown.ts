/**
 * What the checks of the documentation need to know of a Markdown file: its code blocks, headings and links.
 *
 * @module
 */

/** A fenced code block. */
export interface CodeBlock {
  /** The file that it stands in, relative to the repository. */
  readonly file: string;
  /** The line of its opening fence, from 1. */
  readonly line: number;
  /** The language after the fence: `"ts"`, `"sh"`; empty where there is none. */
  readonly language: string;
  /** The text of a comment `<!-- snippet: ... -->` above it; `null` where there is none. */
  readonly mark: string | null;
  /** What is in it. */
  readonly text: string;
}

/** A link to another place. */
export interface Link {
  /** The line that it stands in, from 1. */
  readonly line: number;
  /** Where it leads, as written. */
  readonly target: string;
}

/** A Markdown file. */
export interface Page {
  /** Its path, relative to the repository. */
  readonly file: string;
  /** Its code blocks. */
  readonly blocks: readonly CodeBlock[];
  /** Its links and images outside of code. */
  readonly links: readonly Link[];
  /** The names of its headings, as GitHub makes them. */
  readonly anchors: ReadonlySet<string>;
  /** Its text without code blocks. */
  readonly prose: string;
}

const fence = /^( *)(`{3,})(\S*)(.*)$/;
const snippetMark = /^ *<!-- snippet: (.*?) *-->$/;
const heading = /^#{1,6} +(.*?) *#*$/;
/** `[text](target)` and `![text](target)`, a title left out. */
const inlineLink = /\]\(([^)\s]+)(?: "[^"]*")?\)/g;

/** The anchor that GitHub and VitePress give a heading. */
export function slug(title: string): string {
  return title
    .replaceAll(/[`*]|\]\([^)]*\)|\[/g, "")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(/\s/g, "-");
}

/** Reads a Markdown file. */
export function parsePage(file: string, text: string): Page {
  const blocks: CodeBlock[] = [];
  const links: Link[] = [];
  const anchors = new Set<string>();
  const prose: string[] = [];
  const lines = text.split("\n");
  let mark: string | null = null;
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    const opening = fence.exec(line);
    if (opening !== null) {
      const end = lines.findIndex((other, at) => at > index && other.trim() === opening[2]);
      if (end === -1) throw new Error(`${file}:${index + 1}: the code block has no end`);
      const indent = opening[1]!.length;
      const code = lines.slice(index + 1, end).map((other) => other.slice(indent)).join("\n");
      blocks.push({ file, line: index + 1, language: opening[3]!, mark, text: `${code}\n` });
      index = end;
      mark = null;
      continue;
    }
    if (line.trim() !== "") mark = snippetMark.exec(line)?.[1] ?? null;
    const title = heading.exec(line)?.[1];
    if (title !== undefined) anchors.add(slug(title));
    const plain = line.replaceAll(/`[^`]*`/g, "``");
    for (const [, target] of plain.matchAll(inlineLink)) links.push({ line: index + 1, target: target! });
    prose.push(line);
  }
  return { file, blocks, links, anchors, prose: prose.join("\n") };
}

/**
 * The files in which people read about avwriter: those at the root, and all of `docs/`. Paths are relative to
 * the repository.
 */
export function readPages(): Page[] {
  const files = [...Deno.readDirSync(".")].flatMap(({ name }) => name.endsWith(".md") ? [name] : []);
  collect("docs", files);
  return files.sort().map((file) => parsePage(file, Deno.readTextFileSync(file)));
}

function collect(folder: string, files: string[]): void {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory && name !== "node_modules" && !name.startsWith(".")) collect(`${folder}/${name}`, files);
    else if (name.endsWith(".md")) files.push(`${folder}/${name}`);
  }
}
