/**
 * Whether a container keeps what options ask for besides its streams.
 *
 * @module
 */
import type { MuxerInfo } from "../libav/muxer_info.ts";
import { requireAttachmentSupport } from "./attachments.ts";
import { requireChapterSupport } from "./chapters.ts";
import { requireCoverSupport } from "./cover.ts";
import { requireTagSupport } from "./metadata.ts";

type Requirements =
  & Parameters<typeof requireTagSupport>[1]
  & Parameters<typeof requireChapterSupport>[1]
  & Parameters<typeof requireCoverSupport>[1]
  & Parameters<typeof requireAttachmentSupport>[1];

/** Throws an `UnsupportedError` where a container would lose tags, chapters, the cover or attachments. */
export function requireOptionSupport(info: MuxerInfo, options: Requirements): void {
  requireTagSupport(info, options);
  requireChapterSupport(info, options);
  requireCoverSupport(info, options);
  requireAttachmentSupport(info, options);
}
