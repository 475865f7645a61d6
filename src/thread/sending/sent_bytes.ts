/**
 * Bytes on their way between threads: as buffers that have just them. A view would be cloned with its whole
 * buffer, and Deno goes through a received one element by element.
 *
 * @module
 */
import type { CheckedAttachment } from "../../container/attachments.ts";
import type { MediaPacket } from "../../engine/copying/media_packet.ts";
import type { FileRequest } from "../../engine/session_types.ts";
import type { Samples } from "../../libav/audio_frame.ts";

/** A copy of bytes in a buffer of their own, to be transferred. */
export function copiedBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

/** Samples for another thread. */
export type SentSamples = Omit<Samples, "planes"> & { readonly planes: readonly ArrayBuffer[] };

/** Copies samples to be sent, with their planes transferred. */
export function sentSamples(samples: Samples): SentSamples {
  return { ...samples, planes: samples.planes.map(copiedBuffer) };
}

/** Samples from another thread. */
export function receivedSamples(sent: SentSamples): Samples {
  return { ...sent, planes: sent.planes.map((plane) => new Uint8Array(plane)) };
}

/** A packet for another thread. */
export type SentPacket = Omit<MediaPacket, "data"> & { readonly data: ArrayBuffer };

/** Copies a packet to be sent, with its bytes transferred. */
export function sentPacket(packet: MediaPacket): SentPacket {
  return { ...packet, data: copiedBuffer(packet.data) };
}

/** A packet from another thread. */
export function receivedPacket(sent: SentPacket): MediaPacket {
  return { ...sent, data: new Uint8Array(sent.data) };
}

type SentAttachment = Omit<CheckedAttachment, "data"> & { readonly data: ArrayBuffer };

/** The options with bytes. */
interface SentFiles {
  readonly cover: ArrayBuffer | null;
  readonly attachments: readonly SentAttachment[];
}

type Sent<Request extends FileRequest> = Request extends FileRequest
  ? Omit<Request, "options"> & { readonly options: Omit<Request["options"], keyof SentFiles> & SentFiles }
  : never;

/** A request for another thread. */
export type SentRequest = Sent<FileRequest>;

/** Copies a request to be sent. */
export function sentRequest(request: FileRequest): SentRequest {
  const { cover, attachments } = request.options;
  const files: SentFiles = {
    cover: cover === null ? null : copiedBuffer(cover),
    attachments: attachments.map(({ data, ...others }) => ({ ...others, data: copiedBuffer(data) })),
  };
  return { ...request, options: { ...request.options, ...files } };
}

/** A request from another thread. */
export function receivedRequest(request: SentRequest): FileRequest {
  const { cover, attachments } = request.options;
  const files = {
    cover: cover === null ? null : new Uint8Array(cover),
    attachments: attachments.map(({ data, ...others }) => ({ ...others, data: new Uint8Array(data) })),
  };
  return { ...request, options: { ...request.options, ...files } };
}

/** The buffers of a request, to be transferred. */
export function buffersOf({ options: { cover, attachments } }: SentRequest): ArrayBuffer[] {
  const data = attachments.map(({ data }) => data);
  return cover === null ? data : [cover, ...data];
}
