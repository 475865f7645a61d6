/**
 * Opens sessions, with the modules that each needs.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import type { AudioSession } from "../engine/audio_session.ts";
import type { PacketSession } from "../engine/copying/packet_session.ts";
import type { SessionControl } from "../engine/ending/session_control.ts";
import { loadParts, type SessionParts } from "../engine/opening/session_parts.ts";
import type { FileRequest, SessionOutlets } from "../engine/session_types.ts";
import { VideoSession } from "../engine/video_session.ts";

/** The session of each kind of file. */
export interface Sessions {
  readonly video: VideoSession;
  readonly audio: AudioSession;
  readonly packets: PacketSession;
}

/** Opens a session whose modules are loaded. */
export type OpenSession<Kind extends keyof Sessions> = (
  native: Native,
  control: SessionControl,
  outlets: SessionOutlets,
) => Sessions[Kind];

type Openers = {
  readonly [Kind in keyof Sessions]: (
    request: Extract<FileRequest, { readonly kind: Kind }>,
  ) => OpenSession<Kind> | Promise<OpenSession<Kind>>;
};

const openers: Openers = {
  video: (request) => {
    const loading = loadParts(request);
    const opener = (parts: SessionParts): OpenSession<"video"> => (native, control, outlets) =>
      new VideoSession(native, request, control, outlets, parts);
    return loading === null ? opener({}) : loading.then(opener);
  },
  audio: async (request) => {
    const { AudioSession } = await import("../engine/audio_session.ts");
    return (native, control, outlets) => new AudioSession(native, request, control, outlets);
  },
  packets: async (request) => {
    const { PacketSession } = await import("../engine/copying/packet_session.ts");
    return (native, control) => new PacketSession(native, request, control);
  },
};

/** What opens the session of a request: at once, unless it needs modules that few sessions need. */
export function sessionOpener<Kind extends keyof Sessions>(
  request: FileRequest & { readonly kind: Kind },
): OpenSession<Kind> | Promise<OpenSession<Kind>> {
  const opener = openers[request.kind] as (
    given: FileRequest,
  ) => OpenSession<Kind> | Promise<OpenSession<Kind>>;
  return opener(request);
}
