/**
 * What cases are made of: codecs, containers, sizes, rates, filters. Data only.
 *
 * @module
 */
import type { BufferKind, Value, VideoEnding } from "./case_types.ts";
import type { Weighted } from "./random.ts";

/** Codec families, fast ones oftener, and the extensions of containers that take them. */
export const families: Weighted<{ readonly codec: string; readonly extensions: readonly string[] }> = [
  [8, { codec: "h264", extensions: ["mp4", "mov", "mkv", "m4v", "ts", "flv", "avi", "nut", "mxf", "3gp"] }],
  [3, { codec: "hevc", extensions: ["mp4", "mov", "mkv", "ts"] }],
  [2, { codec: "av1", extensions: ["mp4", "mkv", "webm"] }],
  [4, { codec: "vp9", extensions: ["webm", "mkv", "mp4"] }],
  [4, { codec: "vp8", extensions: ["webm", "mkv", "avi"] }],
  [10, { codec: "mpeg4", extensions: ["avi", "mp4", "mov", "mkv", "ts", "m4v", "nut", "3gp"] }],
  [4, { codec: "xvid", extensions: ["avi", "mkv", "mp4"] }],
  [8, { codec: "mjpeg", extensions: ["avi", "mov", "mkv", "mp4", "nut"] }],
  [4, { codec: "prores", extensions: ["mov", "mkv", "mxf", "nut"] }],
  [2, { codec: "dnxhd", extensions: ["mov", "mxf", "mkv", "avi"] }],
  [8, { codec: "ffv1", extensions: ["mkv", "avi", "nut", "mov", "mp4"] }],
  [6, { codec: "huffyuv", extensions: ["avi", "mkv", "nut", "mov"] }],
  [6, { codec: "utvideo", extensions: ["avi", "mkv", "nut", "mov"] }],
  [6, { codec: "png", extensions: ["mov", "mkv", "avi", "nut", "mp4", "apng"] }],
  [5, { codec: "gif", extensions: ["gif"] }],
  [4, { codec: "webp", extensions: ["webp"] }],
  [6, { codec: "rawvideo", extensions: ["avi", "nut", "mov", "mkv", "y4m"] }],
];

/** Backgrounds of transparent pictures. */
export const backgrounds: readonly string[] = ["black", "white", "#20c83c", "#F0a", "Tomato"];

/** What is nearly a background, or not at all. */
export const oddBackgrounds: readonly Value[] = [
  "",
  "#12345",
  "random",
  "red@0.5",
  7,
  null,
  "0x123456",
  "nosuch",
];

/** Names that are nearly codecs, or not at all. */
export const oddCodecs: readonly Value[] = [
  ...["", "H264", "h265", "x264", "avc1", "mp3", "aac", "pcm_s16le", "copy", "libx264 ", "%s%n", "a\0b"],
  ...["../../etc/passwd", "constructor", "__proto__", "png\n", "🎬"],
  ...[null, 27, { $: "undefined" }, { $: "symbol" }, ["h264"], {}] as const,
];

/** Extensions that any encoder may find a place in. */
export const widelyTaking: readonly string[] = ["mkv", "avi", "mov", "nut", "mp4"];

/** File names; `*` stands for the extension. */
export const fileNames: Weighted<string> = [
  [30, "a.*"],
  [2, "ein Wort, größer.*"],
  [2, "50%d done.*"],
  [1, "-i.*"],
  [1, "concat:a|b.*"],
  [1, "日本語 'quoted' \"twice\".*"],
  [1, "UPPER.CASE.*"],
  [1, ".*"],
];

/** File names of patterns and without a meaning. */
export const oddFileNames: readonly string[] = [
  ...[
    "a",
    "a.",
    "a.xyz",
    "a.mp4.",
    "a.png",
    "frame%03d.png",
    "frame%03d.*",
    "no/such/folder/a.*",
    "a.* ",
    "*",
  ],
];

/** Sizes that are not merely small. */
export const extremeSizes: readonly (readonly [width: number, height: number])[] = [
  ...[[1, 1], [1, 1], [2, 1], [1, 2], [3, 3], [16384, 1], [1, 16384], [8192, 2], [5, 4099]] as const,
  ...[[4096, 2160], [1920, 1080], [1281, 719], [65535, 1], [1, 65536], [32768, 2]] as const,
];

/** Sizes that old codecs know. */
export const namedSizes: readonly (readonly [width: number, height: number])[] = [
  ...[[352, 288], [176, 144], [128, 96], [720, 576], [640, 360], [640, 480], [704, 576]] as const,
];

/** What is no side of a picture. */
export const oddSides: readonly Value[] = [
  ...[0, -1, 1.5, 2 ** 31, 2 ** 31 - 1, 2 ** 53, 1e300, "64", "", null, [], {}] as const,
  ...[{ $: "NaN" }, { $: "Infinity" }, { $: "undefined" }, { $: "bigint" }, { $: "symbol" }] as const,
];

/** Frame rates that people mean. */
export const usualRates: readonly Value[] = [
  ...[24, 25, 30, 50, 60, 23.976, 29.97, 59.94, "30000/1001", "24000/1001", "25/1", 10, 12.5, 15, 1] as const,
  ...[{ num: 30, den: 1 }, { num: 60000, den: 1001 }, 5, 120, 8.333] as const,
];

/** Frame rates that are legal. */
export const rareRates: readonly Value[] = [
  ...[0.5, 0.1, 1 / 3, "1/60", "1/3600", 240, 1000, 1001, 90000, 100000, 119.88, 65535, 65536] as const,
  ...[
    "2147483647/1",
    "1/2147483647",
    "2147483647/2147483646",
    { num: 999983, den: 1000003 },
    1e-6,
    99.999,
  ] as const,
];

/** What is no frame rate. */
export const oddRates: readonly Value[] = [
  ...[0, -25, 2 ** 31, "30", "30/0", "0/30", "a/b", "", "-30/1", "99999999999/1", 1e-9, 1e300, null] as const,
  ...[{ num: 30 }, { num: 1.5, den: 1 }, { num: 0, den: 0 }, { num: "30", den: "1" }, []] as const,
  ...[{ $: "NaN" }, { $: "Infinity" }, { $: "undefined" }, { $: "bigint" }, { $: "symbol" }] as const,
];

/** Pixel formats that frames often have. */
export const usualFormats: readonly string[] = [
  ...[
    "rgba",
    "bgra",
    "rgb24",
    "bgr24",
    "gray",
    "yuv420p",
    "yuv422p",
    "yuv444p",
    "nv12",
    "uyvy422",
    "yuyv422",
  ],
  ...[
    "yuv420p10le",
    "rgba64le",
    "argb",
    "yuva420p",
    "gbrp",
    "gray16le",
    "rgb48le",
    "p010le",
    "yuvj420p",
    "pal8",
  ],
];

/** What is no pixel format. */
export const oddFormats: readonly Value[] = [
  ...["", "RGBA", "rgb", "yuv", "none", "vaapi", "%n", "a\0b", "rgba ", 26, null, [], {}] as const,
  ...[{ $: "symbol" }, { $: "function" }] as const,
];

/** Memory, oftener of usual kinds. */
export const bufferKinds: Weighted<BufferKind> = [
  [40, "Uint8Array"],
  [15, "Uint8ClampedArray"],
  // Of floats only: others are refused.
  [1, "Float32Array"],
  [5, "DataView"],
  [5, "ArrayBuffer"],
  [5, "SharedArrayBuffer"],
  [5, "shared view"],
  [5, "resizable"],
  [4, "growable"],
];

/** Memory that can't be read. */
export const oddBufferKinds: readonly BufferKind[] = ["shrunk", "detached", "array of numbers", "nothing"];

/** How writers end. */
export const endings: Weighted<VideoEnding> = [
  [60, "close"],
  [8, "close twice"],
  [6, "close and write"],
  [8, "dispose"],
  [6, "abort"],
  [4, "abort and write"],
  [4, "abort and close"],
  [4, "close and abort"],
];

/** Filters that work, some with another rate, size or number of frames. */
export const filters: readonly string[] = [
  ...[
    "hflip",
    "vflip",
    "negate",
    "null",
    "copy",
    "format=gray",
    "format=yuv444p",
    "boxblur=1",
    "eq=contrast=2",
  ],
  ...["drawbox=c=red", "fps=5", "fps=15", "fps=60", "fps=30000/1001", "framestep=2", "framestep=3", "fps=1"],
  ...[
    "scale=32:24",
    "scale=iw*2:ih",
    "scale=-2:48",
    "scale=33:17",
    "crop=iw/2:ih/2",
    "crop=2:2",
    "transpose",
  ],
  ...[
    "pad=iw+4:ih+3:1:2:red",
    "rotate=0.5",
    "setpts=2*PTS",
    "setpts=PTS/2",
    "setpts=PTS+1/TB",
    "setpts=N/25/TB",
  ],
  ...[
    "select='mod(n,2)'",
    "select='lt(n,3)'",
    "select=0",
    "reverse",
    "trim=end_frame=2",
    "trim=start_frame=2",
  ],
  // Pictures that change size, and colours that change their meaning on the way.
  ...["scale=w='16+8*mod(n,3)':h=32:eval=frame", "format=yuv420p,scale=w=iw:h='32+2*n':eval=frame"],
  ...["format=gbrp,format=yuv444p", "format=yuva444p", "format=gray,format=yuv420p", "hue=s=0", "unsharp"],
  ...["scale=32:24:flags=lanczos,format=yuv422p", "split[a][b];[a]negate[c];[c][b]overlay"],
  ...["tile=2x2", "tile=3x1:padding=2", "split[a][b];[a][b]hstack"],
  // libavfilter's vstack writes beyond its frames where heights are odd and chroma is shared between lines,
  // in the ffmpeg program too.
  "scale=32:24,split[a][b];[b]vflip[c];[a][c]vstack",
  ...[
    "tinterlace=merge",
    "interlace",
    "telecine",
    "pullup",
    "fieldmatch",
    "yadif",
    "separatefields",
    "weave",
  ],
  ...[
    "loop=loop=2:size=2",
    "tpad=stop=3",
    "tpad=start=2:color=blue",
    "setsar=4/3",
    "setdar=16/9",
    "settb=1/1000",
  ],
  ...["settb=AVTB", "setfield=tff", "setrange=pc", "colorspace=bt709:iall=bt601-6-625", "scale=out_range=pc"],
  ...[
    "format=rgb24,hflip",
    "format=pal8",
    "palettegen",
    "format=yuv420p10le",
    "format=rgba64le",
    "format=bgr0",
  ],
  ...[
    "fade=in:0:3",
    "minterpolate=fps=50:mi_mode=dup",
    "framerate=50",
    "mpdecimate",
    "dejudder",
    "thumbnail=3",
  ],
  ...[
    "shuffleframes=1 0",
    "random=2",
    "tmix=2",
    "tblend",
    "decimate=cycle=3",
    "avgblur",
    "untile=2x1",
    "histogram",
  ],
  ...[
    "color=red:32x32:d=1[c];[in2][c]overlay",
    "nullsink;color=blue:16x16:d=0.3",
    "freezeframes=1:2:0",
    "scdet",
  ],
  ...[
    "showinfo",
    "metadata=add:key=a:value=b",
    "realtime=speed=1000",
    "sendcmd=c='0 hue s 0',hue",
    "zoompan=d=1:s=40x30",
  ],
];

/** Filters that can't be made. */
export const oddFilters: readonly Value[] = [
  ...[
    "",
    " ",
    "nosuchfilter",
    "hflip,",
    ",hflip",
    "hflip=3",
    "scale=0:0",
    "scale=-5:-7",
    "scale=abc",
    "crop=10000:2",
  ],
  ...[
    "[in]hflip[out]",
    "split",
    "hstack",
    "nullsink",
    "anull",
    "volume=2",
    "[a]hflip",
    "hflip[a]",
    "fps=0",
    "fps=-1",
  ],
  ...[
    "hflip;vflip",
    "movie=none.mp4",
    "format=nosuch",
    "a\0b",
    "[",
    "]",
    "'",
    "\\",
    "scale=99999:99999",
    "%s%n",
    ":::",
  ],
  ...[
    "hwupload",
    "format=vaapi",
    "sine",
    "setpts=NAN",
    "setpts=-PTS",
    "setpts=0",
    "select=n/0",
    "settb=0",
    "pad=1:1",
  ],
  ...[null, 3, [], { $: "symbol" }] as const,
];

/** Colours by name and in part. */
export const colors: readonly Value[] = [
  ...[
    "bt601",
    "bt709",
    "bt2020",
    "srgb",
    { range: "pc" },
    { range: "tv" },
    { matrix: "bt470bg" },
    {},
  ] as const,
  ...[{ matrix: "bt2020nc", primaries: "bt2020", transfer: "smpte2084" }, { primaries: "smpte432" }] as const,
  ...[{ matrix: "fcc" }, { matrix: "smpte240m", range: "pc" }, { transfer: "arib-std-b67" }] as const,
];

/** What is no colour. */
export const oddColors: readonly Value[] = [
  ...["", "BT709", "red", "bt601 ", { matrix: "rgb" }, { range: "full" }, { transfer: "nosuch" }] as const,
  ...[{ primaries: "%n" }, { matrix: "" }, { gamma: 2 }, { primaries: 9 }, 709, null, [], ["bt709"]] as const,
  ...[{ range: null }, { matrix: { $: "undefined" } }, { transfer: "a\0b" }, { $: "function" }] as const,
];

/** Presets, tunings and profiles of any encoder: right for some, wrong for others. */
export const words: Readonly<Record<"preset" | "tune" | "profile", readonly string[]>> = {
  preset: [
    "ultrafast",
    "superfast",
    "veryfast",
    "fast",
    "medium",
    "8",
    "9",
    "10",
    "6",
    "4",
    "placebo",
    "default",
    "",
  ],
  tune: [
    "zerolatency",
    "film",
    "animation",
    "grain",
    "stillimage",
    "psnr",
    "film,zerolatency",
    "nosuch",
    "fastdecode",
  ],
  profile: [
    ...[
      "baseline",
      "main",
      "high",
      "high10",
      "high444",
      "main10",
      "4444",
      "4444xq",
      "hq",
      "lt",
      "proxy",
      "0",
      "1",
      "2",
    ],
    ...["dnxhr_hq", "dnxhr_444", "dnxhr_hqx", "dnxhd", "simple", "nosuch", "-99", "99"],
  ],
};

/** Values that suit no option, or are at the edge of it. */
export const oddOptionValues: readonly Value[] = [
  ...[
    "",
    "a\0b",
    "%n%s",
    "0x10",
    "1e9",
    "-1",
    "999999999999999999999",
    "nan",
    "inf",
    "🎬",
    " ",
    "1/0",
    "+",
    "--",
  ] as const,
  ...[null, [], {}, { $: "NaN" }, { $: "Infinity" }, { $: "undefined" }, { $: "bigint" }, {
    $: "circle",
  }] as const,
];

/** Options that no writer has, and names that look like some. */
export const oddOptions: readonly (readonly [name: string, value: Value])[] = [
  ...[["qualty", "high"], ["fps", 25], ["__proto__", {}], ["constructor", 1], ["", 1], [
    "Width",
    16,
  ]] as const,
  ...[["hardware", "off"], ["thread", "main"], ["queueSize", 1], ["metadata", { title: "a" }], [
    "rotation",
    90,
  ]] as const,
];
