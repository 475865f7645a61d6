/**
 * Covers and attached files: some to write, and what came of them.
 *
 * @module
 */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { TemporaryFolder } from "./media.ts";

const imageFiles = new Map<string, Uint8Array>();

/** A picture as a file of a kind, made once by the ffmpeg program. */
export function imageFile(kind: "png" | "jpg" | "webp"): Uint8Array {
  const known = imageFiles.get(kind) ?? makeImageFile(kind);
  imageFiles.set(kind, known);
  return known.slice();
}

function makeImageFile(kind: string): Uint8Array {
  using folder = new TemporaryFolder();
  const path = folder.file(`picture.${kind}`);
  execFileSync("ffmpeg", [
    "-v",
    "error",
    "-f",
    "lavfi",
    "-i",
    "testsrc=size=200x120",
    "-frames:v",
    "1",
    path,
  ]);
  return new Uint8Array(readFileSync(path));
}

/** A stream of a file, as ffprobe tells it. */
export interface AttachedStream {
  /** Its codec, or its media type where that is no video. */
  readonly codec: string;
  /** Whether it is a picture of the file. */
  readonly isPicture: boolean;
  /** The name and the media type of the file that it was in Matroska. */
  readonly name: string | undefined;
  readonly mimeType: string | undefined;
}

/** All streams of a file; fails where ffprobe complains. */
export function streamsOf(path: string): AttachedStream[] {
  const { stdout, stderr } = spawnSync("ffprobe", ["-v", "error", "-show_streams", "-of", "json", path], {
    encoding: "utf8",
  });
  if (stderr !== "") throw new Error(`ffprobe ${path}: ${stderr}`);
  return JSON.parse(stdout).streams.map((
    { codec_type, codec_name, disposition, tags }: {
      codec_type: string;
      codec_name: string;
      disposition: { attached_pic: number };
      tags?: { filename?: string; mimetype?: string };
    },
  ) => ({
    codec: codec_type === "video" ? codec_name : codec_type,
    isPicture: disposition.attached_pic === 1,
    name: tags?.filename,
    mimeType: tags?.mimetype,
  }));
}

/** The bytes of a picture of a file: of its second stream of video, or of another by its number. */
export function pictureBytes(path: string, number = 1): Uint8Array {
  return new Uint8Array(execFileSync("ffmpeg", [
    ...["-v", "error", "-i", path, "-map", `0:v:${number}`, "-c", "copy", "-f", "image2pipe", "-"],
  ]));
}

/** The bytes of the first so many attachments that are no pictures. */
export function attachmentBytes(path: string, count: number): Uint8Array[] {
  using folder = new TemporaryFolder();
  const dumped = Array.from({ length: count }, (_, number) => folder.file(`${number}`));
  const dumps = dumped.flatMap((file, number) => [`-dump_attachment:t:${number}`, file]);
  const nothing = ["-map", "0:v:0", "-frames:v", "1", "-f", "null", "-"];
  execFileSync("ffmpeg", ["-v", "error", ...dumps, "-i", path, ...nothing]);
  return dumped.map((file) => new Uint8Array(readFileSync(file)));
}
