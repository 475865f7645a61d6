import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import { missingEncoders } from "./support/features.ts";
import { probe, TemporaryFolder } from "./support/media.ts";
import { probeAudio } from "./support/audio.ts";
import { runScript } from "./support/processes.ts";
import { testsOf } from "./support/test.ts";

const { some, testBoth } = testsOf(import.meta.url);

const script = fileURLToPath(new URL("support/write_noisy.ts", import.meta.url));

/** A codec of video or `null`, the file's name, a codec of audio or `null`, and its channels. */
type Case = readonly [codec: string | null, name: string, audio: string | null, channels?: number];

const cases: readonly (readonly [what: string, encoders: readonly string[], cases: readonly Case[]])[] = [
  ["program streams of a quality", ["mpeg2video", "ac3"], [
    ["mpeg2video", "a.mpg", "ac3"],
    ["mpeg4", "b.mpg", null],
    ["mpeg2video", "a.vob", "ac3"],
  ]],
  ["layouts that an encoder does not take", ["libopus"], [
    [null, "a.ogg", "opus", 4],
    [null, "a.m4a", "alac", 8],
    [null, "b.mp4", "ac3", 5],
  ]],
  ["layouts that an encoder does not name", ["flac", "libvorbis"], [
    [null, "a.flac", "flac", 3],
    [null, "b.flac", "flac", 4],
    [null, "c.ogg", "vorbis", 3],
    [null, "d.ogg", "vorbis", 4],
  ]],
  ["audio in avi, ts, flv, mxf and mov", ["libx264", "libmp3lame"], [
    ["h264", "a.avi", "mp3"],
    ["mpeg4", "b.avi", "aac"],
    ["h264", "a.ts", "aac"],
    ["h264", "a.flv", "mp3"],
    ["mpeg2video", "a.mxf", "pcm"],
    ["prores", "a.mov", "pcm"],
  ]],
  ["files of audio", ["libmp3lame", "libvorbis"], [
    [null, "a.wav", "pcm"],
    [null, "a.mp3", "mp3"],
    [null, "b.ogg", "vorbis"],
    [null, "a.aac", "aac"],
    [null, "a.flac", "flac"],
    [null, "a.aiff", "pcm"],
  ]],
];

for (const [what, encoders, files] of cases) {
  testBoth(
    `logLevel: nothing is printed at the default level of ${what}`,
    { skip: missingEncoders(...encoders) },
    () => {
      using folder = new TemporaryFolder();
      const chosen = some(files, 2);
      const request = chosen.map(([codec, name, ...audio]) => [codec, folder.file(name), ...audio]);
      const { status, stdout, stderr } = runScript(script, [JSON.stringify(request)]);
      assertEquals({ status, stdout, stderr }, { status: 0, stdout: "", stderr: "" });
      for (const [codec, name, audio, channels = 2] of chosen) {
        const path = folder.file(name);
        if (codec !== null) assertEquals(probe(path).frames, 25, name);
        if (audio !== null) assertEquals(probeAudio(path)[0]!.channels, channels, name);
      }
    },
  );
}
