import { execFile } from "node:child_process";
import { createCipheriv, createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { after } from "node:test";
import { promisify } from "node:util";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { createPacketWriter, type MediaPacket, openNetworkSource, ReadError } from "../mod.ts";
import { convertClip, frameHashes, hashOf, makeClip } from "./support/clips.ts";
import { missingEncoders, missingHttp } from "./support/features.ts";
import { FileServer } from "./support/file_server.ts";
import { TemporaryFolder } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testAll, testBoth } = testsOf(import.meta.url);

const folder = new TemporaryFolder();
after(() => folder[Symbol.dispose]());
const skip = missingEncoders("libx264", "aac") || missingHttp();
const x264 = ["-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "25", "-pix_fmt", "yuv420p"];
const head = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:1\n";

let clip: string | null = null;
/** Four seconds of video and audio. */
function clipPath(): string {
  const sine = ["-f", "lavfi", "-i", "sine=440:duration=4:sample_rate=48000"];
  return clip ??= makeClip(folder.file("clip.mp4"), "25", 4, ...sine, ...x264, "-c:a", "aac");
}

/** Segments of one stream of the clip, about a second long, and their playlist. */
function playlist(name: string, stream: "v" | "a", form: "ts" | "fmp4", ...options: string[]): string {
  const extension = form === "ts" ? "ts" : "m4s";
  const files = ["-hls_segment_filename", folder.file(`${name}%d.${extension}`)];
  const kind = form === "ts"
    ? []
    : ["-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", `${name}_init.mp4`];
  return convertClip(
    folder.file(`${name}.m3u8`),
    ...["-i", clipPath(), "-map", `0:${stream}`, "-c", "copy", "-hls_time", "1"],
    ...["-hls_playlist_type", "vod", ...files, ...kind, ...options],
  );
}

/** A playlist of a video whose audio is in another one. */
function masterOf(audio: string, video: string): string {
  return `#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",DEFAULT=YES,URI="${audio}"\n` +
    `#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.64000b,mp4a.40.2",AUDIO="a"\n${video}\n`;
}

/** Hashes of a file's packets of a stream, by the ffprobe program, and when they are shown. */
async function packetsOf(path: string, stream: "v" | "a"): Promise<{ hash: string; seconds: number }[]> {
  const options = ["-show_entries", "packet=pts_time,data_hash", "-show_data_hash", "MD5", "-of", "csv=p=0"];
  const { stdout: lines } = await promisify(execFile)(
    "ffprobe",
    ["-v", "error", "-select_streams", stream, ...options, path],
  );
  // Side data of a packet stands on lines between both.
  return [...lines.matchAll(/^(-?[\d.]+),(?:\s*,)?MD5:(\w+)/gm)]
    .map(([, seconds, hash]) => ({ hash: hash!, seconds: Number(seconds) }));
}

testBoth(
  "source.packets: audio of an hls stream in a playlist of its own comes with the video",
  { skip },
  async () => {
    await using server = await FileServer.start(folder.path);
    for (const form of some(["fmp4", "ts"] as const, 2)) {
      playlist(`video_${form}`, "v", form);
      playlist(`audio_${form}`, "a", form);
      const address = server.text("/master.m3u8", masterOf(`audio_${form}.m3u8`, `video_${form}.m3u8`));
      const path = folder.file(`${form}.mkv`);
      const order: MediaPacket[] = [];
      {
        await using source = await openNetworkSource(address);
        assertEquals(source.audioTracks.map(({ codec, sampleRate }) => [codec, sampleRate]), [[
          "aac",
          48000,
        ]]);
        await using writer = await createPacketWriter(path, source.packets);
        const flow = source.packets.attach({
          write: async (packet: MediaPacket) => {
            order.push(packet);
            await writer.write(packet);
          },
        });
        await flow.finished;
      }
      const found = await packetsOf(path, "a"), videos = await packetsOf(path, "v");
      const all = (await packetsOf(clipPath(), "a")).map(({ hash }) => hash);
      // What is heard before the first frame is left out.
      assert(found.length > all.length - 6);
      assertEquals(found.map(({ hash }) => hash), all.slice(-found.length));
      assertEquals(videos.length, 100);
      // Both are as far from each other as the ffprobe program says.
      const wanted = (await packetsOf(address, "a")).slice(-found.length);
      const shift = videos[0]!.seconds - (await packetsOf(address, "v"))[0]!.seconds;
      for (const [index, { seconds }] of found.entries()) {
        assertAlmostEquals(seconds - shift, wanted[index]!.seconds, 2e-3);
      }
      assertEquals(frameHashes(path), frameHashes(clipPath()));
      // Neither is far ahead of the other.
      let [videoSeconds, audioSeconds] = [0, 0];
      for (const { kind, decodeTimestamp } of order) {
        if (kind === "video") videoSeconds = decodeTimestamp!;
        else audioSeconds = decodeTimestamp!;
        assert(Math.abs(videoSeconds - audioSeconds) < 0.2, `${videoSeconds} and ${audioSeconds}`);
      }
      // Frames alone need the first segment of the audio, to tell what it is.
      server.asked.length = 0;
      await using frames = await openNetworkSource(address);
      assertEquals((await Array.fromAsync(frames)).length, 100);
      assertEquals(server.asked.filter((name) => /audio_.*\d\.(?:ts|m4s)/.test(name)).length, 1);
    }
  },
);

testAll(
  "source.packets: audio of its own playlist goes over discontinuities with the video",
  { skip },
  async () => {
    await using server = await FileServer.start(folder.path);
    for (const form of ["ts", "fmp4"] as const) {
      const extension = form === "ts" ? "ts" : "m4s";
      // The same again and again, as between commercials. Audio is each time a little longer than the video.
      const list = (name: string, stream: "v" | "a"): string => {
        playlist(name, stream, form);
        const map = form === "ts" ? "" : `#EXT-X-MAP:URI="${name}_init.mp4"\n`;
        const segment = `${map}#EXTINF:1,\n${name}1.${extension}\n`;
        return server.text(
          `/${name}_again.m3u8`,
          `${head}${Array(20).fill(segment).join("#EXT-X-DISCONTINUITY\n")}#EXT-X-ENDLIST\n`,
        );
      };
      const [video, audio] = [list(`again_v_${form}`, "v"), list(`again_a_${form}`, "a")];
      const packets: MediaPacket[] = [];
      await using source = await openNetworkSource(server.text("/again.m3u8", masterOf(audio, video)));
      for await (const packet of source.packets) packets.push(packet);
      const [videos, audios] = (["video", "audio"] as const).map((kind) =>
        packets.filter((packet) => packet.kind === kind)
      ) as [MediaPacket[], MediaPacket[]];
      assertEquals(videos.length, 500);
      const parts = audios.length / 20;
      assert(Number.isInteger(parts) && parts > 40);
      for (let part = 0; part < 20; part++) {
        const apart = audios[part * parts]!.timestamp! - videos[part * 25]!.timestamp!;
        const first = audios[0]!.timestamp! - videos[0]!.timestamp!;
        assertAlmostEquals(apart, first, 2e-3, `part ${part} of ${form}`);
      }
    }
  },
);

testAll("source.packets: audio of hls that can't be read is left out, with a warning", { skip }, async () => {
  await using server = await FileServer.start(folder.path);
  playlist("video_ts", "v", "ts");
  const packed = convertClip(folder.file("packed.aac"), "-i", clipPath(), "-map", "0:a", "-c", "copy");
  server.text("/packed.m3u8", `${head}#EXTINF:4,\n${packed.split("/").at(-1)}\n#EXT-X-ENDLIST\n`);
  const { warn } = console;
  const warned: string[] = [];
  console.warn = (...args: unknown[]) => void warned.push(String(args[0]));
  try {
    for (const audio of ["packed.m3u8", "missing.m3u8", "http://127.0.0.2:1/elsewhere.m3u8"]) {
      const address = server.text("/bad.m3u8", masterOf(audio, "video_ts.m3u8"));
      await using source = await openNetworkSource(address);
      let count = 0;
      for await (const _packet of source.packets) count++;
      assertEquals([count, source.audioTracks, warned.length], [100, [], 1]);
      assert(warned.pop()!.includes("playlist of its own"));
    }
  } finally {
    console.warn = warn;
  }
});

const key = createHash("md5").update("a key").digest();

function encrypted(bytes: Uint8Array, iv: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-128-cbc", key, iv);
  return new Uint8Array([...cipher.update(bytes), ...cipher.final()]);
}

testBoth(
  "openNetworkSource: segments of hls that are encrypted by AES-128 are decrypted",
  { skip },
  async () => {
    await using server = await FileServer.start(folder.path);
    writeFileSync(folder.file("key.bin"), key);
    const info = folder.file("key_info");
    writeFileSync(info, `key.bin\n${folder.file("key.bin")}\n`);
    // By the ffmpeg program: each number is the vector of its segment.
    const path = playlist("secret", "v", "ts", "-hls_key_info_file", info);
    assert(readFileSync(path, "utf8").includes("AES-128"));
    // From another number on, with a vector of its own, with a header, and among others that are plain.
    playlist("plain", "v", "ts");
    playlist("plain_mp4", "v", "fmp4");
    const files = (name: string, extension: string): Uint8Array[] =>
      [0, 1, 2, 3].map((index) => readFileSync(folder.file(`${name}${index}.${extension}`)));
    const tag = `#EXT-X-KEY:METHOD=AES-128,URI="key.bin"`;
    const vector = Uint8Array.from({ length: 16 }, (_, index) => index);
    const numbered = (number: number): Uint8Array => {
      const iv = new Uint8Array(16);
      new DataView(iv.buffer).setUint32(12, number);
      return iv;
    };
    const put = (name: string, bytes: Uint8Array): string => {
      writeFileSync(folder.file(name), bytes);
      return `#EXTINF:1,\n${name}\n`;
    };
    const ts = files("plain", "ts"), mp4 = files("plain_mp4", "m4s");
    const own = `${tag},IV=0x${vector.toHex()}\n`;
    const lists = {
      secret: null,
      numbered: `#EXT-X-MEDIA-SEQUENCE:70000\n${tag}\n` +
        ts.map((bytes, at) => put(`n${at}.ts`, encrypted(bytes, numbered(70_000 + at)))).join(""),
      mixed: put("m0.ts", ts[0]!) + own + put("m1.ts", encrypted(ts[1]!, vector)) +
        put("m2.ts", encrypted(ts[2]!, vector)) + "#EXT-X-KEY:METHOD=NONE\n" + put("m3.ts", ts[3]!),
      header: `${own}#EXT-X-MAP:URI="init.bin"\n` +
        mp4.map((bytes, at) => put(`h${at}.m4s`, encrypted(bytes, vector))).join(""),
    };
    put("init.bin", encrypted(readFileSync(folder.file("plain_mp4_init.mp4")), vector));
    for (const [name, list] of some(Object.entries(lists), 2)) {
      if (list !== null) server.text(`/${name}.m3u8`, `${head}${list}#EXT-X-ENDLIST\n`);
      server.asked.length = 0;
      await using source = await openNetworkSource(`${server.address}/${name}.m3u8`);
      const frames = await Array.fromAsync(source);
      assertEquals(frames.map(({ data }) => hashOf(data)), frameHashes(clipPath()), name);
      assertEquals(server.asked.filter((asked) => asked === "/key.bin").length, 1);
    }
  },
);

test("openNetworkSource: encrypted hls without its key is an error that says so", { skip }, async () => {
  await using server = await FileServer.start(folder.path);
  playlist("plain", "v", "ts");
  writeFileSync(
    folder.file("secret.ts"),
    encrypted(readFileSync(folder.file("plain0.ts")), new Uint8Array(16)),
  );
  writeFileSync(folder.file("wrong.bin"), key.toReversed());
  writeFileSync(folder.file("short.bin"), key.subarray(1));
  const method = (text: string): string => `#EXT-X-KEY:METHOD=${text}`;
  const cases = [
    [method('AES-128,URI="wrong.bin"'), "ENCRYPTED"],
    [method('AES-128,URI="short.bin"'), "ENCRYPTED"],
    [method('AES-128,URI="missing.bin"'), "HTTP_404"],
    [method('AES-128,URI="http://127.0.0.2:1/key"'), "REDIRECT"],
    [method("AES-128"), "INVALIDDATA"],
    [method('AES-128,URI="wrong.bin",IV=0x1g'), "INVALIDDATA"],
    [method('AES-128,URI="wrong.bin",KEYFORMAT="com.apple"'), "ENCRYPTED"],
    [method('SAMPLE-AES,URI="wrong.bin"'), "ENCRYPTED"],
    [`${method('AES-128,URI="wrong.bin"')}\n#EXT-X-MAP:URI="plain0.ts"`, "INVALIDDATA"],
  ] as const;
  for (const [line, code] of cases) {
    const address = server.text("/list.m3u8", `${head}${line}\n#EXTINF:1,\nsecret.ts\n#EXT-X-ENDLIST\n`);
    const error = await assertRejects(() => openNetworkSource(address), ReadError);
    assertEquals([line, error.code], [line, code]);
  }
});
