/**
 * libavdevice: microphones and other devices.
 *
 * The C prototype stands above each line; `tools/check_symbols.ts` compares the lines with the installed
 * headers.
 *
 * @module
 */
import type { SymbolTable } from "../contract.ts";

/** The functions in use. */
export const avdevice = {
  // void avdevice_register_all(void)
  avdevice_register_all: { parameters: [], result: "void" },
  // const AVInputFormat *av_input_audio_device_next(const AVInputFormat *d)
  av_input_audio_device_next: { parameters: ["address"], result: "address" },
  // const AVInputFormat *av_input_video_device_next(const AVInputFormat *d)
  av_input_video_device_next: { parameters: ["address"], result: "address" },
} as const satisfies SymbolTable;
