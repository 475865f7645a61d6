/**
 * How long the output of a command will be, for the share of the work that is done.
 *
 * @module
 */

/** Units that FFmpeg's durations may have, in seconds. */
const units: Readonly<Record<string, number>> = { "": 1, s: 1, ms: 1e-3, us: 1e-6 };

/** A duration as FFmpeg reads it, in seconds: `"90"`, `"1:30.5"`, `"1500ms"`; `null` for what is none. */
export function parseDuration(text: string | undefined): number | null {
  const clock = /^(?:(\d+):)?(\d+):(\d+(?:\.\d*)?)$/.exec(text ?? "");
  if (clock !== null) return Number(clock[1] ?? 0) * 3600 + Number(clock[2]) * 60 + Number(clock[3]);
  const plain = /^(\d+(?:\.\d*)?|\.\d+)(s|ms|us)?$/.exec(text ?? "");
  return plain === null ? null : Number(plain[1]) * units[plain[2] ?? ""]!;
}

/** What stands before an input or the outputs, as far as it changes lengths. */
interface Range {
  readonly start: number;
  /** The longest that it may be; infinite where nothing says so. */
  readonly most: number;
  /** How often it is played. */
  readonly plays: number;
  /** Whether it begins at a time before its end. */
  readonly fromEnd: number | null;
}

/** The value of an option, the last one where it stands there more than once. */
function valueOf(args: readonly string[], option: string): string | undefined {
  const at = args.lastIndexOf(option);
  return at < 0 ? undefined : args[at + 1];
}

function rangeOf(args: readonly string[]): Range {
  const start = parseDuration(valueOf(args, "-ss")) ?? 0;
  const length = parseDuration(valueOf(args, "-t"));
  const end = parseDuration(valueOf(args, "-to"));
  const loops = Number(valueOf(args, "-stream_loop") ?? 0);
  return {
    start,
    most: length ?? (end === null ? Infinity : Math.max(0, end - start)),
    plays: loops < 0 ? Infinity : 1 + loops,
    fromEnd: parseDuration(valueOf(args, "-sseof")?.replace(/^-/, "")),
  };
}

/** Tells how long the first output will be, from the options and from what FFmpeg says of its inputs. */
export class OutputLength {
  readonly #inputs: readonly Range[];
  readonly #output: Range;
  readonly #isShortest: boolean;
  readonly #durations: (number | null)[] = [];

  /** For a command's arguments. */
  constructor(args: readonly string[]) {
    const ends = args.flatMap((argument, index) => argument === "-i" ? [index] : []);
    this.#inputs = ends.map((end, index) => rangeOf(args.slice(index === 0 ? 0 : ends[index - 1]! + 2, end)));
    const rest = args.slice((ends.at(-1) ?? -2) + 2);
    this.#output = rangeOf(rest);
    this.#isShortest = rest.includes("-shortest");
  }

  /** Takes a line of what FFmpeg says: it tells the duration of each input, in order. */
  add(line: string): void {
    const [, duration] = /^ {2}Duration: ([\d:.]+|N\/A)/.exec(line) ?? [];
    if (duration !== undefined) this.#durations.push(parseDuration(duration));
  }

  /** The length in seconds; `null` where it is not known. */
  get seconds(): number | null {
    const lengths = this.#inputs.map((range, index) => {
      const known = this.#durations[index] ?? Infinity;
      const once = range.fromEnd === null ? known - range.start : Math.min(known, range.fromEnd);
      return Math.min(Math.max(0, once) * range.plays, range.most);
    });
    const whole = this.#isShortest ? Math.min(...lengths) : Math.max(...lengths);
    const seconds = Math.min(whole - this.#output.start, this.#output.most);
    return Number.isFinite(seconds) && seconds > 0 ? seconds : null;
  }
}
