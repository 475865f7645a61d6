/**
 * What is asked of the network to tell why a connection could not be made: libavformat says EIO of most.
 *
 * @module
 */
import { cString, type Native } from "../../../ffi/mod.ts";
import { setInterruption } from "../../libav/interruption.ts";
import { Muxer, openForWriting } from "../../libav/muxer.ts";
import { muxerByName } from "../../libav/muxer_info.ts";
import { optionText, withOptions } from "../../libav/reading/input_options.ts";

/** Whether something can be opened by libavformat; nothing is sent. */
function opens(native: Native, address: string, options: Readonly<Record<string, string>>): boolean {
  const { avformat, fields } = native;
  using muxer = new Muxer(native, muxerByName(native, "mpegts")!, "");
  const callback = fields.addressOf(muxer.address, "AVFormatContext", "interrupt_callback");
  setInterruption(native, callback);
  try {
    muxer.openWith((cell) =>
      withOptions(
        native,
        optionText(options),
        (dictionary) => avformat.avio_open2(cell, cString(address), openForWriting, callback, dictionary),
      )
    );
    muxer.closeOutput();
    return true;
  } catch {
    return false;
  }
}

/** Whether the host of an address has one that can be reached. UDP connects to nobody. */
export function isHostKnown(native: Native, url: string): boolean {
  return opens(native, `udp://${new URL(url).hostname}:9`, { protocol_whitelist: "udp" });
}

/**
 * Whether a server of TLS that has refused a connection takes one by which no certificate is checked, so that
 * its certificate is what was wrong. No more than the greetings of TLS goes through that one.
 */
export function isUntrusted(native: Native, url: string, defaultPort: number): boolean {
  const { hostname, port } = new URL(url);
  return opens(native, `tls://${hostname}:${port || defaultPort}`, {
    protocol_whitelist: "tls,tcp",
    tls_verify: "0",
  });
}
