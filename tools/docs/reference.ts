/**
 * Makes the reference pages of docs/ from the code: the options with their types and defaults (`deno doc`),
 * and what each container keeps (by asking the writers).
 *
 *     deno task docs:reference            writes them
 *     deno task docs:reference --check    fails where they are not what the code says
 *
 * What containers keep depends on FFmpeg's release: with another one than that of the page, `--check` leaves
 * that part out.
 *
 * @module
 */
import { doctor } from "../../mod.ts";
import {
  defaultText,
  type DocInterfaces,
  type DocProperty,
  docText,
  propertiesOf,
  readInterfaces,
  typeText,
} from "./api_types.ts";
import {
  audioContainers,
  type ContainerFacts,
  features,
  probeAudio,
  probeVideo,
  videoContainers,
} from "./container_probe.ts";

const optionsPage = "docs/reference/options.md";
const containersPage = "docs/reference/containers.md";

const made = "<!-- Made by `deno task docs:reference`: change the code's docs instead. -->\n\n";

/** The interfaces that the page of options shows, under a heading, with a sentence. */
const shownInterfaces: readonly (readonly [name: string, heading: string, text: string])[] = [
  ["WriterOptions", "Video writer", "Options of `createFileWriter`. Every one is optional."],
  ["OutputOptions", "Output", "Each entry of the option `outputs` that has options of its own."],
  ["ConnectionOptions", "Connection", "More options of `createStreamWriter`, for addresses."],
  ["AdaptiveOptions", "HLS and DASH", "The option `adaptive` of `createStreamWriter`."],
  ["LadderStep", "Step of a ladder", "Each entry of the option `adaptive.ladder`."],
  ["AudioOptions", "Audio track", "Each track of the option `audio`."],
  ["AudioDevice", "Audio device", "The option `from` of an audio track, for live input."],
  ["SubtitleOptions", "Subtitle track", "Each track of the option `subtitles`."],
  ["Chapter", "Chapter", "Each entry of the option `chapters`."],
  ["Attachment", "Attachment", "Each entry of the option `attachments`."],
  ["ColorDescription", "Color description", "The option `color`, where it is no name."],
  ["AudioWriterOptions", "Audio writer", "Options of `createAudioWriter`. Every one is optional."],
  ["ReaderOptions", "Reader", "Options of `createFileReader`. Every one is optional."],
  ["ImageSequence", "Image sequence", "The option `imageSequence` of a reader."],
  ["RawFrame", "Frame", "What `write` takes: pixels in memory."],
  ["FrameOptions", "Frame options", "The second argument of `write`."],
  ["AudioSamples", "Samples", "What `writeAudio` and the audio writer's `write` take."],
  ["SubtitleCue", "Cue", "What `writeSubtitle` takes."],
];

/** Which options depend on the container, and by which feature. Those of tracks are found below. */
const featureOfOption: Readonly<Record<string, string>> = {
  timing: "variable frame rate",
  chapters: "chapters",
  metadata: "title",
  rotation: "rotation",
  sampleAspectRatio: "pixel shape",
  cover: "cover",
  attachments: "attachments",
};

/** A table with columns of even width, as `deno fmt` makes them. */
function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = cells[0]!.map((_, column) => Math.max(3, ...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(cells[0]!), rule, ...cells.slice(1).map(line)].join("\n");
}

function containersOf(option: string, facts: readonly ContainerFacts[]): string {
  const keepers = (keeps: (fact: ContainerFacts) => boolean): string =>
    facts.filter(keeps).map(({ name }) => name).join(", ");
  if (option === "audio") return keepers(({ audio }) => audio.length > 0);
  if (option === "subtitles") return keepers(({ subtitles }) => subtitles.length > 0);
  const feature = featureOfOption[option];
  const text = feature === undefined ? "all" : keepers(({ features }) => features.includes(feature));
  return option === "timing" ? `all for \`"constant"\`; others: ${text}` : text;
}

/** What is said of one option, under a heading of its own. */
function optionText(property: DocProperty, containers: string): string {
  const value = property.optional ? defaultText(property) : "required";
  const facts = [
    `type: \`${typeText(property.tsType)}\``,
    ...(value === "" ? [] : [value === "required" ? "required" : `default: ${value}`]),
    ...(containers === "all" ? [] : [`containers: ${containers}`]),
  ];
  return `### \`${property.name}\`\n\n- ${facts.join("\n- ")}\n\n${docText(property)}\n`;
}

function optionsText(interfaces: DocInterfaces, facts: readonly ContainerFacts[]): string {
  const parts = shownInterfaces.filter(([name]) => interfaces.has(name)).map(([name, heading, text]) => {
    const options = propertiesOf(interfaces, name).map((property) =>
      optionText(property, name === "WriterOptions" ? containersOf(property.name, facts) : "all")
    );
    return `## ${heading}\n\n${text} Type: \`${name}\`.\n\n${options.join("\n")}`;
  });
  const lead = "Where an option names no containers, it is for all of them.";
  return `# Options\n\n${made}${lead}\n\n${parts.join("\n")}`;
}

const yes = "yes";
const list = (names: readonly string[]): string => names.join(", ") || "–";

function containersText(
  video: readonly ContainerFacts[],
  audio: readonly ContainerFacts[],
  version: string,
): string {
  const codecRows = video.map((fact) => [fact.name, list(fact.video), list(fact.audio)]);
  const trackRows = video.map((fact) => [fact.name, list(fact.subtitles), list(fact.transparent)]);
  const names = Object.keys(features);
  const featureRows = names.map((feature) => [
    feature,
    ...video.map((fact) => fact.features.includes(feature) ? yes : "–"),
  ]);
  const audioFeatures = ["title", "any metadata key", "chapters", "cover"];
  const audioRows = audio.map((fact) => [
    fact.name,
    list(fact.audio),
    ...audioFeatures.map((feature) => fact.features.includes(feature) ? yes : "–"),
  ]);
  return [
    `# Containers\n\n${made}What each container takes and keeps, found out by opening writers with FFmpeg ${version}.`,
    "What a container would lose is refused when the writer opens. Every other container of libavformat works as well.",
    `## Codecs\n\n${table([["container", "video", "audio"], ...codecRows])}`,
    "Exact encoder names work where their codec does.",
    `## Subtitles and transparency\n\n${
      table([["container", "subtitle codecs", "video codecs that keep alpha"], ...trackRows])
    }`,
    'For ProRes, that takes `profile: "4444"`. GIF has pixels that are opaque or not, nothing in between.',
    `## Features\n\n${table([["feature", ...video.map(({ name }) => name)], ...featureRows])}`,
    "Rotation in mkv and webm takes FFmpeg 7.1. A container without a place for the pixel shape or HDR metadata may have a codec " +
    "that keeps them: the table is for the first codec of each.",
    `## Audio files\n\n${table([["container", "audio", ...audioFeatures], ...audioRows])}\n`,
  ].join("\n\n");
}

/** The version of FFmpeg in use, without the distribution's part. */
async function ffmpegVersion(): Promise<string> {
  const { libraries } = await doctor();
  return /^n?(\d+\.\d+)/.exec(libraries?.version ?? "")?.[1] ?? "unknown";
}

async function format(path: string, text: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext=md", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout } = await child.output();
  if (!success) throw new Error(`deno fmt failed for ${path}`);
  return new TextDecoder().decode(stdout);
}

async function makePages(): Promise<Map<string, string>> {
  const folder = await Deno.makeTempDir({ prefix: "avwriter-reference-" });
  try {
    const video: ContainerFacts[] = [];
    const audio: ContainerFacts[] = [];
    for (const name of videoContainers) video.push(await probeVideo(name, folder));
    for (const name of audioContainers) audio.push(await probeAudio(name, folder));
    const interfaces = await readInterfaces("mod.ts");
    return new Map([
      [optionsPage, await format(optionsPage, optionsText(interfaces, video))],
      [containersPage, await format(containersPage, containersText(video, audio, await ffmpegVersion()))],
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function check(): Promise<number> {
  const version = await ffmpegVersion();
  const page = await Deno.readTextFile(containersPage);
  const pageVersion = /with FFmpeg (\S+)\./.exec(page)?.[1];
  if (pageVersion !== version) {
    console.log(`Skipped: the pages were made with FFmpeg ${pageVersion}, this is ${version}`);
    return 0;
  }
  let stale = 0;
  for (const [path, text] of await makePages()) {
    if (await Deno.readTextFile(path) === text) continue;
    console.log(`${path} is not what the code says: run deno task docs:reference`);
    stale++;
  }
  if (stale === 0) console.log("The reference is what the code says");
  return stale === 0 ? 0 : 1;
}

async function main(args: readonly string[]): Promise<number> {
  Deno.chdir(new URL("../..", import.meta.url));
  if (args.includes("--check")) return await check();
  await Deno.mkdir("docs/reference", { recursive: true });
  for (const [path, text] of await makePages()) {
    await Deno.writeTextFile(path, text);
    console.log(`Wrote ${path}`);
  }
  return 0;
}

Deno.exit(await main(Deno.args));
