/**
 * The packets and headers of each codec of subtitles.
 *
 * @module
 */
import { parseAss, parseSubRip, parseWebVtt, type Run, toAss, toSubRip, toWebVtt } from "./styled_text.ts";
import type { SubtitleCodec } from "./subtitle_options.ts";

/** A notation of texts. */
export type SubtitleNotation = Exclude<SubtitleCodec, "mov_text">;

/** The parser of each notation. */
export const parsers: Readonly<Record<SubtitleNotation, (text: string) => Run[]>> = {
  subrip: parseSubRip,
  webvtt: parseWebVtt,
  ass: parseAss,
};

const utf8 = new TextEncoder();

/** The most text bytes in a sample of 3GPP Timed Text (3GPP TS 26.245, 5.17). */
export const maxMovTextBytes = 65535;

/** A box of the ISO base media format: length, name and content. */
function box(name: string, content: readonly number[]): number[] {
  return [...u32(8 + content.length), ...utf8.encode(name), ...content];
}

function u16(value: number): number[] {
  return [value >>> 8 & 255, value & 255];
}

function u32(value: number): number[] {
  return [...u16(value >>> 16), ...u16(value & 0xffff)];
}

/** A StyleRecord (3GPP TS 26.245, 5.16): white, in the first font, 16 pixels high. */
function styleRecord(from: number, to: number, face: number): number[] {
  return [...u16(from), ...u16(to), ...u16(1), face, 16, 255, 255, 255, 255];
}

/** A sample of 3GPP Timed Text: the text, and the styles of its characters. */
function movTextSample(runs: readonly Run[]): Uint8Array {
  const text = utf8.encode(runs.map(({ text }) => text).join(""));
  const styles: number[][] = [];
  let at = 0;
  for (const { text, bold, italic, underline } of runs) {
    const end = at + [...text].length;
    const face = (bold ? 1 : 0) | (italic ? 2 : 0) | (underline ? 4 : 0);
    if (face !== 0) styles.push(styleRecord(at, end, face));
    at = end;
  }
  const style = styles.length === 0 ? [] : box("styl", [...u16(styles.length), ...styles.flat()]);
  return Uint8Array.from([...u16(text.length), ...text, ...style]);
}

/** Makes the packets of one track. */
export class PacketMaker {
  readonly #codec: SubtitleCodec;
  /** ASS events are numbered in reading order. */
  #count = 0;

  /** For a codec. */
  constructor(codec: SubtitleCodec) {
    this.#codec = codec;
  }

  /** The bytes of a packet that shows a text. */
  make(runs: readonly Run[]): Uint8Array {
    switch (this.#codec) {
      case "mov_text":
        return movTextSample(runs);
      case "subrip":
        return utf8.encode(toSubRip(runs));
      case "webvtt":
        return utf8.encode(toWebVtt(runs));
      case "ass":
        return utf8.encode(`${this.#count++},0,Default,,0,0,0,,${toAss(runs)}`);
    }
  }
}

/** The ASS header for events without a file, with one style, as libavcodec's converters write it. */
const assHeader = `[Script Info]
ScriptType: v4.00+
PlayResX: 384
PlayResY: 288
ScaledBorderAndShadow: yes

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
`;

/**
 * Bit flags of a sample description of 3GPP Timed Text: some of its samples are forced, and all of them
 * (QuickTime File Format).
 */
const movTextForced = 0xC0000000;

/** The codec's headers for texts that come without any. */
export function headersOf(codec: SubtitleCodec, isForced: boolean): Uint8Array {
  if (codec === "ass") return utf8.encode(assHeader);
  if (codec !== "mov_text") return new Uint8Array();
  // A TextSampleEntry (3GPP TS 26.245, 5.16): centered, at the bottom of the track's area. FFmpeg's players
  // draw outlines in the colour of the background, which is black.
  return Uint8Array.from([
    ...u32(isForced ? movTextForced : 0),
    ...[1, 255],
    ...[0, 0, 0, 255],
    ...[0, 0, 0, 0, 0, 0, 0, 0],
    ...styleRecord(0, 0, 0),
    ...box("ftab", [...u16(1), ...u16(1), 5, ...utf8.encode("Arial")]),
  ]);
}
