/**
 * Has readers other than FFmpeg's tell when frames are shown: mp4box for mp4 and mov, mkvinfo for mkv and
 * webm.
 *
 * @module
 */
import { createFile, MP4BoxBuffer } from "npm:mp4box@2.4.1";
import {
  allTimeCases,
  judgeTimes,
  makeTone,
  nameOf,
  type TimeCase,
  wantedTimes,
  writeTimeCase,
} from "../../tests/support/timelines.ts";
import type { Complaints } from "./case_types.ts";
import { lines, run, textOf } from "./commands.ts";

/** One file whose times were read. */
export interface TimeRow {
  readonly name: string;
  readonly reader: "mp4box" | "mkvinfo";
  readonly complaints: Complaints;
}

/** One in so many of all timelines, so that each choice still meets each other one. */
const every = 23;

/** The times of an mp4's video by its sample tables and its edit list (ISO/IEC 14496-12), in seconds. */
async function timesByMp4box(path: string): Promise<number[]> {
  const { buffer } = await Deno.readFile(path);
  const file = createFile();
  file.appendBuffer(MP4BoxBuffer.fromArrayBuffer(buffer, 0), true);
  file.flush();
  const { moov } = file;
  const track = moov!.traks[0]!;
  const { timescale } = track.mdia.mdhd;
  const edits = track.edts?.elst?.entries ?? [];
  const empty = edits.filter(({ media_time }) => media_time === -1)
    .reduce((sum, { segment_duration }) => sum + segment_duration, 0) / moov!.mvhd.timescale;
  const begin = edits.find(({ media_time }) => media_time !== -1)?.media_time ?? 0;
  return file.getTrackSamplesInfo(track.tkhd.track_id)
    .map(({ cts }) => empty + (cts - begin) / timescale)
    .sort((one, other) => one - other);
}

/** The times of a Matroska file's first track by its blocks, in seconds. */
async function timesByMkvinfo(path: string): Promise<number[]> {
  const listed = textOf(await run("mkvinfo", ["--ui-language", "en_US", "--all", path]));
  const times: number[] = [];
  for (const line of lines(listed)) {
    const found = /\+ (?:Simple )?block: .*track number 1, .*timestamp (-?)(\d+):(\d+):([\d.]+)/i.exec(line);
    if (found === null) continue;
    const [, sign, hours, minutes, seconds] = found;
    const time = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    times.push(sign === "-" ? -time : time);
  }
  return times.sort((one, other) => one - other);
}

async function readRow(path: string, test: TimeCase, tone: string): Promise<TimeRow> {
  const isMatroska = test.container === "mkv" || test.container === "webm";
  const reader = isMatroska ? "mkvinfo" : "mp4box";
  const row = { name: nameOf(test), reader } as const;
  try {
    await writeTimeCase(path, test, "main", tone);
    const frames = isMatroska ? await timesByMkvinfo(path) : await timesByMp4box(path);
    // Lengths and order are ffprobe's matter.
    const duration = wantedTimes(test).at(-1)! + 1 / 30;
    return { ...row, complaints: judgeTimes(test, { frames, duration, isOrdered: true }) };
  } catch (error) {
    return { ...row, complaints: [(error as Error).message] };
  }
}

/** Writes timelines, and reads them with both. */
export async function measureTimes(
  folder: string,
  isChosen: (test: { readonly name: string }) => boolean,
): Promise<TimeRow[]> {
  const tone = `${folder}/tone.wav`;
  makeTone(tone);
  const rows: TimeRow[] = [];
  const cases = allTimeCases().filter(({ container }) => container !== "ts" && container !== "flv");
  for (const [index, test] of cases.entries()) {
    if (index % every !== 0 || !isChosen({ name: `times ${nameOf(test)}` })) continue;
    rows.push(await readRow(`${folder}/times.${test.container}`, test, tone));
  }
  return rows;
}
