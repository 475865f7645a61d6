/**
 * A live stream that stops.
 *
 * @module
 */
import { assertRejects } from "@std/assert";
import { openNetworkSource, ReadError } from "../../mod.ts";

/** How reading has ended. */
interface StalledReading {
  readonly code: string;
  /** What the source was, one after the other. */
  readonly seen: string;
  /** When the error came, in seconds after the last frame. */
  readonly seconds: number;
}

/** Reads all frames of an address whose stream stops, with a time limit of 2 s each, until the error. */
export async function readUntilStalled(address: string): Promise<StalledReading> {
  const seen: string[] = [];
  await using source = await openNetworkSource(address, {
    readTimeoutSeconds: 2,
    onStatus: ({ status }) => seen.push(status),
  });
  let lastMs = 0;
  const { code } = await assertRejects(async () => {
    for await (const _frame of source) lastMs = performance.now();
  }, ReadError);
  return { code, seen: seen.join(), seconds: (performance.now() - lastMs) / 1000 };
}
