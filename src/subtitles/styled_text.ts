/**
 * Text with the styles that all notations of subtitles share, and how three of them write it: SubRip, WebVTT
 * and ASS.
 *
 * Packets are made of it here and not by libavcodec, whose encoders do not escape (WebVTT), whose decoders
 * take backslashes and braces of plain text for ASS, and which do either in another way with each release.
 *
 * @module
 */

/** The style of a piece of text. */
export interface Style {
  readonly bold: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
}

/** A piece of text in one style; lines end with `\n`. */
export interface Run extends Style {
  readonly text: string;
}

/** The names of styles in tags and override codes. */
const styleNames = { b: "bold", i: "italic", u: "underline" } as const;
type StyleLetter = keyof typeof styleNames;

const plain: Style = { bold: false, italic: false, underline: false };

/** Collects runs, and joins those of the same style. */
class RunList {
  readonly runs: Run[] = [];
  #style: Style = plain;

  /** Adds text in the current style. */
  add(text: string): void {
    if (text === "") return;
    const last = this.runs.at(-1);
    if (last !== undefined && sameStyle(last, this.#style)) {
      this.runs[this.runs.length - 1] = { ...last, text: last.text + text };
    } else {
      this.runs.push({ ...this.#style, text });
    }
  }

  /** Switches a style on or off. */
  set(letter: StyleLetter, isOn: boolean): void {
    this.#style = { ...this.#style, [styleNames[letter]]: isOn };
  }

  /** Ends all styles. */
  reset(): void {
    this.#style = plain;
  }
}

function sameStyle(one: Style, other: Style): boolean {
  return one.bold === other.bold && one.italic === other.italic && one.underline === other.underline;
}

/** Splits a text by a pattern: `plain` gets the text in between, `found` each match. */
function walk(
  text: string,
  pattern: RegExp,
  plain: (text: string) => void,
  found: (match: RegExpExecArray) => void,
): void {
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    plain(text.slice(from, match.index));
    found(match);
    from = match.index + match[0].length;
  }
  plain(text.slice(from));
}

/** Normalizes line ends. */
function unixLines(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

/** What SubRip readers take for markup. Any other angle bracket is text. */
const subRipMarkup = /<(\/?)([bius])>|<font\b[^>]*>|<\/font>|\{\\an?\d+\}/gi;

/** Parses SubRip notation. */
export function parseSubRip(text: string): Run[] {
  const list = new RunList();
  walk(unixLines(text), subRipMarkup, (text) => list.add(text), ([, slash, name]) => {
    const letter = name?.toLowerCase() ?? "";
    if (letter in styleNames) list.set(letter as StyleLetter, slash === "");
  });
  return list.runs;
}

/** Characters with names in WebVTT (https://www.w3.org/TR/webvtt1/, 4.2.2). */
const webVttNames: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  nbsp: "\u00A0",
  lrm: "\u200E",
  rlm: "\u200F",
};

/** Parses WebVTT notation. */
export function parseWebVtt(text: string): Run[] {
  const list = new RunList();
  const pattern = /<(\/?)([^\s.>]*)[^>]*>|&(amp|lt|gt|nbsp|lrm|rlm);/g;
  walk(unixLines(text), pattern, (text) => list.add(text), ([, slash, tag, name]) => {
    if (name !== undefined) list.add(webVttNames[name]!);
    else if (tag! in styleNames) list.set(tag as StyleLetter, slash === "");
  });
  return list.runs;
}

/** Fields of an ASS event before its text, in Matroska's order. */
const assFields = 8;

/** Parses an ASS event as Matroska stores it. Positions, colours and drawings are left out. */
export function parseAss(event: string): Run[] {
  const list = new RunList();
  const text = event.split(",").slice(assFields).join(",");
  let isDrawing = false;
  const add = (text: string): void => {
    if (!isDrawing) list.add(text);
  };
  walk(unixLines(text), /\{([^}]*)\}|\\([Nnh{}])/g, add, ([, codes, escape]) => {
    if (escape !== undefined) return add({ N: "\n", n: "\n", h: "\u00A0" }[escape] ?? escape);
    for (const [, name, number] of codes!.matchAll(/\\(b|i|u|p|r)(?![a-z])(\d*)/g)) {
      const isOn = Number(number) > 0;
      if (name === "p") isDrawing = isOn;
      else if (name === "r") list.reset();
      else list.set(name as StyleLetter, isOn);
    }
  });
  return list.runs;
}

/** The text with tags, innermost first as they close. `escape` escapes plain text. */
function tagged(runs: readonly Run[], escape: (text: string) => string): string {
  return runs.map(({ text, ...style }) => {
    const names = Object.entries(styleNames).filter(([, field]) => style[field]).map(([letter]) => letter);
    const open = names.map((name) => `<${name}>`).join("");
    const close = names.toReversed().map((name) => `</${name}>`).join("");
    return `${open}${escape(text)}${close}`;
  }).join("");
}

/** The runs in SubRip notation. */
export function toSubRip(runs: readonly Run[]): string {
  return tagged(runs, (text) => text);
}

const webVttEscapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** The runs in WebVTT notation. */
export function toWebVtt(runs: readonly Run[]): string {
  return tagged(runs, (text) => text.replace(/[&<>]/g, (character) => webVttEscapes[character]!));
}

/** A zero-width character that keeps a backslash from making a code of the next letter. */
const wordJoiner = "\u2060";

/** The runs as the text of an ASS event. */
export function toAss(runs: readonly Run[]): string {
  let before = plain;
  const parts = runs.map((run) => {
    const changes = Object.entries(styleNames).filter(([, field]) => run[field] !== before[field]);
    const codes = changes.map(([letter, field]) => `\\${letter}${run[field] ? 1 : 0}`).join("");
    before = run;
    const text = run.text.replace(/\\(?=[Nnh{}])/g, `\\${wordJoiner}`).replace(/[{}]/g, "\\$&")
      .replace(/\n/g, "\\N");
    return `${codes === "" ? "" : `{${codes}}`}${text}`;
  });
  return parts.join("");
}
