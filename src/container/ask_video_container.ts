/**
 * Asks a container of video what it keeps, with a blank picture.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { BlankPackets } from "../codecs/blank_packets.ts";
import type { EncoderSettings } from "../codecs/open_encoder.ts";
import { withoutPrototype } from "../plain_copy.ts";
import { askContainer, asksAnything, type ContainerAnswer, nothingAsked } from "./ask_container.ts";
import { type Chapter, trialChapters } from "./chapters.ts";
import type { Cover } from "./cover.ts";
import { asksForPicture, pictureLosses, type TagRequest } from "./picture_tags.ts";
import { UnsupportedError } from "../errors.ts";
import type { LogLevel } from "../libav/log.ts";
import type { Muxer } from "../libav/muxer.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import type { OptionValue } from "../libav/options.ts";
import type { Rational } from "../libav/rational.ts";

/** The options that ask a container to keep something. */
export interface VideoContainerOptions extends TagRequest {
  readonly chapters?: readonly Chapter[];
  readonly formatOptions?: Readonly<Record<string, OptionValue>>;
  readonly logLevel?: LogLevel;
}

/** What a container is asked with. */
export interface VideoTrial {
  readonly settings: EncoderSettings;
  readonly cover: Cover | null;
  /** Whether the settings have the size of the frames. */
  readonly hasSize: boolean;
  /** Creates a muxer of the video alone. */
  readonly createMuxer: (info: MuxerInfo, namesKeys: boolean) => Muxer;
  /** Whether an error names other containers, which are asked for that. */
  readonly namesOthers: boolean;
}

/** Containers to name in an error, where they keep what another does not. */
const others = ["mp4", "mov", "matroska", "webm", "avi", "flv", "nut"] as const;

/**
 * Asks a container for what the options want it to keep. Throws an `UnsupportedError` where it would lose
 * something.
 */
export function askVideoContainer(
  native: Native,
  info: MuxerInfo,
  options: VideoContainerOptions,
  { settings, cover, hasSize, createMuxer, namesOthers }: VideoTrial,
): ContainerAnswer {
  const picture = withoutPrototype({
    ...options,
    color: settings.color,
    encoder: settings.encoder,
    width: hasSize ? settings.width : null,
  });
  const request = {
    metadata: options.metadata ?? {},
    chapters: trialChapters(options.chapters ?? []),
    cover: cover?.bytes ?? null,
  };
  if (!asksAnything(request) && !asksForPicture(picture)) return nothingAsked;
  // Where nothing else is asked but the packets, they have all that the codec says.
  const asked = {
    ...settings,
    // Its statistics would be taken for those of the pass.
    options: settings.trialOptions ?? settings.options,
    globalHeader: settings.globalHeader && !info.opensFilesItself,
  };
  using owned = new DisposableStack();
  let blank: BlankPackets | null = null;
  return askContainer(native, {
    info,
    request,
    otherLosses: (file) => pictureLosses(file, picture),
    createMuxer,
    writePackets: (muxer) => {
      blank ??= owned.use(blankPackets(native, asked, hasSize ? null : options.sampleAspectRatio ?? null));
      for (const packet of blank.all) {
        packet.pts = packet.dts = 0n;
        packet.duration = 1n;
        packet.rescale(settings.timeBase, muxer.timeBase(0));
        muxer.writeAtOnce(packet);
      }
    },
    logLevel: options.logLevel,
    hasOptions: Object.keys(options.formatOptions ?? {}).length > 0,
    others: namesOthers ? others : [],
  });
}

/** The height of a picture whose size is not known yet. */
const usualHeight = 360;

/**
 * The packets of a blank picture. Where its size is not known, it has the shape of a television's screen:
 * MPEG-2 has few others.
 */
function blankPackets(native: Native, settings: EncoderSettings, ratio: Rational | null): BlankPackets {
  if (ratio === null) return new BlankPackets(native, settings);
  const width = Math.round(usualHeight * 4 / 3 * ratio.den / ratio.num / 2) * 2;
  try {
    return new BlankPackets(native, { ...settings, width, height: usualHeight });
  } catch (error) {
    // Some old codecs have a few sizes only.
    if (!(error instanceof UnsupportedError)) throw error;
    return new BlankPackets(native, settings);
  }
}
