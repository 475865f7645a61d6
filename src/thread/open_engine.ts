/**
 * Opens what writes a file: in a thread of its own, where that can be.
 *
 * @module
 */
import { loadNative, type Native, runtime } from "../../ffi/mod.ts";
import type { OpenSession, Sessions } from "./open_session.ts";
import type {
  AudioFileRequest,
  AudioSummary,
  FileRequest,
  PacketFileRequest,
  VideoFileRequest,
} from "../engine/session_types.ts";
import type { EngineOptions, FileEngine, PacketEngine, SampleEngine, VideoEngine } from "./engine.ts";
import { NoThreadError } from "./encoding_thread.ts";
import { reasonOf } from "./thread_task.ts";
import { WorkerEngine } from "./worker_engine.ts";

/** The engines of this thread: without them, a program starts in less time. */
type LocalEngines = typeof import("./local_engine.ts");

/** Whether the warning that there are no threads was printed. */
let hasWarned = false;

/** What opens the engine of a session in this thread. */
type OpenHere<Engine, Kind extends keyof Sessions> = (
  engines: LocalEngines,
  native: Native,
  openSession: OpenSession<Kind>,
) => Engine;

/** Opens the engine of a video file. */
export function openVideoEngine(request: VideoFileRequest, options: EngineOptions): Promise<VideoEngine> {
  return openInThread<VideoEngine, "video">(
    request,
    options,
    ({ LocalEngine }, native, open) => new LocalEngine(native, request, open, options),
  );
}

/** Opens the engine of an audio file. */
export function openAudioEngine(
  request: AudioFileRequest,
  options: EngineOptions,
): Promise<SampleEngine<AudioSummary>> {
  return openInThread<SampleEngine<AudioSummary>, "audio">(
    request,
    options,
    ({ LocalAudioEngine }, native, open) => new LocalAudioEngine(native, open, options),
  );
}

/** Opens the engine of a file of packets. */
export function openPacketEngine(request: PacketFileRequest, options: EngineOptions): Promise<PacketEngine> {
  return openInThread<PacketEngine, "packets">(
    request,
    options,
    ({ LocalPacketEngine }, native, open) => new LocalPacketEngine(native, open, options),
  );
}

async function openInThread<Engine extends FileEngine<unknown>, Kind extends keyof Sessions>(
  request: FileRequest & { readonly kind: Kind },
  options: EngineOptions,
  openHere: OpenHere<Engine, Kind>,
): Promise<Engine> {
  const { thread, libraryPath, signal } = options;
  // Where it throws, neither thread could do anything.
  runtime().requireFfi();
  if (thread !== "main") {
    try {
      return await WorkerEngine.open<Kind>(request, options) as unknown as Engine;
    } catch (error) {
      if (!(error instanceof NoThreadError)) throw error;
      if (!hasWarned && request.options.logLevel !== "quiet") console.warn(warning(error.cause));
      hasWarned = true;
    }
  }
  const [engines, open] = await Promise.all([
    import("./local_engine.ts"),
    import("./open_session.ts").then(({ sessionOpener }) => sessionOpener<Kind>(request)),
  ]);
  signal?.throwIfAborted();
  return openHere(engines, loadNative(libraryPath), open);
}

function warning(cause: unknown): string {
  return `avwriter: frames are encoded in the thread that calls write, for another cannot be started: ${
    reasonOf(cause)
  }. A bundle needs the module of avwriter's threads beside it, or named by the option workerUrl; thread "main" avoids this warning`;
}
