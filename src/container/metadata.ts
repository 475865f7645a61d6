/**
 * The tags of a file and of its tracks: which of them a container keeps.
 *
 * @module
 */
import { UnsupportedError } from "../errors.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import { fieldsOf } from "../plain_copy.ts";
import { shown } from "../shown.ts";
import { movFamily } from "./known_containers.ts";
import {
  newerRotationContainers,
  rotationContainers,
  rotationLost,
  type TagRequest,
} from "./picture_tags.ts";
import {
  itunesKeys,
  itunesNumbers,
  maxQuickTimeBytes,
  mp4Rules,
  quickTimeKeys,
  tagContainers,
  tagRules,
} from "./tag_rules.ts";
import { checkTimecode, isTimecodeTrack } from "./timecode.ts";

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
 * Throws an {@linkcode UnsupportedError} for the first requested tag or rotation that a container does not
 * keep, whatever its codec.
 */
export function requireTagSupport({ name }: MuxerInfo, { rotation = 0, metadata }: TagRequest): void {
  if (rotation !== 0 && !rotationContainers.includes(name) && !newerRotationContainers.includes(name)) {
    throw rotationLost(name, rotation);
  }
  for (const [key, value] of Object.entries(metadata ?? {})) {
    const loss = tagLoss(name, key, value);
    if (loss === null) continue;
    const keepers = tagContainers.filter((other) => tagLoss(other, key, value) === null);
    throw new UnsupportedError(`Cannot write the tag ${shown(key)} into ${name}: ${loss}`, {
      code: "TAG_NOT_FOR_CONTAINER",
      operation: `write the tag ${key} into ${name}`,
      hint: keepers.length === 0 ? null : `Containers that keep it: ${keepers.join(", ")}`,
    });
  }
}

/** Why a tag is lost in a container; `null` where it is kept. */
function tagLoss(container: string, key: string, value: string): string | null {
  const name = key.toLowerCase();
  if (name === "encoder" || name.startsWith("encoder-")) return "FFmpeg writes its own name there";
  if (!Object.hasOwn(tagRules, container)) return "it keeps no tags";
  const { keeps, loses = [], letters, forms = {}, maxBytes = Infinity } = tagRules[container]!;
  if (keeps !== undefined && !keeps.includes(name)) return `it keeps only ${keeps.join(", ")}`;
  if (loses.includes(name)) return "it has another meaning or another name there";
  if (letters !== undefined && !letters.test(key)) return "the key has characters that it does not keep";
  const bytes = byteLength(value);
  if (bytes > maxBytes) return `the value has ${bytes} bytes, but it keeps ${maxBytes} at most`;
  const form = Object.hasOwn(forms, name) ? forms[name]! : null;
  if (form === null || form.pattern.test(value)) return null;
  return `it keeps it in a form such as ${shown(form.example)} only`;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/**
 * Whether a container of the mp4 family keeps a tag only under a key of its own
 * (`movflags use_metadata_tags`). None of the tags then has an atom that iTunes or QuickTime knows.
 */
export function needsNamedKeys(container: string, metadata: Readonly<Record<string, string>> = {}): boolean {
  if (tagRules[container] !== mp4Rules) return false;
  return Object.entries(metadata).some(([key, value]) => {
    const name = key.toLowerCase();
    if (tagLoss(container, key, value) !== null || isTimecodeTrack(container, key)) return false;
    if (container === "mov") return !quickTimeKeys.includes(name) || byteLength(value) > maxQuickTimeBytes;
    return !itunesKeys.includes(name) &&
      !(Object.hasOwn(itunesNumbers, name) && itunesNumbers[name]!.test(value));
  });
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
