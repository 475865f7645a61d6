/**
 * A render farm: the chunks of a film wait in a queue, machines take them from there, and what they have
 * written is joined without encoding again.
 *
 *     npm install                                          BullMQ, in this folder
 *     deno run -A farm.ts work                             on each machine, as often as it has cores to spare
 *     deno run -A farm.ts make FILM.mp4 FOLDER [FRAMES [FRAMES_PER_CHUNK]]
 *
 * It needs a Redis server: REDIS_PORT and REDIS_HOST say which, 6379 on this machine by default. FOLDER is
 * shared by all machines. Whatever is killed is started again by hand or by the queue, and what is done stays
 * done. Runs on Bun as well: `bun farm.ts work`.
 *
 * @module
 */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { concat, replaceAudio } from "../../recipes.ts";
import { type Chunk, chunksOf, renderAudio, renderChunk } from "./film.ts";

// The example's own package, which avwriter does not need: looked up when it runs, so that all can be checked
// without it.
const bullmq = "bullmq";
const { Queue, QueueEvents, Worker } = await import(bullmq);

const { REDIS_HOST = "127.0.0.1", REDIS_PORT = "6379" } = process.env;
const connection = { host: REDIS_HOST, port: Number(REDIS_PORT), maxRetriesPerRequest: null };
const queueName = "chunks";

/** A machine that says nothing for so long is taken for dead, and its chunk is given to another one. */
const patienceMs = 5000;

/** Takes chunks from the queue until the program is ended, which waits for the one at hand. */
function work(): void {
  const worker = new Worker(queueName, ({ data }: { data: Chunk }) => renderChunk(data), {
    ...{ connection, lockDuration: patienceMs, stalledInterval: patienceMs, maxStalledCount: 3 },
  });
  worker.on("completed", ({ data }: { data: Chunk }) => console.log(`${process.pid} made ${data.path}`));
  worker.on("failed", (_job: unknown, error: Error) => console.error(error.message));
  const stop = async (): Promise<void> => {
    await worker.close();
    process.exit(0);
  };
  // A second signal ends it at once.
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

/** Has all chunks made, and joins them. */
async function make(film: string, folder: string, frames: number, framesPerChunk: number): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const chunks = chunksOf(frames, framesPerChunk, resolve(folder));
  const queue = new Queue(queueName, { connection });
  // Each chunk that is waited for listens for the end of the queue.
  queue.setMaxListeners(chunks.length + 10);
  const events = new QueueEvents(queueName, { connection });
  await events.waitUntilReady();
  const jobs = await queue.addBulk(
    chunks.map((data) => ({ name: "chunk", data, opts: { attempts: 3, removeOnComplete: true } })),
  );
  const audio = join(folder, "audio.m4a"), silent = join(folder, "silent.mp4");
  await Promise.all([
    renderAudio(frames, audio),
    ...jobs.map((job: { waitUntilFinished(events: unknown): Promise<void> }) =>
      job.waitUntilFinished(events)
    ),
  ]);
  await events.close();
  await queue.close();
  const { packets } = await concat(chunks.map(({ path }) => path), silent);
  const { seconds } = await replaceAudio(silent, audio, film);
  console.log(`${film}: ${packets} frames of ${chunks.length} chunks, ${seconds.toFixed(3)} s`);
}

const [command, film, folder, frames = "900", framesPerChunk = "75"] = process.argv.slice(2);
if (command === "work") work();
else if (command === "make" && film !== undefined && folder !== undefined) {
  await make(film, folder, Number(frames), Number(framesPerChunk));
} else {
  console.error("Usage: farm.ts work | make FILM.mp4 FOLDER [FRAMES [FRAMES_PER_CHUNK]]");
  process.exitCode = 2;
}
