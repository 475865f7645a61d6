/**
 * The texts of subtitles that are read.
 *
 * @module
 */
import { parseAss, parseWebVtt, type Run, toSubRip } from "./styled_text.ts";

const utf8 = new TextDecoder();

/** The bits of a face in a StyleRecord (3GPP TS 26.245, 5.16), and what each is. */
const faces = { bold: 1, italic: 2, underline: 4 } as const;
const styleRecordBytes = 12;
/** "styl", a box with the styles of characters. */
const styleBox = 0x7374796C;

/** Reads a sample of 3GPP Timed Text. */
function parseMovText(sample: Uint8Array): Run[] {
  const view = new DataView(sample.buffer, sample.byteOffset, sample.byteLength);
  if (view.byteLength < 2) return [];
  const end = Math.min(view.byteLength, 2 + view.getUint16(0));
  const characters = [...utf8.decode(sample.subarray(2, end))];
  const styles = characters.map(() => 0);
  for (let at = end; at + 10 <= view.byteLength;) {
    const size = view.getUint32(at);
    const last = Math.min(view.byteLength, at + size);
    if (size < 8) break;
    for (let record = at + 10; view.getUint32(at + 4) === styleBox; record += styleRecordBytes) {
      if (record + styleRecordBytes > last) break;
      styles.fill(view.getUint8(record + 6), view.getUint16(record), view.getUint16(record + 2));
    }
    at += size;
  }
  return characters.map((text, index) => {
    const has = (face: keyof typeof faces): boolean => (styles[index]! & faces[face]) !== 0;
    return { text, bold: has("bold"), italic: has("italic"), underline: has("underline") };
  });
}

/** Joins runs of the same style. */
function joined(runs: readonly Run[]): Run[] {
  const result: Run[] = [];
  for (const run of runs) {
    const last = result.at(-1);
    const isSame = last !== undefined && last.bold === run.bold && last.italic === run.italic &&
      last.underline === run.underline;
    if (isSame) result[result.length - 1] = { ...last, text: last.text + run.text };
    else result.push(run);
  }
  return result;
}

/** How the packets of each codec become text in SubRip notation. */
const readers: Readonly<Record<string, (packet: Uint8Array) => string>> = {
  subrip: (packet) => utf8.decode(packet).replace(/\r\n?/g, "\n"),
  text: (packet) => utf8.decode(packet).replace(/\r\n?/g, "\n"),
  webvtt: (packet) => toSubRip(parseWebVtt(utf8.decode(packet))),
  ass: (packet) => toSubRip(parseAss(utf8.decode(packet))),
  mov_text: (packet) => toSubRip(joined(parseMovText(packet))),
};

/** Whether the cues of a codec can be read as text. */
export function isTextCodec(codec: string): boolean {
  return Object.hasOwn(readers, codec);
}

/** The text of a packet in SubRip notation; empty where nothing is shown. */
export function cueText(codec: string, packet: Uint8Array): string {
  return readers[codec]!(packet).replace(/\n+$/, "");
}
