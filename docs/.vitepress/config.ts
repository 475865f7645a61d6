/**
 * The site made of docs/: `deno task docs` builds it with VitePress, which is not there to import for those who only check types.
 *
 * @module
 */
import process from "node:process";

const guides = [
  ["Frames and pixel formats", "frames"],
  ["Codecs and quality", "codecs"],
  ["Time", "time"],
  ["Audio", "audio"],
  ["Subtitles, chapters and tags", "subtitles-and-chapters"],
  ["Colour and HDR", "color"],
  ["Transparency", "transparency"],
  ["Pipelines", "pipelines"],
  ["Crash safety and recovery", "crash-safety"],
  ["Streams of bytes and files in memory", "streams"],
  ["HLS and DASH", "hls"],
  ["Live outputs", "outputs"],
  ["Recording in segments", "segments"],
  ["Reading", "reading"],
  ["Threads and memory", "threads-and-memory"],
  ["Commands of the ffmpeg program", "commands"],
  ["Without FFmpeg", "without-ffmpeg"],
  ["OpenCV's VideoWriter", "opencv"],
  ["Permissions", "permissions"],
] as const;
const tasks = [
  ["Record a browser", "recording-a-browser"],
  ["Record a canvas on Bun", "canvas-on-bun"],
  ["Recipes", "recipes"],
  ["The command line", "command-line"],
  ["Coming from another library", "migration"],
  ["WriteGear's examples", "writegear-examples"],
] as const;
const reference = [
  ["Options", "reference/options"],
  ["Containers", "reference/containers"],
  ["Errors", "errors"],
  ["Benchmarks", "benchmarks"],
  ["Versions", "versions"],
] as const;
const internals = [
  ["Imports between folders", "internals/imports"],
  ["What libraries do", "internals/libraries"],
  ["Performance", "internals/performance"],
  ["Test runs", "internals/test-runs"],
] as const;

type Entries = readonly (readonly [text: string, page: string])[];
const items = (entries: Entries): { text: string; link: string }[] =>
  entries.map(([text, page]) => ({ text, link: `/${page}` }));

/** `deno doc` writes it beside the built pages: no page of VitePress's own. */
const api = { text: "API", link: "/api/index.html", target: "_self" };

export default {
  title: "avwriter",
  description: "Video and audio files from JavaScript, on Deno and on Bun",
  lang: "en",
  // Works from any folder of a server.
  base: process.env.DOCS_BASE ?? "/",
  outDir: "../out/site",
  cacheDir: "../out/site-cache",
  // No icon: browsers would ask for one.
  head: [["link", { rel: "icon", href: "data:," }]],
  rewrites: { "README.md": "index.md" },
  markdown: { theme: { light: "github-light", dark: "github-dark" } },
  themeConfig: {
    search: { provider: "local" },
    outline: { level: [2, 3] },
    nav: [{ text: "Guides", link: "/frames" }, { text: "Recipes", link: "/recipes" }, {
      text: "Options",
      link: "/reference/options",
    }, api],
    sidebar: [
      { text: "Guides", items: [{ text: "Overview", link: "/" }, ...items(guides)] },
      { text: "How to", items: items(tasks) },
      { text: "Reference", items: [...items(reference), api] },
      { text: "How it is built", items: items(internals) },
    ],
  },
};
