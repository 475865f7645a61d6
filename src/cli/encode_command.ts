/**
 * `avwriter encode`.
 *
 * @module
 */
import { extname, join, namesIn, readFile, runtime } from "../../ffi/mod.ts";
import { filePath } from "../file_path.ts";
import { createFileWriter } from "../writer/create_file_writer.ts";
import type { WriteSummary } from "../engine/session_types.ts";
import type { VideoWriter } from "../writer/video_writer.ts";
import type { WriterOptions } from "../writer/writer_options.ts";
import { numberOption, type Parsed, textOption, UsageError } from "./arguments.ts";
import { type Command, printResult, ProgressLine, rounded } from "./command.ts";

/** Extensions of images that writers take. */
const imageExtensions: readonly string[] = [".png", ".jpg", ".jpeg", ".webp"];

/** The codec for a file, by its extension. */
const codecs: Readonly<Record<string, string>> = {
  ...{ ".mp4": "h264", ".m4v": "h264", ".mov": "h264", ".mkv": "h264", ".ts": "h264", ".flv": "h264" },
  ...{
    ".webm": "vp9",
    ".avi": "mpeg4",
    ".gif": "gif",
    ".webp": "webp",
    ".apng": "apng",
    ".ogv": "libtheora",
  },
};

const defaultFrameRate = 30;

/** Images, those of folders in the order in which people count. */
function imagesOf(paths: readonly string[]): string[] {
  const { compare } = new Intl.Collator("en", { numeric: true });
  return paths.flatMap((path) => {
    const names = namesIn(path);
    if (names === null) return [path];
    return names.filter((name) => imageExtensions.includes(extname(name).toLowerCase())).sort(compare)
      .map((name) => join(path, name));
  });
}

function codecOf(path: string, parsed: Parsed): string {
  const codec = textOption(parsed, "codec") ?? codecs[extname(path).toLowerCase()];
  if (codec !== undefined) return codec;
  throw new UsageError(
    `The name ${path} does not tell a codec: give --codec, such as --codec h264`,
  );
}

/** Writes all images, or leaves no file. */
async function writeImages(writer: VideoWriter, images: readonly string[]): Promise<WriteSummary> {
  try {
    for (const path of images) await writer.write({ image: readFile(path) });
    return await writer.close();
  } catch (error) {
    await writer.abort(error);
    throw error;
  }
}

function optionsOf(parsed: Parsed): WriterOptions {
  const quality = textOption(parsed, "quality");
  const options = {
    ...{ width: numberOption(parsed, "width"), height: numberOption(parsed, "height") },
    ...{ resize: textOption(parsed, "resize"), bitrate: textOption(parsed, "bitrate") },
    quality: quality === undefined || Number.isNaN(Number(quality)) ? quality : Number(quality),
  };
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  // The writer checks their values.
  return Object.fromEntries(given) as WriterOptions;
}

/** Writes images into a video. */
export const encodeCommand: Command = {
  usage: "[OPTIONS] IMAGES... FILE",
  summary: "write PNG, JPEG and WebP images into a video",
  help: "IMAGES are files or folders. The extension of FILE tells container and codec.\n\n" +
    "  --fps N                  images per second, such as 25 or 30000/1001 (30)\n" +
    "  --codec NAME             h264, hevc, av1, vp9, prores, ffv1, gif, or an encoder\n" +
    "  --quality Q              low, medium, high, lossless, or the encoder's own number\n" +
    "  --bitrate B              in place of a quality: 4M\n" +
    "  --width W, --height H    the video's size; that of the first image\n" +
    "  --resize MODE            what images of other sizes get: contain, cover, fill, error\n" +
    "  --overwrite              replace a file that exists",
  options: {
    ...{ fps: "value", codec: "value", quality: "value", bitrate: "value", width: "value", height: "value" },
    ...{ resize: "value", overwrite: "flag" },
  },
  async run(context): Promise<number> {
    const { terminal, signal, parsed } = context;
    const [output, ...inputs] = parsed.rest.toReversed();
    if (output === undefined || inputs.length === 0) throw new UsageError("encode needs images and a file");
    if (!parsed.options.has("overwrite") && runtime().realPath(filePath(output)) !== undefined) {
      throw new UsageError(`${output} exists: give --overwrite to replace it`);
    }
    const images = imagesOf(inputs.reverse());
    if (images.length === 0) throw new UsageError(`There is no image in ${inputs.join(", ")}`);
    const fps = (textOption(parsed, "fps") ?? String(defaultFrameRate)) as `${number}/${number}`;
    const rate = fps.includes("/") ? fps : Number(fps);
    using line = new ProgressLine(terminal);
    const writer = await createFileWriter(codecOf(output, parsed), output, rate, {
      ...optionsOf(parsed),
      signal,
      onProgress: ({ frames }) => line.show(`${frames} of ${images.length} images`),
    });
    const summary = await writeImages(writer, images);
    line[Symbol.dispose]();
    const { frames, bytes, seconds } = summary;
    const told = `${summary.path}: ${frames} frames, ${rounded(seconds)} s, ${bytes} bytes`;
    printResult(context, { ...summary, encoder: writer.encoder?.name ?? null }, [told]);
    return 0;
  },
};
