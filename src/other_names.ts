/**
 * What FFmpeg's tools, WebCodecs and other libraries call things, for the errors that say what it is here.
 * Data only.
 *
 * @module
 */

/** What is said of some names. */
interface Rule {
  readonly names: ReadonlySet<string>;
  readonly sentence: string;
  /** An option that a function must have for the sentence to be true of it; `null`: it always is. */
  readonly needs: string | null;
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, "");
}

/** A sentence for names, as functions with an option may say it. */
function said(names: string, needs: string | null, sentence: string): Rule {
  return { names: new Set(names.split(" ").map(plainName)), sentence, needs };
}

/** The name here of what has these names elsewhere. */
function meant(option: string, names: string): Rule {
  return said(names, option, `Did you mean "${option}"?`);
}

/** An option that all writers of frames have, and nothing else. */
const ofWriters = "timing";

const options: readonly Rule[] = [
  said(
    "crf qp cq cqp qscale q:v q qmin qmax",
    "quality",
    'Did you mean "quality"? It takes the encoder\'s numbers',
  ),
  meant("pixelFormat", "pix_fmt pixelfmt pixfmt"),
  meant("frameRate", "fps framerate r rate"),
  said(
    "fps framerate r frame_rate rate",
    ofWriters,
    "The frame rate is the third argument: createFileWriter(codec, path, fps)",
  ),
  said(
    "vcodec c:v codec codec:v videocodec encoder acodec c:a audiocodec",
    ofWriters,
    'The codec is the first argument; that of an audio track is { audio: { codec: "aac" } }',
  ),
  said("output path file filename out url", ofWriters, "The path is the second argument"),
  meant("bitrate", "b:v vb videobitrate bit_rate b"),
  said("b:a ab audiobitrate", "audio", 'Give the bit rate of an audio track: { audio: { bitrate: "96k" } }'),
  meant("maxBitrate", "maxrate bufsize"),
  said(
    "g gop gop_size keyint keyframeinterval keyint_min",
    "keyFrameInterval",
    'Did you mean "keyFrameInterval"? It counts seconds',
  ),
  meant("filter", "vf filter_complex filters videofilters"),
  said("af audiofilters", "audio", "There are no filters for audio"),
  meant("format", "f container muxer outputformat fileformat"),
  said("movflags", "formatOptions", 'Give it to the muxer: { formatOptions: { movflags: "..." } }'),
  said(
    "x264-params x265-params svtav1-params b_frames bf refs",
    "encoderOptions",
    'Give it to the encoder: { encoderOptions: { ... } }, by the name that "ffmpeg -h encoder=NAME" shows',
  ),
  meant("size", "s resolution"),
  said(
    "s size resolution scale",
    "resize",
    'Give "width" and "height", and "resize" for frames of other sizes',
  ),
  meant("logLevel", "loglevel verbose"),
  meant("sampleAspectRatio", "sar aspect aspectratio"),
  meant("rotation", "rotate"),
  meant("timing", "vsync fps_mode vfr"),
  said("threads", "encoderOptions", "Give it to the encoder: { encoderOptions: { threads: 4 } }"),
  said("y overwrite", null, "A file that exists is overwritten, without an option"),
  meant("metadata", "tags"),
  meant("color", "colorspace color_space"),
  said("latencymode realtime", "tune", 'Did you mean "tune"? libx264 and libx265 have "zerolatency"'),
  said(
    "hwaccel hardwareacceleration",
    "hardware",
    'Use hardware "auto" or "require", or a device\'s encoder as the codec, such as "h264_nvenc"',
  ),
  said(
    "adaptive",
    ofWriters,
    "It is for HLS and DASH: an option of createStreamWriter, and of an entry of outputs",
  ),
  said(
    "headers method transport caFile onSdp",
    ofWriters,
    "It is for addresses: an option of createStreamWriter, and of an entry of outputs",
  ),
  said(
    "reconnect openTimeoutSeconds readTimeoutSeconds redirects onStatus transport caFile maxBitrate",
    "imageSequence",
    "It is for addresses: an option of openNetworkSource",
  ),
  said("loglevel verbose", null, "Writers and sources have the option logLevel"),
];

const audioOptions: readonly Rule[] = [
  meant("sampleRate", "ar samplerate"),
  meant("channels", "ac numberofchannels channelcount"),
  meant("bitrate", "b:a ab b audiobitrate bit_rate"),
  meant("codec", "acodec c:a audiocodec encoder"),
  meant("sampleFormat", "sample_fmt"),
  meant("layout", "channel_layout channellayout"),
  meant("from", "input i file src source path"),
];

/**
 * What to do instead of an option that a function does not have, which has those that are `known`; `null`
 * where nothing is known of it. `prefix` is `"audio."` for a track's.
 */
export function knownElsewhere(name: string, prefix: string, known: Iterable<string>): string | null {
  const rules = prefix === "audio." ? audioOptions : prefix === "" ? options : [];
  const plain = plainName(name), own = new Set(known);
  const rule = rules.find(({ names, needs }) => names.has(plain) && (needs === null || own.has(needs)));
  return rule?.sentence ?? null;
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
