/**
 * The thread of one output after another.
 *
 * @module
 */
import { loadNative, type ParentThread } from "../../../ffi/mod.ts";
import { SessionControl } from "../../engine/ending/session_control.ts";
import { createPacketOutput } from "./open_packet_output.ts";
import { OutputSession } from "./output_session.ts";
import { QueueMemory } from "../../engine/outputs/queue_memory.ts";
import { interruptBy } from "../../libav/interruption.ts";
import { setLogLevel, silence } from "../../libav/log.ts";
import { Redactor } from "../../redaction.ts";
import { sentError } from "../sent_error.ts";
import type { FromOutput, OutputStart } from "./output_messages.ts";

/** Takes over a thread to send packets in it. Returns the handler of its messages. */
export function outputInThread(parent: ParentThread): (message: unknown) => void {
  const tell = (message: FromOutput): void => parent.post(message);
  return (message) => {
    run(message as OutputStart, parent, tell).then(
      () => tell({ type: "ended", error: null }),
      (error) => tell({ type: "ended", error: sentError(error) }),
    );
  };
}

async function run(
  start: OutputStart,
  parent: ParentThread,
  tell: (message: FromOutput) => void,
): Promise<void> {
  const { target, libraryPath, queue, control: memory, reconnect, isAwaited, writeTimeoutSeconds } = start;
  const native = loadNative(libraryPath);
  const control = new SessionControl(memory);
  interruptBy(native, memory);
  // libav's own lines may have keys in them.
  if (target.kind === "network") silence(native);
  else setLogLevel(native, "quiet");
  const shared = new QueueMemory(queue);
  const outlets = {
    queue: shared,
    give: ({ buffer: bytes }: Uint8Array<ArrayBuffer>) => parent.post({ type: "bytes", bytes }, [bytes]),
    isAborted: () => control.isAborted && !control.isLate,
    onSdp: (text: string) => tell({ type: "sdp", text }),
  };
  const redactor = new Redactor([], "url" in target ? target.url : null);
  const plan = {
    label: target.label,
    redact: (text: string) => redactor.redact(text),
    create: () => createPacketOutput(native, target, outlets),
    ...{ reconnect, isAwaited },
    isPaced: target.kind === "network" && target.isPaced,
    // SRT waits for five seconds.
    isNoticedLate: target.kind === "network" && target.protocols === "srt",
    refusesByClosing: target.kind === "network" && target.format === "flv",
    writeTimeoutSeconds,
    lingerSeconds: target.kind === "network" ? target.lingerSeconds : 0,
  };
  await new OutputSession(native, shared, control, plan, {
    opened: (type) => tell({ type }),
    lost: (error) => tell({ type: "lost", error: sentError(error) }),
  }).run();
}
