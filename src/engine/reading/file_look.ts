/**
 * What a file says, for those who read it elsewhere.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { Steps } from "../../steps.ts";
import { ReadingSession } from "./reading_session.ts";
import type { ReadRequest, SourceInfo } from "./reading_types.ts";

/** What is looked at. */
export interface LookRequest {
  readonly source: ReadRequest;
  /** Whether it is to be found out when the audio of each track begins: some of it is decoded for that. */
  readonly hasAudioTimes: boolean;
}

/** What was seen. */
export interface FileLook {
  readonly info: SourceInfo;
  /** When the audio of each track begins, in seconds; `null` where it has none. Empty unless asked for. */
  readonly audioBegins: readonly (number | null)[];
}

/** Looks at a file. Throws a `ReadError` where it can't be read, or has no video. */
export function* lookAtFile(native: Native, { source, hasAudioTimes }: LookRequest): Steps<FileLook> {
  using session = new ReadingSession(native, source);
  const { info } = session;
  const audioBegins: (number | null)[] = [];
  for (const track of hasAudioTimes ? info.audioTracks.keys() : []) {
    yield 0;
    using audio = session.openAudio(track, 0);
    audioBegins.push(audio.next()[0]?.timestamp ?? null);
  }
  return { info, audioBegins };
}
