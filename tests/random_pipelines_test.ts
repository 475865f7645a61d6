import { setTimeout as sleep } from "node:timers/promises";
import { assert, assertEquals } from "@std/assert";
import {
  type AttachedTarget,
  createFrameSource,
  createVideoNode,
  type DecodedFrame,
  type PipelineSource,
  type QueueOptions,
  type QueuePolicy,
  type VideoNode,
} from "../mod.ts";
import { seeded } from "./support/chance.ts";
import { numbered, numberedBytes, upTo, Watcher } from "./support/drawn.ts";
import { testsOf } from "./support/test.ts";

const { isLong, testBoth } = testsOf(import.meta.url);

const frameCount = 40;
const frameBytes = 16 * 8 * 4;
const policies: readonly QueuePolicy[] = ["block", "block", "drop-oldest", "drop-newest", "latest"];

/** A target of a random pipeline, and what it must see. */
interface Leaf {
  readonly target: Watcher;
  readonly attached: AttachedTarget;
  /** What the nodes on the way to it added to each byte but the first. */
  readonly added: number;
  /** Whether every queue on the way to it has the source wait. */
  readonly isComplete: boolean;
}

/** Builds a pipeline by chance: targets and nodes of all kinds, behind queues of all kinds. */
class Builder {
  readonly leaves: Leaf[] = [];
  readonly nodes: VideoNode[] = [];
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  async grow(source: PipelineSource, depth: number, added: number, isComplete: boolean): Promise<void> {
    const children = 1 + this.#below(3);
    for (let child = 0; child < children; child++) {
      const queue: QueueOptions = {
        policy: policies[this.#below(policies.length)]!,
        frames: 1 + this.#below(4),
      };
      const isWaitedFor = isComplete && queue.policy === "block";
      if (depth === 0 || this.#below(2) === 0) {
        const target = this.#target();
        this.leaves.push({ target, attached: source.attach(target, queue), added, isComplete: isWaitedFor });
        continue;
      }
      const more = this.#below(3);
      const node = await this.#node(more);
      this.nodes.push(node);
      // What is below comes first, so that it misses nothing.
      await this.grow(node, depth - 1, added + more, isWaitedFor);
      source.attach(node, queue);
    }
  }

  #target(): Watcher {
    const delayMs = this.#below(4);
    return new Watcher(delayMs === 0 ? () => {} : () => sleep(delayMs - 1), this.#below(2) === 0);
  }

  async #node(more: number): Promise<VideoNode> {
    if (more === 0) {
      return await createVideoNode("null", { thread: this.#below(4) === 0 ? "worker" : "main" });
    }
    const add = (pixels: Uint8Array): void =>
      pixels.subarray(1).forEach((value, at) => pixels[at + 1] = value + more);
    if (this.#below(2) === 0) return await createVideoNode(add);
    return await createVideoNode(
      new TransformStream<DecodedFrame, DecodedFrame>({
        transform(frame, controller) {
          const data = frame.data.slice();
          add(data);
          controller.enqueue({ ...frame, data });
        },
      }),
    );
  }

  #below(limit: number): number {
    return this.#random() % limit;
  }
}

function judge({ target, attached, added, isComplete }: Leaf): void {
  const { indices, marked, frames } = target;
  const { received, written, dropped, queued, state } = attached;
  assertEquals([state, queued, written], ["ended", 0, frames.length]);
  assertEquals(received, written + dropped);
  if (isComplete) assertEquals(indices, upTo(frameCount));
  const gaps = indices.filter((index, at) => index !== (at === 0 ? 0 : indices[at - 1]! + 1));
  assertEquals(marked, gaps);
  assert(indices.every((index, at) => at === 0 || index > indices[at - 1]!), `not in order: ${indices}`);
  for (const { data, timestamp } of frames) {
    const index = data[0]!;
    assertEquals(timestamp, index / 25);
    const expected = numberedBytes(index, frameBytes).map((value, at) => at === 0 ? value : value + added);
    assertEquals(data, expected);
  }
}

testBoth(
  "attach: whatever is behind whatever queues, no frame is lost, changed by others, or unmarked",
  async () => {
    for (let seed = 1; seed <= (isLong ? 300 : 10); seed++) {
      const builder = new Builder(seeded(seed));
      await using source = await createFrameSource(numbered(frameCount), { frameRate: 25 });
      // Nothing flows before the root has its first target: what hangs on it is built first.
      await using root = await createVideoNode(() => {});
      await builder.grow(root, 3, 0, true);
      try {
        await source.attach(root).finished;
        for (const leaf of builder.leaves) judge(leaf);
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
      }
      for (const node of builder.nodes) await node[Symbol.asyncDispose]();
    }
  },
);
