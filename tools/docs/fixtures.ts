/**
 * The files that snippets of the documentation read.
 *
 * @module
 */

/** What ffmpeg makes of its test sources: arguments by file name. */
const mediaFiles: Readonly<Record<string, readonly string[]>> = {
  "music.flac": ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=2"],
  "poster.jpg": ["-f", "lavfi", "-i", "testsrc2=size=320x180", "-frames:v", "1"],
  "logo.png": ["-f", "lavfi", "-i", "testsrc=size=64x64", "-frames:v", "1"],
  "clip.mp4": ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=1", "-pix_fmt", "yuv420p"],
  "talk.mkv": [
    ...[
      "-f",
      "lavfi",
      "-i",
      "testsrc2=size=320x180:rate=25:duration=1",
      "-f",
      "lavfi",
      "-i",
      "sine=duration=1",
    ],
    ...["-pix_fmt", "yuv420p", "-metadata:s:a", "language=eng"],
  ],
  "images/%03d.png": ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=0.2"],
};

const textFiles: Readonly<Record<string, string>> = {
  "film.srt":
    "1\n00:00:00,100 --> 00:00:00,600\nFirst line\n\n2\n00:00:00,700 --> 00:00:00,900\n<i>Second</i> line\n",
  "Title.ttf": "a font file",
};

/** The names of all files and folders. */
export const fixtures: readonly string[] = [
  ...Object.keys(mediaFiles).map((name) => name.split("/")[0]!),
  ...Object.keys(textFiles),
];

/** Makes the files in a folder. */
export async function makeFixtures(folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/images`);
  for (const [name, text] of Object.entries(textFiles)) await Deno.writeTextFile(`${folder}/${name}`, text);
  for (const [name, args] of Object.entries(mediaFiles)) {
    const { success, stderr } = await new Deno.Command("ffmpeg", {
      args: ["-v", "error", "-y", ...args, `${folder}/${name}`],
      stdin: "null",
    }).output();
    if (!success) throw new Error(`ffmpeg could not make ${name}: ${new TextDecoder().decode(stderr)}`);
  }
}
