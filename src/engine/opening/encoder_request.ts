/**
 * What a video's options request from its encoder.
 *
 * @module
 */
import type { EncoderRequest, Pass } from "../../codecs/encoder_request.ts";
import type { SettingsContext } from "../../codecs/open_encoder.ts";
import { isVerbose } from "../../libav/log.ts";
import type { MuxerInfo } from "../../libav/muxer_info.ts";
import { withoutPrototype } from "../../plain_copy.ts";
import type { Rgb } from "../../video/background.ts";
import type { ColorDescription } from "../../video/color.ts";
import type { PreprocessorOutput } from "../preprocessor.ts";
import type { SessionOptions } from "../session_options.ts";

/** What a request needs to know besides the options. */
export interface EncoderUse {
  /** What the encoder gets. */
  readonly input: PreprocessorOutput;
  /** Whether all pixels of the first picture are opaque, as far as is known. */
  readonly isOpaque: () => boolean;
  readonly isCrashSafe: boolean;
  /** The container's name. */
  readonly container: string;
  /** The pass that the encoder is for, where there are two. */
  readonly pass: Pass | undefined;
}

/** The request for an encoder. */
export function encoderRequest(
  options: SessionOptions,
  { input: { shape: { layout }, frameRate }, pass, ...use }: EncoderUse,
): EncoderRequest {
  return withoutPrototype({
    ...options,
    ...use,
    ...(pass !== undefined && { pass }),
    frameRate,
    width: layout.width,
    height: layout.height,
    source: layout.format,
    isVariable: options.timing !== undefined && options.timing !== "constant" ||
      options.latePolicy === "drop",
    isVerbose: isVerbose(options.logLevel),
    isQuiet: options.logLevel === "quiet",
  });
}

/** What the encoder's settings depend on besides. */
export function settingsContext(
  { color: given, oddSize = "pad" }: SessionOptions,
  { wantsGlobalHeader }: MuxerInfo,
  color: ColorDescription,
  background: Rgb,
): SettingsContext {
  const isMatrixGiven = typeof given === "string" || given?.matrix !== undefined;
  return { globalHeader: wantsGlobalHeader, color, background, isMatrixGiven, oddSize };
}
