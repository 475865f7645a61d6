/**
 * Rotation, pixel shape, HDR metadata, chroma location and tags: they come back from the file, or are refused
 * when the writer opens.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { loadNative } from "../ffi/mod.ts";
import {
  type ContentLight,
  createFileWriter,
  type MasteringDisplay,
  type RawFrame,
  recoverFile,
  UnsupportedError,
  type WriterOptions,
} from "../mod.ts";
import { missingEncoders, missingMuxers, missingPixelFormat, type SkipReason } from "./support/features.ts";
import { barFrame, decode, TemporaryFolder, writeBars } from "./support/media.ts";
import { assertFails, assertReadable } from "./support/messages.ts";
import { open } from "./support/opening.ts";
import { testsOf } from "./support/test.ts";

const { isLong, some, test, testBoth } = testsOf(import.meta.url);

type Fields = Record<string, unknown>;

/** What ffprobe tells of a file's video stream, its first frame, and the file's tags in lower case. */
interface Tagged {
  readonly stream: Fields;
  readonly frame: Fields;
  readonly tags: Record<string, string>;
}

function probeTags(path: string): Tagged {
  const { stdout, stderr, status } = spawnSync("ffprobe", [
    ...["-v", "error", "-select_streams", "v:0", "-show_streams", "-show_format", "-show_programs"],
    ...["-show_frames", "-of", "json", path],
  ], { encoding: "utf8" });
  assertEquals([status, stderr.trim()], [0, ""], path);
  const { streams: [stream], frames: [frame], format, programs } = JSON.parse(stdout);
  const found = Object.entries(
    { ...programs[0]?.tags, ...stream.tags, ...format.tags } as Record<string, string>,
  );
  return { stream, frame, tags: Object.fromEntries(found.map(([key, value]) => [key.toLowerCase(), value])) };
}

/** The side data of a stream or frame whose type begins so. */
function sideData(of: Fields, type: string): Fields | undefined {
  const list = (of.side_data_list ?? []) as Fields[];
  return list.find(({ side_data_type }) => String(side_data_type).startsWith(type));
}

async function record(path: string, codec: string, options: WriterOptions, frames = 5): Promise<Tagged> {
  await writeBars(await createFileWriter(codec, path, 25, options), frames, 320, 180);
  return probeTags(path);
}

// Rotation.

const quarters = { red: [255, 0, 0], green: [0, 255, 0], blue: [0, 0, 255], white: [255, 255, 255] } as const;

/** Four quarters: red and green above blue and white. */
function quarterFrame(width: number, height: number): RawFrame {
  const data = new Uint8Array(width * height * 4).fill(255);
  const { red, green, blue, white } = quarters;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [left, right] = y < height / 2 ? [red, green] : [blue, white];
      data.set(x < width / 2 ? left : right, (y * width + x) * 4);
    }
  }
  return { data, width, height };
}

function colorName([red, green, blue]: readonly number[]): string {
  return Object.entries(quarters).find(([, [r, g, b]]) =>
    Math.abs(r - red!) + Math.abs(g - green!) + Math.abs(b - blue!) < 120
  )?.[0] ?? `${red},${green},${blue}`;
}

/** The colours of the four quarters as ffmpeg turns and shows them. */
function shownQuarters(path: string, width: number, height: number): string[] {
  const pixels = decode(path, "rgb24").subarray(0, width * height * 3);
  return [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]].map(([x, y]) => {
    const at = (Math.floor(y! * height) * width + Math.floor(x! * width)) * 3;
    return colorName([...pixels.subarray(at, at + 3)]);
  });
}

/** What ffprobe calls each rotation (counterclockwise, from -180 to 180), and what is then where. */
const rotations = [
  { rotation: 90, told: -90, shown: ["blue", "red", "white", "green"] },
  { rotation: 180, told: -180, shown: ["white", "blue", "green", "red"] },
  { rotation: 270, told: 90, shown: ["green", "white", "red", "blue"] },
] as const;

async function recordTurned(path: string, codec: string, rotation: 90 | 180 | 270): Promise<void> {
  const writer = await createFileWriter(codec, path, 25, { rotation, quality: "high" });
  for (let index = 0; index < 3; index++) await writer.write(quarterFrame(96, 64));
  await writer.close();
}

for (
  const [codec, file] of some(
    [["mpeg4", "a.mp4"], ["mpeg4", "a.mov"], ["mpeg4", "a.m4v"], ["mjpeg", "b.mov"]] as const,
    3,
  )
) {
  testBoth(`rotation: players turn ${codec} in ${file} clockwise as asked for`, async () => {
    using folder = new TemporaryFolder();
    for (const { rotation, told, shown } of rotations) {
      const path = folder.file(file);
      await recordTurned(path, codec, rotation);
      const { stream } = probeTags(path);
      assertEquals(Number(sideData(stream, "Display Matrix")?.rotation), told);
      assertEquals([stream.width, stream.height], [96, 64]);
      const [width, height] = rotation === 180 ? [96, 64] : [64, 96];
      assertEquals(shownQuarters(path, width!, height!), [...shown]);
    }
  });
}

for (const file of some(["a.mkv", "a.webm"], 2)) {
  testBoth(`rotation: ${file} is turned where FFmpeg writes that, and refused elsewhere`, {
    skip: missingEncoders("libvpx"),
  }, async () => {
    using folder = new TemporaryFolder();
    for (const { rotation, told, shown } of rotations) {
      const path = folder.file(file);
      const error = await recordTurned(path, "vp8", rotation).then(() => null, (reason) => reason as Error);
      if (error !== null) {
        assert(loadNative().avcodecMajor < 61, error.message);
        assert(error instanceof UnsupportedError, error.message);
        assertReadable(error);
        assertStringIncludes(error.message, `Cannot write the rotation ${rotation} into `);
        await open("vp8", file, { rotation: 0 });
        continue;
      }
      assertEquals(Number(sideData(probeTags(path).stream, "Display Matrix")?.rotation), told);
      const [width, height] = rotation === 180 ? [96, 64] : [64, 96];
      assertEquals(shownQuarters(path, width!, height!), [...shown]);
    }
  });
}

test("rotation: none leaves no matrix", async () => {
  using folder = new TemporaryFolder();
  for (const options of [{}, { rotation: 0 }] as const) {
    const { stream } = await record(folder.file("a.mp4"), "mpeg4", options);
    assertEquals(sideData(stream, "Display Matrix"), undefined);
  }
});

test("rotation: a turned picture lies in the movie's area again, whatever the shape of its pixels", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  for (const [rotation, x, y] of [[90, 180, 0], [180, 427, 180], [270, 0, 427]] as const) {
    const { stream } = await record(path, "mpeg4", { rotation, sampleAspectRatio: "4/3" });
    const matrix = String(sideData(stream, "Display Matrix")?.displaymatrix);
    const [moveX, moveY] = matrix.trim().split("\n")[2]!.trim().split(/\s+/).slice(1, 3);
    assertEquals([Number(moveX) / 65536, Number(moveY) / 65536], [x, y]);
    assertEquals(stream.sample_aspect_ratio, "4:3");
  }
});

for (
  const [codec, file, muxer] of [
    ["mpeg4", "a.avi", "avi"],
    ["gif", "a.gif", "gif"],
    ["mpeg4", "a.nut", "nut"],
    ["mpeg2video", "a.ts", "mpegts"],
  ] as const
) {
  test(`rotation: is refused at open where the container has no place for it: ${muxer}`, {
    skip: missingEncoders(codec),
  }, async () => {
    await assertFails(() => open(codec, file, { rotation: 90 }), {
      type: UnsupportedError,
      code: "ROTATION_NOT_FOR_CONTAINER",
      operation: `write a rotation into ${muxer}`,
      says: [`Cannot write the rotation 90 into ${muxer}: `],
    });
    await open(codec, file, { rotation: 0 });
  });
}

test("rotation: one that is not a quarter turn is refused", async () => {
  for (const rotation of [45, -90, 360, NaN, 90.5, "90", null, [90]]) {
    const error = await assertRejects(
      () => open("mpeg4", "a.mp4", { rotation: rotation as never }),
      TypeError,
    );
    assertStringIncludes(error.message, "Cannot use the option rotation: ");
    assertStringIncludes(error.message, "one of 0, 90, 180, 270");
    assertReadable(error);
  }
});

// The shape of a pixel.

const shapes: readonly (readonly [codec: string, file: string, encoder: string])[] = [
  ["h264", "a.mp4", "libx264"],
  ["h264", "a.mkv", "libx264"],
  ["h264", "a.ts", "libx264"],
  ["h264", "a.flv", "libx264"],
  ["hevc", "a.mov", "libx265"],
  ["vp9", "a.mp4", "libvpx-vp9"],
  ["vp9", "a.mkv", "libvpx-vp9"],
  ["mpeg4", "a.avi", "mpeg4"],
  ["mpeg4", "b.ts", "mpeg4"],
  ["mjpeg", "a.mov", "mjpeg"],
  ["mjpeg", "b.avi", "mjpeg"],
  ["ffv1", "b.mkv", "ffv1"],
  ["ffv1", "a.nut", "ffv1"],
  ["utvideo", "c.avi", "utvideo"],
  ["rawvideo", "a.y4m", "wrapped_avframe"],
  ["libtheora", "a.ogv", "libtheora"],
];

for (const [codec, file, encoder] of some(shapes, 3)) {
  testBoth(
    `sampleAspectRatio: ${codec} in ${file} keeps it`,
    { skip: missingEncoders(encoder) },
    async () => {
      using folder = new TemporaryFolder();
      for (
        const [given, told] of [["4/3", "4:3"], [{ num: 24, den: 22 }, "12:11"], ["1:2", "1:2"]] as const
      ) {
        const { stream } = await record(folder.file(file), codec, { sampleAspectRatio: given });
        assertEquals(stream.sample_aspect_ratio, told);
      }
    },
  );
}

test("sampleAspectRatio: WebM keeps it to the nearest width of the picture", {
  skip: missingEncoders("libvpx"),
}, async () => {
  using folder = new TemporaryFolder();
  const { stream } = await record(folder.file("a.webm"), "vp8", { sampleAspectRatio: "12/11" });
  const [num, den] = String(stream.sample_aspect_ratio).split(":").map(Number);
  assertAlmostEquals(320 * num! / den!, 320 * 12 / 11, 0.5);
});

test(
  "sampleAspectRatio: square pixels are refused nowhere",
  { skip: missingEncoders("libvpx-vp9") },
  async () => {
    await open("libvpx-vp9", "a.ivf", { sampleAspectRatio: "1/1" });
    await open("flv", "a.flv", { sampleAspectRatio: "5:5" });
  },
);

for (
  const [encoder, file, muxer, codec] of [
    ["flv", "a.flv", "flv", "flv1"],
    ["libvpx-vp9", "a.ivf", "ivf", "vp9"],
  ] as const
) {
  test(`sampleAspectRatio: is refused at open where neither container nor codec keeps it: ${muxer}`, {
    skip: missingEncoders(encoder),
  }, async () => {
    await assertFails(() => open(encoder, file, { sampleAspectRatio: "4/3" }), {
      type: UnsupportedError,
      code: "ASPECT_NOT_FOR_CONTAINER",
      operation: `write a sample aspect ratio into ${muxer}`,
      says: [`Cannot write the sample aspect ratio 4/3 into ${muxer}: neither it nor ${codec} `],
    });
  });
}

testBoth("sampleAspectRatio: MPEG-2 has a few shapes of the whole picture, which its size decides on", {
  skip: missingEncoders("mpeg2video"),
}, async () => {
  using folder = new TemporaryFolder();
  for (const file of some(["a.ts", "a.mpg", "a.mxf", "a.m2v"], 2)) {
    for (const [given, told] of [["64/45", "64:45"], ["16/15", "16:15"]] as const) {
      for (const size of [{}, { width: 720, height: 576 }]) {
        const path = folder.file(file);
        const writer = await createFileWriter("mpeg2video", path, 25, { sampleAspectRatio: given, ...size });
        await writeBars(writer, 3, 720, 576);
        assertEquals(probeTags(path).stream.sample_aspect_ratio, told, file);
      }
    }
  }
  const refusal = {
    type: UnsupportedError,
    code: "ASPECT_NOT_FOR_CONTAINER",
    says: ["the sample aspect ratio 9/7 into mpegts: neither it nor mpeg2video has a place for it"],
  };
  const options = { sampleAspectRatio: "9/7" } as const;
  await assertFails(() => open("mpeg2video", "a.ts", { ...options, width: 720, height: 576 }), refusal);
  // Without a size, the first frame tells.
  const writer = await createFileWriter("mpeg2video", folder.file("b.ts"), 25, options);
  await assertFails(() => writer.write(barFrame(0, 720, 576)), refusal);
  await writer.abort();
});

test(
  "sampleAspectRatio: many files at once have the codec's",
  { skip: missingEncoders("libx264") },
  async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.m3u8");
    const { stream } = await record(path, "h264", { sampleAspectRatio: "4/3" });
    assertEquals(stream.sample_aspect_ratio, "4:3");
    await assertFails(
      () => open("mpeg2video", "b.m3u8", { sampleAspectRatio: "9/7", width: 720, height: 576 }),
      {
        type: UnsupportedError,
        code: "ASPECT_NOT_FOR_CONTAINER",
        says: ["the sample aspect ratio 9/7 into hls"],
      },
    );
  },
);

test("sampleAspectRatio: MPEG-4 has a byte for each part, and keeps the width to half a pixel", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.ts");
  for (const ratio of ["255/254", "1001/1000", "9999/4999"] as const) {
    const { stream } = await record(path, "mpeg4", { sampleAspectRatio: ratio });
    const [given, told] = [ratio, String(stream.sample_aspect_ratio)].map((text) => {
      const [num, den] = text.split(/[:/]/).map(Number);
      return num! / den!;
    });
    assertAlmostEquals(told! * 320, given! * 320, 0.5);
  }
});

test("sampleAspectRatio: an invalid one is refused with what would be right", async () => {
  for (
    const value of ["4/0", "0/3", "-4/3", "11/1", "1/11", { num: 1.5, den: 1 }, { num: -4, den: 3 }, {
      num: NaN,
      den: 1,
    }, { num: 3e9, den: 2999999999 }]
  ) {
    const isText = typeof value === "string" && value.startsWith("-");
    const error = await assertRejects(
      () => open("mpeg4", "a.mp4", { sampleAspectRatio: value as never }),
      isText ? TypeError : RangeError,
    );
    assertStringIncludes(error.message, "Cannot use the sample aspect ratio ");
    assertStringIncludes(error.message, '"4/3" or { num: 4, den: 3 }');
    assertReadable(error);
  }
  for (const value of [1.333, "4", "4/3/2", " 4/3", "", null, [4, 3], true, { num: "4", den: 3 }, {}]) {
    const error = await assertRejects(
      () => open("mpeg4", "a.mp4", { sampleAspectRatio: value as never }),
      TypeError,
    );
    assertStringIncludes(error.message, "it is not a fraction");
    assertReadable(error);
  }
});

// Tags.

/** Values that are hard on a container. */
const title = 'Grüße aus 日本 🎬 "a;b,c=d/e\\f" [x] {y}';

/** The keys that each container gives back, beside `title`. */
const containers:
  readonly (readonly [codec: string, encoder: string, file: string, keys: readonly string[]])[] = [
    ["mpeg4", "mpeg4", "itunes.mp4", [
      ...[
        "artist",
        "album_artist",
        "album",
        "comment",
        "composer",
        "copyright",
        "date",
        "description",
        "genre",
      ],
      ...["grouping", "keywords", "lyrics", "network", "show", "synopsis", "episode_id"],
    ]],
    ["mpeg4", "mpeg4", "quicktime.mov", [
      "artist",
      "album",
      "comment",
      "copyright",
      "date",
      "genre",
      "make",
      "model",
    ]],
    ["mpeg4", "mpeg4", "named.mp4", [
      "artist",
      "mykey",
      "my key",
      "com.example.scene",
      "Ключ",
      "author",
      "year",
    ]],
    ["mpeg4", "mpeg4", "named.mov", ["artist", "mykey", "my key", "description", "author", "track"]],
    ["mpeg4", "mpeg4", "named.m4v", ["artist", "mykey", "title-eng", "language"]],
    ["mpeg4", "mpeg4", "a.mkv", [
      "artist",
      "mykey",
      "com.example.scene",
      "Ключ",
      "author",
      "year",
      "track",
      "description",
    ]],
    ["vp8", "libvpx", "a.webm", ["artist", "mykey", "comment", "language"]],
    ["mpeg4", "mpeg4", "a.avi", [
      "artist",
      "comment",
      "copyright",
      "date",
      "encoded_by",
      "genre",
      "language",
      "track",
    ]],
    ["flv", "flv", "a.flv", ["artist", "mykey", "my key", "Ключ", "comment"]],
    ["mpeg4", "mpeg4", "a.nut", ["artist", "mykey", "my key", "Ключ", "comment"]],
    ["libtheora", "libtheora", "a.ogv", ["artist", "mykey", "my key", "comment", "track", "disc"]],
  ];

for (const [codec, encoder, file, keys] of some(containers, 3)) {
  testBoth(`metadata: tags come back from ${file}`, { skip: missingEncoders(encoder) }, async () => {
    using folder = new TemporaryFolder();
    const metadata = Object.fromEntries([["title", title], ...keys.map((key) => [key, `${key} é 値`])]);
    const { tags } = await record(folder.file(file), codec, { metadata });
    for (const [key, value] of Object.entries(metadata)) assertEquals(tags[key.toLowerCase()], value);
  });
}

test("metadata: in mp4, the tags that iTunes knows are its atoms, unless a key is not one of them", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const known = {
    TITLE: title,
    track: "3/7",
    disc: "2",
    season_number: "4",
    episode_sort: "5",
    compilation: "1",
  };
  const { tags } = await record(path, "mpeg4", { metadata: known });
  for (const [key, value] of Object.entries(known)) assertEquals(tags[key.toLowerCase()], value);
  assert(readFileSync(path).includes(Buffer.from("\xa9nam", "latin1")));
  for (
    const [key, value] of [["mykey", "x"], ["track", "three"], ["season_number", "2024"], [
      "track",
      "07",
    ]] as const
  ) {
    const metadata = { title, [key]: value };
    const { tags } = await record(path, "mpeg4", { metadata });
    assertEquals([tags.title, tags[key]], [title, value]);
    assert(readFileSync(path).includes(Buffer.from("mdtatitle")));
  }
});

test("metadata: custom movflags and custom keys go together", async () => {
  using folder = new TemporaryFolder();
  for (const movflags of ["+frag_keyframe+empty_moov", "frag_keyframe+empty_moov", 6, "-faststart"]) {
    const options = { formatOptions: { movflags }, metadata: { mykey: "x" } };
    assertEquals((await record(folder.file("a.mp4"), "mpeg4", options)).tags.mykey, "x");
  }
});

test("metadata: the time of creation and a place come back", { skip: missingMuxers("3gp") }, async () => {
  using folder = new TemporaryFolder();
  const metadata = { creation_time: "2024-05-06T07:08:09Z", location: "+48.8577+002.2950/" };
  for (const file of ["a.mp4", "a.mov", "a.mkv", "a.nut", "a.3gp"]) {
    const { location: place, ...time } = metadata;
    const isPlaceKept = file !== "a.3gp";
    const given = isPlaceKept ? metadata : time;
    const { tags } = await record(folder.file(file), "mpeg4", { metadata: given });
    assertEquals(new Date(tags.creation_time!).toISOString(), "2024-05-06T07:08:09.000Z");
    if (isPlaceKept) assertEquals(tags.location, place);
  }
});

test("metadata: a transport stream names its service", { skip: missingEncoders("mpeg2video") }, async () => {
  using folder = new TemporaryFolder();
  const metadata = { service_name: "Kanal Ü", service_provider: "Ana" };
  const { tags } = await record(folder.file("a.ts"), "mpeg2video", { metadata });
  assertEquals([tags.service_name, tags.service_provider], ["Kanal Ü", "Ana"]);
});

test("metadata: long values come back, or are refused", async () => {
  using folder = new TemporaryFolder();
  const long = "é".repeat(40_000);
  for (const file of ["a.mp4", "a.mov", "a.mkv"]) {
    assertEquals(
      (await record(folder.file(file), "mpeg4", { metadata: { comment: long } })).tags.comment,
      long,
    );
  }
  for (const [codec, file, muxer] of [["flv", "a.flv", "flv"], ["mpeg4", "a.nut", "nut"]] as const) {
    const fitting = "é".repeat(511) + "x";
    const { tags } = await record(folder.file(file), codec, { metadata: { comment: fitting } });
    assertEquals(tags.comment, fitting);
    await assertFails(() => open(codec, file, { metadata: { comment: `${fitting}y` } }), {
      type: UnsupportedError,
      says: [`Cannot write the tag "comment" into ${muxer}: it `],
    });
  }
});

/** Tags that a container does not keep, or not as they are. */
const lostTags:
  readonly (readonly [encoder: string, file: string, key: string, value: string, says: string])[] = [
    ["gif", "a.gif", "title", "x", "into gif: it does not keep it. Containers that keep it: mov, matroska"],
    ["rawvideo", "a.y4m", "title", "x", "into yuv4mpegpipe: it does not keep it"],
    [
      "mpeg2video",
      "a.ts",
      "title",
      "x",
      "into mpegts: it does not keep it. Containers that keep it: mp4, mov",
    ],
    ["mpeg2video", "a.mxf", "title", "x", "into mxf: it does not keep it"],
    ["mpeg4", "a.avi", "album", "x", "into avi: it does not keep it"],
    ["mpeg4", "a.avi", "mykey", "x", "Containers that keep it: mp4, mov, matroska, nut"],
    ["mpeg4", "a.nut", "author", "x", "into nut: "],
    ["mpeg4", "a.mkv", "my key", "x", "into matroska: it does not keep it"],
    ["mpeg4", "a.mkv", "stereo_mode", "x", "into matroska: "],
    ["mpeg4", "a.3gp", "title", "x", "into 3gp: it does not keep it"],
    ["mpeg4", "a.mp4", "encoder", "x", 'into mp4: it would come back as "Lavf'],
    ["mpeg4", "a.mkv", "Encoder-x", "x", "into matroska: it does not keep it"],
    ["libtheora", "a.ogv", "a=b", "x", "into ogv: it does not keep it"],
    ["libtheora", "a.ogv", "description", "x", "into ogv: "],
  ];

for (const [encoder, file, key, value, says] of some(lostTags, 4)) {
  testBoth(
    `metadata: a tag that does not come back is refused at open, with the containers that keep it: ${key} in ${file}`,
    {
      skip: encoder !== "rawvideo" && missingEncoders(encoder),
    },
    async () => {
      await assertFails(() => open(encoder, file, { metadata: { [key]: value } }), {
        type: UnsupportedError,
        code: "TAG_NOT_FOR_CONTAINER",
        says: [`Cannot write the tag ${JSON.stringify(key)} into `, says],
      });
    },
  );
}

testBoth("metadata: a container is asked, and what it takes comes back, whatever it is called", async () => {
  using folder = new TemporaryFolder();
  let kept = 0;
  const values = {
    plain: "x",
    number: "07",
    time: "2024-05-06T07:08:09Z",
    spaced: " y  z ",
    long: "w".repeat(300),
  };
  const keys = [
    "title",
    "Duration",
    "location",
    "track",
    "album_artist",
    "my.key",
    "WM/Year",
    "encoded_by",
    "ISRC",
  ];
  const files = ["a.mp4", "a.mov", "a.mkv", "a.avi", "a.nut", "a.asf", "a.3gp", "a.ts", "a.mxf"];
  for (const file of some(files, 4)) {
    for (const [index, key] of keys.entries()) {
      const value = Object.values(values)[index % 5]!;
      const metadata = { [key]: value };
      const codec = file === "a.mxf" || file === "a.ts" ? "mpeg2video" : "mpeg4";
      try {
        const { tags } = await record(folder.file(file), codec, { metadata, thread: "main" }, 1);
        assertEquals(tags[key.toLowerCase()], value, `${key} in ${file}`);
        kept++;
      } catch (error) {
        assert(error instanceof UnsupportedError && error.code === "TAG_NOT_FOR_CONTAINER", String(error));
      }
    }
  }
  assert(kept > (isLong ? 40 : 12), `${kept} tags were taken`);
});

test("metadata: tags that are not strings are refused", async () => {
  const refuse = async (metadata: unknown, ...says: string[]): Promise<void> => {
    const error = await assertRejects(
      () => open("mpeg4", "a.mkv", { metadata: metadata as never }),
      TypeError,
    );
    for (const part of says) assertStringIncludes(error.message, part);
    assertReadable(error);
  };
  for (const metadata of ["title", 5, null, ["title"], true]) {
    await refuse(metadata, "Cannot use the option metadata: it is ", "an object of strings");
  }
  for (const value of [5, null, undefined, {}, ["x"], "", "a\0b", "\ud800"]) {
    await refuse({ title: value }, 'Cannot use the tag "title": it is ', "without NUL characters");
  }
  for (const key of ["", "a\0b", "\udfff"]) {
    await refuse({ [key]: "x" }, "Cannot use the option metadata: its key ", "without NUL characters");
  }
  await refuse({ title: "x", Title: "y" }, 'Cannot use the tag "Title" twice');
  for (const time of ["yesterday", "2024-05-06", "2024-13-06T07:08:09Z", "1969-05-06T07:08:09Z", "now"]) {
    await refuse({ creation_time: time }, `it is "${time}", but must be a time since 1970`);
  }
});

test("metadata: no tags are the same as none asked for", async () => {
  await open("gif", "a.gif", { metadata: {} });
  await open("mpeg4", "a.mp4", { metadata: {} });
});

test("metadata: a recording has its tags from the start, and keeps them when it is recovered", async () => {
  using folder = new TemporaryFolder();
  const metadata = { title, mykey: "x" };
  for (const file of ["a.mp4", "a.mov", "a.mkv"]) {
    const isTurned = file !== "a.mkv";
    await using writer = await createFileWriter("mpeg4", folder.file(file), 25, {
      metadata,
      sampleAspectRatio: "4/3",
      ...(isTurned ? { rotation: 90 } : {}),
    });
    for (let index = 0; index < 50; index++) await writer.write(barFrame(index, 320, 180));
    const cut = folder.file(`cut_${file}`);
    copyFileSync(folder.file(file), cut);
    const check = (): void => {
      const { stream, tags } = probeTags(cut);
      assertEquals([tags.title, tags.mykey, stream.sample_aspect_ratio], [title, "x", "4:3"]);
      if (isTurned) assertEquals(Number(sideData(stream, "Display Matrix")?.rotation), -90);
    };
    check();
    await recoverFile(cut);
    check();
  }
});

// HDR.

const masteringDisplay: MasteringDisplay = {
  red: [0.68, 0.32],
  green: [0.265, 0.69],
  blue: [0.15, 0.06],
  whitePoint: [0.3127, 0.329],
  minLuminance: 0.005,
  maxLuminance: 1000,
};
const contentLight: ContentLight = { maxCll: 993, maxFall: 412 };
const hdr10 = { matrix: "bt2020nc", primaries: "bt2020", transfer: "smpte2084", range: "tv" } as const;
const color = { ...hdr10, masteringDisplay, contentLight };

/** The number that ffprobe writes as a fraction. */
function fraction(text: unknown): number {
  const [num, den] = String(text).split("/").map(Number);
  return num! / den!;
}

/** Checks what ffprobe tells; AV1 counts in steps of its own (1/65536, and 1/16384 cd/m2). */
function assertHdr(of: Fields, isCoarse: boolean): void {
  const display = sideData(of, "Mastering display");
  assert(display !== undefined, "no mastering display");
  const { red, green, blue, whitePoint, minLuminance, maxLuminance } = masteringDisplay;
  const expected = {
    ...{
      red_x: red[0],
      red_y: red[1],
      green_x: green[0],
      green_y: green[1],
      blue_x: blue[0],
      blue_y: blue[1],
    },
    ...{ white_point_x: whitePoint[0], white_point_y: whitePoint[1] },
    ...{ min_luminance: minLuminance, max_luminance: maxLuminance },
  };
  for (const [name, value] of Object.entries(expected)) {
    assertAlmostEquals(fraction(display[name]), value, isCoarse ? 4e-5 : 1e-9, name);
  }
  const light = sideData(of, "Content light level");
  assertEquals([light?.max_content, light?.max_average], [contentLight.maxCll, contentLight.maxFall]);
}

interface HdrCase {
  readonly codec: string;
  readonly encoder: string;
  readonly file: string;
  readonly format: string;
  /** Where it is to be found. */
  readonly inContainer: boolean;
  readonly inStream: boolean;
  readonly options?: WriterOptions;
}

const hdrCases: readonly HdrCase[] = [
  ...["a.mp4", "a.mov", "a.mkv"].map((file) => ({
    ...{ codec: "hevc", encoder: "libx265", format: "yuv420p10le", file, inContainer: true, inStream: true },
  })),
  ...["a.ts", "a.hevc"].map((file) => ({
    ...{ codec: "hevc", encoder: "libx265", format: "yuv420p10le", file, inContainer: false, inStream: true },
  })),
  ...["b.mp4", "b.webm", "b.mkv"].map((file) => ({
    ...{
      codec: "libsvtav1",
      encoder: "libsvtav1",
      format: "yuv420p10le",
      file,
      inContainer: true,
      inStream: true,
    },
  })),
  ...["c.mp4", "c.webm", "c.mkv"].map((file) => ({
    ...{
      codec: "vp9",
      encoder: "libvpx-vp9",
      format: "yuv420p10le",
      file,
      inContainer: true,
      inStream: false,
    },
    options: { profile: "2" },
  })),
  {
    codec: "h264",
    encoder: "libx264",
    file: "d.mp4",
    format: "yuv420p10le",
    inContainer: true,
    inStream: false,
  },
  {
    codec: "ffv1",
    encoder: "ffv1",
    file: "e.mkv",
    format: "yuv420p10le",
    inContainer: true,
    inStream: false,
  },
];

for (const { codec, encoder, file, format, inContainer, inStream, options } of some(hdrCases, 3)) {
  testBoth(
    `color.masteringDisplay: ${codec} in ${file} keeps HDR10's metadata`,
    { skip: missingPixelFormat(encoder, format) },
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file(file);
      const { stream, frame } = await record(path, codec, { color, pixelFormat: format, ...options });
      assertEquals(
        [stream.color_space, stream.color_primaries, stream.color_transfer, stream.color_range],
        ["bt2020nc", "bt2020", "smpte2084", "tv"],
      );
      if (inContainer) assertHdr(stream, false);
      if (inStream) assertHdr(frame, encoder === "libsvtav1");
    },
  );
}

test("color.masteringDisplay: one part of HDR's metadata comes without the other", {
  skip: missingEncoders("libx265"),
}, async () => {
  using folder = new TemporaryFolder();
  for (const part of [{ masteringDisplay }, { contentLight }] as const) {
    const { stream, frame } = await record(folder.file("a.mp4"), "hevc", { color: { ...hdr10, ...part } });
    assertEquals(sideData(stream, "Mastering display") !== undefined, "masteringDisplay" in part);
    assertEquals(sideData(stream, "Content light level") !== undefined, "contentLight" in part);
    // In the stream, x265 says of the light that it is unknown: 0.
    const light = sideData(frame, "Content light level");
    assertEquals(Number(light?.max_content ?? 0), "contentLight" in part ? contentLight.maxCll : 0);
  }
});

test("color.masteringDisplay: custom encoder parameters go beside those of HDR", {
  skip: missingEncoders("libx265"),
}, async () => {
  using folder = new TemporaryFolder();
  const encoderOptions = { "x265-params": "keyint=2:min-keyint=2" };
  const { frame } = await record(folder.file("a.mkv"), "hevc", { color, encoderOptions });
  assertHdr(frame, false);
});

for (
  const [encoder, file, muxer] of [
    ["libx264", "a.ts", "mpegts"],
    ["libvpx-vp9", "a.ivf", "ivf"],
    ["mpeg4", "a.avi", "avi"],
  ] as const
) {
  test(`color.masteringDisplay: is refused at open where neither container nor encoder keeps it: ${muxer}`, {
    skip: missingEncoders(encoder),
  }, async () => {
    for (const part of [{ masteringDisplay }, { contentLight }]) {
      await assertFails(() => open(encoder, file, { color: part }), {
        type: UnsupportedError,
        code: "HDR_NOT_FOR_CONTAINER",
        operation: `write HDR metadata into ${muxer}`,
        says: [
          `Cannot write HDR metadata into ${muxer}: neither it nor encoder ${encoder} `,
          "Containers that keep it: mp4",
        ],
      });
    }
  });
}

async function refuseColor(
  given: unknown,
  type: typeof TypeError | typeof RangeError,
  ...says: string[]
): Promise<void> {
  const error = await assertRejects(() => open("mpeg4", "a.mp4", { color: given as never }), type);
  for (const part of says) assertStringIncludes(error.message, part);
  assertReadable(error);
}

test("color.masteringDisplay: an invalid one is refused with what it must be", async () => {
  const but = (fields: Fields): Fields => ({ masteringDisplay: { ...masteringDisplay, ...fields } });
  for (const value of [5, "P3", null, [], true]) {
    await refuseColor(
      { masteringDisplay: value },
      TypeError,
      "color.masteringDisplay: it is ",
      "{ red, green, ",
    );
  }
  for (
    const [name, value] of [["red", 0.5], ["green", [0.1]], ["blue", "0.1,0.2"], [
      "whitePoint",
      undefined,
    ]] as const
  ) {
    await refuseColor(but({ [name]: value }), TypeError, `color.masteringDisplay.${name}: it is `, "[x, y]");
  }
  await refuseColor(but({ red: ["0.6", 0.3] }), TypeError, "masteringDisplay.red[0]", "from 0.0001 to 0.74");
  await refuseColor(
    but({ red: [0.8, 0.3] }),
    RangeError,
    "masteringDisplay.red[0]: it is 0.8",
    "0.0001 to 0.74",
  );
  await refuseColor(
    but({ blue: [0.1, 0] }),
    RangeError,
    "masteringDisplay.blue[1]: it is 0,",
    "0.0001 to 0.84",
  );
  await refuseColor(but({ blue: [0.1, NaN] }), RangeError, "it is NaN");
  for (const luminance of [0, 5.1, -1, Infinity]) {
    await refuseColor(
      but({ minLuminance: luminance }),
      RangeError,
      "minLuminance: it is ",
      "from 0.0001 to 5",
    );
  }
  for (const luminance of [4.9, 10_001, NaN]) {
    await refuseColor(
      but({ maxLuminance: luminance }),
      RangeError,
      "maxLuminance: it is ",
      "from 5 to 10000",
    );
  }
  await refuseColor(but({ maxLuminance: undefined }), TypeError, "maxLuminance: it is undefined");
  await refuseColor(but({ whitepoint: [0.3, 0.3] }), TypeError, '"whitepoint"', 'Did you mean "whitePoint"?');
});

test("color.contentLight: invalid light levels are refused with what they must be", async () => {
  for (const value of [5, "1000,400", null, [1000, 400]]) {
    await refuseColor(
      { contentLight: value },
      TypeError,
      "color.contentLight: it is ",
      "{ maxCll, maxFall }",
    );
  }
  for (const maxCll of [0, 65_536, 400.5, NaN, -1]) {
    await refuseColor(
      { contentLight: { maxCll, maxFall: 1 } },
      RangeError,
      "maxCll: it is ",
      "from 1 to 65535",
    );
  }
  await refuseColor({ contentLight: { maxCll: 1000 } }, TypeError, "maxFall: it is undefined");
  await refuseColor(
    { contentLight: { maxCll: 400, maxFall: 401 } },
    RangeError,
    "maxFall 401 is above its maxCll 400",
  );
  await refuseColor({ contentLight: { maxCLL: 400, maxFall: 40 } }, TypeError, 'Did you mean "maxCll"?');
});

// Names of colours.

test("color: its names are those that every FFmpeg takes", async () => {
  for (const field of ["primaries", "transfer"] as const) {
    const { message } = await assertRejects(
      () => open("ffv1", "a.mkv", { color: { [field]: "xx" } }),
      RangeError,
    );
    const names = /it is none of ([^.]*)$/.exec(message)![1]!.split(", ");
    assert(names.length > 12, message);
    for (const name of names) await open("ffv1", "a.mkv", { color: { [field]: name } });
  }
  // libavutil's own names for two of them.
  for (const transfer of ["bt470m", "bt470bg"]) {
    using folder = new TemporaryFolder();
    const { stream } = await record(folder.file("a.mkv"), "mpeg4", { color: { transfer } });
    assertEquals(stream.color_transfer, transfer);
  }
});

test("color: an unknown name or field is refused with the nearest", async () => {
  await refuseColor(
    { primaries: "bt2002" },
    RangeError,
    'the color primaries "bt2002"',
    'Did you mean "bt2020"?',
  );
  await refuseColor({ transfer: "smpte2048" }, RangeError, 'the color transfer "smpte2048"', '"smpte2084"?');
  await refuseColor({ primaries: 9 }, RangeError, "the color primaries 9: it is none of bt709, ");
  await refuseColor({ transfer: "toString" }, RangeError, '"toString"');
  await refuseColor({ primaires: "bt709" }, TypeError, 'it has no "primaires"', 'Did you mean "primaries"?');
  await open("mpeg4", "a.mp4", { color: { primaries: undefined, masteringDisplay: undefined } as never });
});

// Where chroma lies.

interface ChromaCase {
  readonly codec: string;
  readonly encoder: string;
  readonly file: string;
  /** The first major of libavcodec that writes it. */
  readonly since: number;
}

const chromaCases: readonly ChromaCase[] = [
  { codec: "h264", encoder: "libx264", file: "a.mp4", since: 59 },
  { codec: "h264", encoder: "libx264", file: "a.ts", since: 59 },
  { codec: "hevc", encoder: "libx265", file: "a.mp4", since: 59 },
  { codec: "vp9", encoder: "libvpx-vp9", file: "a.webm", since: 58 },
  { codec: "vp9", encoder: "libvpx-vp9", file: "a.mkv", since: 58 },
  { codec: "libsvtav1", encoder: "libsvtav1", file: "b.webm", since: 58 },
];

/** The reason where this FFmpeg is older than a major of libavcodec. */
function olderThan(since: number): SkipReason {
  const native = loadNative();
  return native.avcodecMajor < since && `FFmpeg ${native.version} does not write it`;
}

for (const { codec, encoder, file, since } of some(chromaCases, 3)) {
  testBoth(`color: ${codec} in ${file} says where its chroma lies if avwriter put it there`, {
    skip: missingEncoders(encoder) || olderThan(since),
  }, async () => {
    using folder = new TemporaryFolder();
    const { stream, frame } = await record(folder.file(file), codec, {});
    assertEquals([stream.chroma_location, frame.chroma_location], ["center", "center"]);
    const path = folder.file(`own_${file}`);
    const writer = await createFileWriter(codec, path, 25);
    const data = Uint8Array.from({ length: 320 * 180 * 3 / 2 }, (_, index) => index * 31 % 251);
    for (let index = 0; index < 3; index++) {
      await writer.write({ data, width: 320, height: 180, format: "yuv420p" });
    }
    await writer.close();
    assert(
      probeTags(path).stream.chroma_location !== "center",
      "what came in with less chroma is not said of",
    );
  });
}

test("color: chroma for every pixel has no place to tell", { skip: missingEncoders("libx264") }, async () => {
  using folder = new TemporaryFolder();
  const { stream } = await record(folder.file("a.mp4"), "h264", { pixelFormat: "yuv444p" });
  assert(stream.chroma_location !== "center");
});
