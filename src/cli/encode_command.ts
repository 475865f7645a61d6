/**
 * `avwriter encode`.
 *
 * @module
 */
import { extname, join, namesIn, readFile } from "../../ffi/mod.ts";
import { createFileWriter } from "../writer/create_file_writer.ts";
import type { WriteSummary } from "../engine/session_types.ts";
import type { VideoWriter } from "../writer/video_writer.ts";
import { textOption, UsageError } from "./arguments.ts";
import { type Command, ProgressLine } from "./command.ts";
import { codecOf, outputHelp, outputOptions, printSummary, requireFree, writerOptionsOf } from "./output.ts";

/** Extensions of images that writers take. */
const imageExtensions: readonly string[] = [".png", ".jpg", ".jpeg", ".webp"];

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

/** Writes images into a video. */
export const encodeCommand: Command = {
  usage: "[OPTIONS] IMAGES... FILE",
  summary: "write PNG, JPEG and WebP images into a video",
  help: [
    "IMAGES are files or folders. The extension of FILE tells container and codec.",
    "",
    "  --fps N                  images per second, such as 25 or 30000/1001 (30)",
    ...outputHelp,
    "  --resize MODE            what images of other sizes get: contain, cover, fill, error",
  ].join("\n"),
  options: { ...outputOptions, fps: "value", resize: "value" },
  async run(context): Promise<number> {
    const { terminal, signal, parsed } = context;
    const [output, ...inputs] = parsed.rest.toReversed();
    if (output === undefined || inputs.length === 0) throw new UsageError("encode needs images and a file");
    requireFree(output, parsed);
    const images = imagesOf(inputs.reverse());
    if (images.length === 0) throw new UsageError(`There is no image in ${inputs.join(", ")}`);
    const fps = (textOption(parsed, "fps") ?? String(defaultFrameRate)) as `${number}/${number}`;
    const rate = fps.includes("/") ? fps : Number(fps);
    using line = new ProgressLine(terminal);
    const writer = await createFileWriter(codecOf(output, parsed), output, rate, {
      ...writerOptionsOf(parsed),
      signal,
      onProgress: ({ frames }) => line.show(`${frames} of ${images.length} images`),
    });
    const summary = await writeImages(writer, images);
    line[Symbol.dispose]();
    printSummary(context, summary, writer);
    return 0;
  },
};
