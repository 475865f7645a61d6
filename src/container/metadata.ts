/**
 * The tags of a file and of its tracks.
 *
 * @module
 */
import type { MuxerInfo } from "../libav/muxer_info.ts";
import { fieldsOf } from "../plain_copy.ts";
import { shown } from "../shown.ts";
import { movFamily } from "./known_containers.ts";
import { checkTimecode } from "./timecode.ts";

const isText = (text: string): boolean => text !== "" && !text.includes("\0") && text.isWellFormed();

/** Throws a `TypeError` unless every tag is a string under its own key. Returns a copy. */
export function checkMetadata(metadata: Readonly<Record<string, unknown>>): Record<string, string> {
  const keys = new Set<string>();
  const tags = fieldsOf(metadata, []);
  for (const [key, value] of Object.entries(tags)) {
    const mustBe = "must be a non-empty string of whole characters, without NUL characters";
    if (!isText(key)) {
      throw new TypeError(`Cannot use the option metadata: its key ${shown(key)} ${mustBe}`);
    }
    if (typeof value !== "string" || !isText(value)) {
      throw new TypeError(`Cannot use the tag ${shown(key)}: it is ${shown(value)}, but ${mustBe}`);
    }
    if (keys.has(key.toLowerCase())) {
      throw new TypeError(
        `Cannot use the tag ${
          shown(key)
        } twice: upper and lower case make no difference, leave one of them out`,
      );
    }
    keys.add(key.toLowerCase());
    if (key.toLowerCase() === "creation_time") checkTime(key, value);
    checkTimecode(key, value);
  }
  return tags as Record<string, string>;
}

/** Containers count the seconds since 1904 or 2001 for it. */
function checkTime(key: string, value: string): void {
  const isTime = /^(?:19[7-9]|2\d\d)\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value);
  if (isTime && !Number.isNaN(Date.parse(value))) return;
  throw new TypeError(
    `Cannot use the tag ${shown(key)}: it is ${
      shown(value)
    }, but must be a time since 1970 such as "2024-05-06T07:08:09Z"`,
  );
}

/**
 * Languages that QuickTime has a number for, but that libavformat knows by another code (isom.c) and would
 * leave out.
 */
const quickTimeLanguages: Readonly<Record<string, string>> = {
  ...{ fre: "fra", deu: "ger", nld: "dut", swe: "sve", ell: "gre", isl: "ice", zho: "chi", gle: "iri" },
  ...{ sqi: "alb", rum: "ron", cze: "ces", slo: "slk", mkd: "mac", eus: "baq", cym: "wel", fas: "per" },
};

/** The tags of a track: its language and its name in players. */
export function trackTags(
  { name }: MuxerInfo,
  language: string | undefined,
  title: string | undefined,
): Readonly<Record<string, string>> {
  return {
    ...(language === undefined
      ? {}
      : { language: name === "mov" ? quickTimeLanguages[language] ?? language : language }),
    // The mp4 family keeps names of tracks under the other key.
    ...(title === undefined ? {} : movFamily.includes(name) ? { title, handler_name: title } : { title }),
  };
}
