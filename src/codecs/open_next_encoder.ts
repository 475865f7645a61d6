/**
 * Opens an encoder that goes on where another one ended.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { UnsupportedError } from "../errors.ts";
import type { Encoder } from "../libav/encoder.ts";
import { CodecParameters } from "../libav/streams/codec_parameters.ts";
import { type EncoderSettings, openEncoder } from "./open_encoder.ts";

/**
 * Opens an encoder to go on in place of one with the same settings. Throws an {@linkcode UnsupportedError}
 * where its codec headers are not those of the first, which the file has: nothing could decode what it makes.
 */
export function openNextEncoder(native: Native, settings: EncoderSettings, headers: Uint8Array): Encoder {
  const encoder = openEncoder(native, settings);
  using parameters = new CodecParameters(native, encoder);
  const own = parameters.headers;
  if (own.length === headers.length && own.every((byte, index) => byte === headers[index])) return encoder;
  encoder[Symbol.dispose]();
  const { name } = settings.encoder;
  throw new UnsupportedError(
    `Cannot go on after a pause in the video: encoder ${name} makes other codec headers when it is opened again`,
    {
      code: "CODEC_HEADERS",
      operation: `open encoder ${name} again`,
      hint: "Use another encoder, or one that holds no frames back (encoderOptions such as { bf: 0 })",
    },
  );
}
