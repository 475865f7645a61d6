/**
 * Opens what writes a file: in a thread of its own, where that can be.
 *
 * @module
 */
import { loadNative, type Native, runtime } from "../../ffi/mod.ts";
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

/** Opens the engine of a video file. */
export function openVideoEngine(request: VideoFileRequest, options: EngineOptions): Promise<VideoEngine> {
  return openInThread<VideoEngine>(
    request,
    options,
    () => WorkerEngine.open(request, options),
    ({ LocalEngine }, native) => new LocalEngine(native, request, options),
  );
}

/** Opens the engine of an audio file. */
export function openAudioEngine(
  request: AudioFileRequest,
  options: EngineOptions,
): Promise<SampleEngine<AudioSummary>> {
  return openInThread<SampleEngine<AudioSummary>>(
    request,
    options,
    () => WorkerEngine.open(request, options),
    ({ LocalAudioEngine }, native) => new LocalAudioEngine(native, request, options),
  );
}

/** Opens the engine of a file of packets. */
export function openPacketEngine(request: PacketFileRequest, options: EngineOptions): Promise<PacketEngine> {
  return openInThread<PacketEngine>(
    request,
    options,
    () => WorkerEngine.open(request, options),
    ({ LocalPacketEngine }, native) => new LocalPacketEngine(native, request),
  );
}

async function openInThread<E extends FileEngine<unknown>>(
  { options: { logLevel } }: FileRequest,
  { thread, libraryPath, signal }: EngineOptions,
  open: () => Promise<E>,
  openHere: (engines: LocalEngines, native: Native) => E,
): Promise<E> {
  // Where it throws, neither thread could do anything.
  runtime().requireFfi();
  if (thread !== "main") {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof NoThreadError)) throw error;
      if (!hasWarned && logLevel !== "quiet") console.warn(warning(error.cause));
      hasWarned = true;
    }
  }
  const engines = await import("./local_engine.ts");
  signal?.throwIfAborted();
  return openHere(engines, loadNative(libraryPath));
}

function warning(cause: unknown): string {
  return `avwriter: frames are encoded in the thread that calls write, for another cannot be started: ${
    reasonOf(cause)
  }. A bundle needs the module of avwriter's threads beside it, or named by the option workerUrl; thread "main" avoids this warning`;
}
