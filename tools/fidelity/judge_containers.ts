/**
 * Judges of the file around the video: mp4box for ISO-BMFF, mkvmerge, mkvinfo and mediaconch for Matroska,
 * mediainfo for all.
 *
 * @module
 */
import { createFile, Log, MP4BoxBuffer } from "npm:mp4box@2.4.1";
import type { Case, Complaints } from "./case_types.ts";
import { type Ended, lines, run, textOf } from "./commands.ts";

/** Collects what mp4box logs while it parses, which it does at once. */
const logged: string[] = [];
Log.warn = (module, message) => void logged.push(`mp4box: ${module}: ${message}`);
Log.error = Log.warn;

/**
 * Parses an ISO-BMFF file whole: nothing may be logged, moov stands before mdat, and all samples are there.
 */
export async function judgeMp4(path: string, test: Case): Promise<Complaints> {
  const bytes = await Deno.readFile(path);
  logged.length = 0;
  const file = createFile();
  file.onError = (module: string, message?: string) => void logged.push(`mp4box: ${module}: ${message}`);
  file.appendBuffer(MP4BoxBuffer.fromArrayBuffer(bytes.buffer, 0), true);
  file.flush();
  const complaints = [...logged];
  const types = file.boxes.map(({ type }) => type);
  if (types[0] !== "ftyp") complaints.push(`mp4box: the first box is ${types[0]}`);
  const moov = types.indexOf("moov");
  if (moov < 0 || moov > types.indexOf("mdat")) complaints.push(`mp4box: the boxes are ${types.join(", ")}`);
  const track = file.moov?.traks[0];
  if (track === undefined) return [...complaints, "mp4box: there is no track"];
  const samples = file.getTrackSamplesInfo(track.tkhd.track_id);
  if (samples.length !== test.frames) {
    complaints.push(`mp4box: ${samples.length} samples instead of ${test.frames}`);
  }
  const ticks = samples.reduce((sum, { duration }) => sum + duration, 0);
  const seconds = ticks / track.mdia.mdhd.timescale;
  if (Math.abs(seconds - test.expectedSeconds) > 1e-6) {
    complaints.push(`mp4box: the samples last ${seconds} s instead of ${test.expectedSeconds} s`);
  }
  return complaints;
}

/** Reads a Matroska file with mkvtoolnix, and checks it with mediaconch. */
export async function judgeMatroska(path: string, test: Case): Promise<Complaints> {
  const [identified, listed, checked] = await Promise.all([
    run("mkvmerge", ["-J", path]),
    run("mkvinfo", ["--ui-language", "en_US", "--all", path]),
    runMediaconch(path),
  ]);
  const complaints = [...identifiedComplaints(textOf(identified)), ...checkedComplaints(textOf(checked))];
  for (
    const [name, ended] of Object.entries({ mkvmerge: identified, mkvinfo: listed, mediaconch: checked })
  ) {
    complaints.push(...lines(ended.stderr).map((line) => `${name}: ${line}`));
    if (ended.code !== 0) complaints.push(`${name} ended with ${ended.code}`);
  }
  const blocks = lines(textOf(listed)).filter((line) => /\+ (Simple block|Block group)/i.test(line)).length;
  if (blocks !== test.frames) complaints.push(`mkvinfo: ${blocks} blocks instead of ${test.frames}`);
  return complaints;
}

/** mediaconch locks a database in its home, so each gets a home of its own. */
async function runMediaconch(path: string): Promise<Ended> {
  const home = await Deno.makeTempDir({ prefix: "avwriter-mediaconch-" });
  try {
    return await run("mediaconch", ["-fx", path], { HOME: home });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

function identifiedComplaints(json: string): string[] {
  if (json === "") return [];
  const { container, errors, warnings, tracks } = JSON.parse(json);
  const complaints = [...errors, ...warnings].map((text) => `mkvmerge: ${text}`);
  if (!container.recognized || !container.supported) complaints.push("mkvmerge does not know the container");
  const videos = tracks.filter(({ type }: { type: string }) => type === "video").length;
  if (videos !== 1) complaints.push(`mkvmerge: ${videos} video tracks instead of 1`);
  return complaints;
}

function checkedComplaints(xml: string): string[] {
  const failed = /outcome="(?:fail|warn)"[^>]*?reason="([^"]*)"/g;
  return [...xml.matchAll(failed)].map(([, reason]) => `mediaconch: ${reason}`);
}

interface MediaInfoTrack {
  readonly "@type": string;
  readonly FrameCount?: string;
  readonly FrameRate?: string;
  readonly IsTruncated?: string;
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** Reads a file with mediainfo: it must find the frames and the rate, and no conformance error. */
export async function judgeMediaInfo(path: string, test: Case): Promise<Complaints> {
  const ended = await run("mediainfo", ["--Output=JSON", path]);
  const complaints = lines(ended.stderr).map((line) => `mediainfo: ${line}`);
  const tracks: MediaInfoTrack[] = JSON.parse(textOf(ended) || "{}").media?.track ?? [];
  const video = tracks.find((track) => ["Video", "Image"].includes(track["@type"]));
  if (ended.code !== 0 || video === undefined) return [...complaints, "mediainfo finds no video"];
  for (const track of tracks) {
    const bad = Object.keys(track.extra ?? {}).filter((name) => /^conformance/i.test(name));
    complaints.push(...bad.map((name) => `mediainfo: ${name}: ${JSON.stringify(track.extra![name])}`));
    if (track.IsTruncated === "Yes") complaints.push("mediainfo: the file is truncated");
  }
  if (video.FrameCount !== undefined && Number(video.FrameCount) !== test.frames) {
    complaints.push(`mediainfo: ${video.FrameCount} frames instead of ${test.frames}`);
  }
  const rate = test.frames / test.expectedSeconds;
  const isRegular = test.times === undefined;
  if (isRegular && video.FrameRate !== undefined && Math.abs(Number(video.FrameRate) - rate) > 0.001) {
    complaints.push(`mediainfo: the rate is ${video.FrameRate} instead of ${rate.toFixed(3)}`);
  }
  return complaints;
}
