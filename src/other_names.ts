/**
 * What FFmpeg's tools, WebCodecs and other libraries call things, for the errors that say what it is here.
 * Data only.
 *
 * @module
 */

/** A sentence for each name, by the name in lower case without `-` and `_`. */
function sentences(table: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(table).flatMap(([names, sentence]) =>
      names.split(" ").map((name): [string, string] => [plainName(name), sentence])
    ),
  );
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, "");
}

const meant = (option: string): string => `Did you mean "${option}"?`;

const options = sentences({
  "crf qp cq cqp qscale q:v q qmin qmax": 'Did you mean "quality"? It takes the encoder\'s numbers',
  "pix_fmt pixelfmt pixfmt": meant("pixelFormat"),
  "fps framerate r frame_rate rate":
    "The frame rate is the third argument: createFileWriter(codec, path, fps)",
  "vcodec c:v codec codec:v videocodec encoder acodec c:a audiocodec":
    'The codec is the first argument; that of an audio track is { audio: { codec: "aac" } }',
  "output path file filename out url": "The path is the second argument",
  "b:v vb videobitrate bit_rate b": meant("bitrate"),
  "b:a ab audiobitrate": 'Give the bit rate of an audio track: { audio: { bitrate: "96k" } }',
  "maxrate bufsize": meant("maxBitrate"),
  "g gop gop_size keyint keyframeinterval keyint_min": 'Did you mean "keyFrameInterval"? It counts seconds',
  "vf filter_complex filters videofilters": meant("filter"),
  "af audiofilters": "There are no filters for audio",
  "f container muxer outputformat fileformat": meant("format"),
  "movflags": 'Give it to the muxer: { formatOptions: { movflags: "..." } }',
  "x264-params x265-params svtav1-params b_frames bf refs":
    'Give it to the encoder: { encoderOptions: { ... } }, by the name that "ffmpeg -h encoder=NAME" shows',
  "s size resolution scale": 'Give "width" and "height", and "resize" for frames of other sizes',
  "loglevel verbose": meant("logLevel"),
  "sar aspect aspectratio": meant("sampleAspectRatio"),
  "rotate": meant("rotation"),
  "vsync fps_mode vfr": meant("timing"),
  "threads": "Give it to the encoder: { encoderOptions: { threads: 4 } }",
  "y overwrite": "A file that exists is overwritten, without an option",
  "tags": meant("metadata"),
  "colorspace color_space": meant("color"),
  "latencymode realtime": 'Did you mean "tune"? libx264 and libx265 have "zerolatency"',
  "hwaccel hardwareacceleration":
    'Use hardware "auto" or "require", or a device\'s encoder as the codec, such as "h264_nvenc"',
});

const audioOptions = sentences({
  "ar samplerate": meant("sampleRate"),
  "ac numberofchannels channelcount": meant("channels"),
  "b:a ab b audiobitrate bit_rate": meant("bitrate"),
  "acodec c:a audiocodec encoder": meant("codec"),
  "sample_fmt": meant("sampleFormat"),
  "channel_layout channellayout": meant("layout"),
  "input i file src source path": meant("from"),
});

/**
 * What an option of another program is here; `null` where it is not known. `prefix` is `"audio."` for a
 * track's.
 */
export function knownElsewhere(name: string, prefix: string): string | null {
  const table = prefix === "audio." ? audioOptions : prefix === "" ? options : null;
  return table?.get(plainName(name)) ?? null;
}

/** WebCodecs' and MIME codec strings, by what they begin with. */
const codecStrings: readonly (readonly [pattern: RegExp, family: string])[] = [
  [/^avc[134]\./, "h264"],
  [/^(?:hvc1|hev1|dvh1|dvhe)\./, "hevc"],
  [/^av01\./, "av1"],
  [/^vp09\./, "vp9"],
  [/^vp08(?:\.|$)/, "vp8"],
  [/^mp4a\.(?:69|6b)$/, "mp3"],
  [/^mp4a\.40\b/, "aac"],
  [/^(?:ac-3|mp4a\.a5)$/, "ac3"],
  [/^pcm-/, "pcm"],
];

/**
 * The family of codecs that a codec string of WebCodecs names, such as `"avc1.42001f"`; `null` where it is
 * none.
 */
export function familyOfCodecString(codec: string): string | null {
  return codecStrings.find(([pattern]) => pattern.test(codec.toLowerCase()))?.[1] ?? null;
}
