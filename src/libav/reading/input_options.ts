/**
 * Options of demuxers and protocols.
 *
 * @module
 */
import { cString, type Native, NULL, PointerCell } from "../../../ffi/mod.ts";

/** AV_DICT_IGNORE_SUFFIX, libavutil/dict.h: with an empty key, the first entry. */
const ignoreSuffix = 2;

/** Options as one text: `"rw_timeout=5000000:channels=2"`. */
export function optionText(options: Readonly<Record<string, string>>): string {
  return Object.entries(options)
    .map(([name, value]) => `${name}=${value.replaceAll(/[\\':=]/g, "\\$&")}`).join(":");
}

/**
 * Runs an action with an AVDictionary of options, if there are any. It removes those that it knows;
 * `onUnknown` is told the name of one that is left.
 */
export function withOptions(
  native: Native,
  options: string,
  open: (dictionary: BigUint64Array | null) => number,
  onUnknown?: (name: string) => void,
): number {
  if (options === "") return open(null);
  const { av_dict_parse_string, av_dict_free } = native.dictionaries();
  const cell = new PointerCell();
  try {
    const result = av_dict_parse_string(cell.buffer, cString(options), cString("="), cString(":"), 0);
    if (result < 0) return result;
    const opened = open(cell.buffer);
    const left = native.avutil.av_dict_get(cell.value, cString(""), NULL, ignoreSuffix);
    if (opened >= 0 && left !== NULL) {
      onUnknown?.(native.memory.text(native.fields.get(left, "AVDictionaryEntry", "key")) ?? "");
    }
    return opened;
  } finally {
    av_dict_free(cell.buffer);
  }
}
