/**
 * What each container keeps: found out by asking the writers, not from a table.
 *
 * @module
 */
import {
  AvError,
  createAudioWriter,
  createFileWriter,
  EncoderNotFoundError,
  type WriterOptions,
} from "../../mod.ts";

/** Containers of video, by the extension that chooses them. */
export const videoContainers = [
  ...["mp4", "mov", "mkv", "webm", "avi", "ts", "flv", "mxf", "nut", "ogv", "gif", "webp", "apng"],
] as const;

/** Containers of audio alone. */
export const audioContainers = ["m4a", "mp3", "ogg", "opus", "flac", "wav", "aiff", "mka"] as const;

const videoCodecs = [
  ...["h264", "hevc", "av1", "vp9", "vp8", "mpeg4", "mjpeg", "prores", "dnxhd", "ffv1", "huffyuv", "utvideo"],
  ...["png", "gif", "webp", "rawvideo"],
  // No families, but the exact names of encoders: those of the containers that take nothing else.
  ...["libtheora", "apng", "qtrle"],
] as const;
const audioCodecs = ["aac", "opus", "mp3", "flac", "alac", "vorbis", "ac3", "pcm"] as const;
const subtitleCodecs = ["mov_text", "subrip", "ass", "webvtt"] as const;

/** A PNG file of one pixel. */
const pixel = Uint8Array.from(
  atob(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
  ),
  (letter) => letter.charCodeAt(0),
);

/** What a container may keep, and the options that ask for it. */
export const features: Readonly<Record<string, WriterOptions>> = {
  "variable frame rate": { timing: "timestamps" },
  "chapters": { chapters: [{ title: "One", start: 0 }] },
  "title": { metadata: { title: "Waves" } },
  "any metadata key": { metadata: { scene: "12" } },
  "timecode": { metadata: { timecode: "01:00:00:00" } },
  "rotation": { rotation: 90 },
  "pixel shape": { sampleAspectRatio: "4/3" },
  "HDR10 metadata": { color: { contentLight: { maxCll: 1000, maxFall: 400 } } },
  "cover": { cover: { image: pixel } },
  "attachments": { attachments: [{ name: "notes.txt", data: new Uint8Array([1]) }] },
};

/** What was found out of one container. */
export interface ContainerFacts {
  readonly name: string;
  readonly video: readonly string[];
  readonly transparent: readonly string[];
  readonly audio: readonly string[];
  readonly subtitles: readonly string[];
  /** The features that it keeps. */
  readonly features: readonly string[];
}

const size = { width: 320, height: 180 };

/**
 * Whether a writer opens. What this FFmpeg lacks is an error: the answer would be one of the build, not of
 * the container.
 */
async function opens(open: () => Promise<{ abort(): Promise<void> }>): Promise<boolean> {
  try {
    await (await open()).abort();
    return true;
  } catch (error) {
    if (!(error instanceof AvError) || error instanceof EncoderNotFoundError) throw error;
    return false;
  }
}

function openVideo(codec: string, path: string, options: WriterOptions): Promise<boolean> {
  return opens(() =>
    createFileWriter(codec, path, 30, { ...size, thread: "main", logLevel: "quiet", ...options })
  );
}

/** Whether a frame that is half transparent comes into the file so. */
async function keepsAlpha(codec: string, path: string): Promise<boolean> {
  const profile = codec === "prores" ? { profile: "4444" } : {};
  const writer = await createFileWriter(codec, path, 30, { thread: "main", logLevel: "quiet", ...profile });
  try {
    const { width, height } = size;
    await writer.write({ data: new Uint8Array(width * height * 4).fill(128), width, height });
    const format = writer.encoder?.pixelFormat ?? "";
    return /^(yuva|gbrap|rgba|bgra|argb|abgr|ya\d|pal8)/.test(format);
  } finally {
    await writer.abort();
  }
}

async function taken<Name extends string>(
  names: readonly Name[],
  isTaken: (name: Name) => Promise<boolean>,
): Promise<Name[]> {
  const found: Name[] = [];
  for (const name of names) if (await isTaken(name)) found.push(name);
  return found;
}

/** Asks for everything that a container of video may keep. `folder` is for the files. */
export async function probeVideo(name: string, folder: string): Promise<ContainerFacts> {
  const path = `${folder}/probe.${name}`;
  const video = await taken(videoCodecs, (codec) => openVideo(codec, path, {}));
  const codec = video[0]!;
  return {
    name,
    video,
    transparent: await taken(video, (codec) => keepsAlpha(codec, path)),
    audio: await taken(audioCodecs, (audio) => openVideo(codec, path, { audio: { codec: audio } })),
    subtitles: await taken(
      subtitleCodecs,
      (codecName) => openVideo(codec, path, { subtitles: { codec: codecName } }),
    ),
    features: await taken(
      Object.keys(features),
      (feature) => openVideo(codec, path, features[feature]!),
    ),
  };
}

/** The same for a container of audio alone. */
export async function probeAudio(name: string, folder: string): Promise<ContainerFacts> {
  const path = `${folder}/probe.${name}`;
  const open = (codec: string, options: WriterOptions): Promise<boolean> => {
    const { metadata, chapters, cover } = options;
    const given = { ...(metadata && { metadata }), ...(chapters && { chapters }), ...(cover && { cover }) };
    return opens(() =>
      createAudioWriter(codec, path, { thread: "main", logLevel: "quiet", sampleRate: 48000, ...given })
    );
  };
  const audio = await taken(audioCodecs, (codec) => open(codec, {}));
  const ofAudio = ["chapters", "title", "any metadata key", "cover"];
  return {
    name,
    video: [],
    transparent: [],
    audio,
    subtitles: [],
    features: await taken(ofAudio, (feature) => open(audio[0]!, features[feature]!)),
  };
}
