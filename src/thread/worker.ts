/**
 * What the thread does that encodes frames of writers: it has sessions, each behind messages.
 *
 * @module
 */
import type { ParentThread } from "../../ffi/mod.ts";
import type { FromWorker, InSession, Leave, ToWorker } from "./messages.ts";
import { ThreadTurns } from "./sharing/session_turns.ts";
import { WorkerSession } from "./worker_session.ts";

/** What a session begins with. */
const first: readonly string[] = ["load", "open", "work"] satisfies ToWorker["type"][];

/** Takes over a thread to encode in it. Returns the handler of its messages. */
export function encodeInThread(parent: ParentThread): (message: unknown) => void {
  const sessions = new Map<number, WorkerSession>();
  const turns = new ThreadTurns();
  const start = (session: number): WorkerSession => {
    const started = new WorkerSession(
      (posted, transferred) =>
        parent.post({ ...posted, session } satisfies InSession<FromWorker>, transferred),
      turns,
    );
    sessions.set(session, started);
    return started;
  };
  return (given) => {
    const { session: number, question, message } = given as InSession<ToWorker | Leave>;
    const session = first.includes(message.type) ? start(number) : sessions.get(number);
    session?.turns.take(() => {
      if (message.type !== "leave") session.take({ question, message });
      if (message.type !== "leave" && message.type !== "load") return;
      sessions.delete(number);
      turns.leave(session.turns);
    });
  };
}
