/**
 * Files that go along with a video, inside its file.
 *
 * @module
 */
import { extname, type Native } from "../../ffi/mod.ts";
import { UnsupportedError } from "../errors.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import { describeAttachment, type StreamRequest } from "../libav/streams/stream_parameters.ts";
import { fieldsOf } from "../plain_copy.ts";
import { shown } from "../shown.ts";

/**
 * A file that goes along with a video, such as a font of its subtitles.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import type { Attachment } from "@avwriter/avwriter";
 *
 * const font = async (path: string): Promise<Attachment> => {
 *   return { name: "Title.ttf", data: await readFile(path) };
 * };
 * ```
 */
export interface Attachment {
  /** The file's name, without folders. */
  name: string;
  /** All of its bytes. */
  data: Uint8Array;
  /**
   * The media type: `"font/woff2"`. Default: by the name's extension, for ttf, ttc, otf, png, jpg, jpeg, txt
   * and pdf.
   */
  mimeType?: string;
}

/** An attached file, after the check. */
export interface CheckedAttachment {
  readonly name: string;
  readonly data: Uint8Array;
  readonly mimeType: string;
}

/**
 * Media types by extension. For fonts these are the older names, which mkvmerge calls legacy: mpv, VLC and
 * FFmpeg know them in all versions, but "font/ttf", which mkvmerge writes now, only newer ones do (FFmpeg's
 * own reader of Matroska never, in matroska.c).
 */
const mimeTypes: Readonly<Record<string, string>> = {
  ".ttf": "application/x-truetype-font",
  ".ttc": "application/x-truetype-font",
  ".otf": "application/vnd.ms-opentype",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".txt": "text/plain",
  ".pdf": "application/pdf",
};

/** The most that FFmpeg reads of an attached file (FF_MAX_EXTRADATA_SIZE, libavformat/internal.h). */
export const maxAttachedBytes: number = 2 ** 28 - 64;

/** Throws an {@linkcode UnsupportedError} where a container does not keep attachments. */
export function requireAttachmentSupport(
  { name }: MuxerInfo,
  { attachments }: { readonly attachments: readonly CheckedAttachment[] },
): void {
  if (attachments.length === 0 || name === "matroska") return;
  throw new UnsupportedError(`Cannot write attachments into ${name}: the container does not keep them`, {
    code: "ATTACHMENTS",
    operation: "choose the container",
    hint: "Leave them out, or use mkv",
  });
}

/** Checks attachments and copies their data. Throws a `TypeError` or `RangeError` where one is not valid. */
export function checkAttachments(attachments: readonly Attachment[]): CheckedAttachment[] {
  return Array.from(attachments, (attachment, index) => {
    const { name, data, mimeType, ...others } = fieldsOf(
      typeof attachment === "object" && attachment !== null ? attachment : {},
      ["name", "data", "mimeType"],
    );
    const refuse = (what: string, value: unknown, expected: string): never => {
      throw new TypeError(
        `Cannot use the option attachments: number ${index} has the ${what} ${
          shown(value)
        }, but must have ${expected}`,
      );
    };
    const [other] = Object.keys(others);
    if (other !== undefined) refuse("field", other, "name, data and mimeType only");
    if (typeof name !== "string" || !/^[^\0/\\]+$/.test(name) || !name.isWellFormed()) {
      return refuse("name", name, 'the name of a file without folders, such as "Title.ttf"');
    }
    if (!(data instanceof Uint8Array)) return refuse("data", data, "the bytes of the file as a Uint8Array");
    if (data.length === 0) {
      throw new TypeError(`Cannot use the option attachments: ${shown(name)} has no bytes`);
    }
    if (data.length > maxAttachedBytes) {
      throw new RangeError(
        `Cannot use the option attachments: ${
          shown(name)
        } has ${data.length} bytes, but may have ${maxAttachedBytes} at most`,
      );
    }
    const type = mimeType ?? mimeTypes[extname(name).toLowerCase()];
    if (typeof type !== "string" || !/^[\w.+-]+\/[\w.+-]+$/.test(type)) {
      return refuse("mimeType", type, `a media type for ${shown(name)}, such as "font/woff2"`);
    }
    return { name, data: new Uint8Array(data), mimeType: type };
  });
}

/** The streams of the attachments. */
export function attachmentStreams(
  native: Native,
  { attachments }: { readonly attachments: readonly CheckedAttachment[] },
): StreamRequest[] {
  return attachments.map((attachment) => attachmentStream(native, attachment));
}

/** The stream of an attached file in Matroska. */
export function attachmentStream(
  native: Native,
  { name, data, mimeType }: CheckedAttachment,
): StreamRequest {
  return {
    describeInto: (parameters) => describeAttachment(native, parameters, data),
    timeBase: { num: 1, den: 1000 },
    frameRate: null,
    tag: null,
    metadata: { filename: name, mimetype: mimeType },
  };
}
