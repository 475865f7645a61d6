/**
 * mediabunny with `@mediabunny/server`.
 *
 * @module
 */
import { loadPackage } from "./packages.ts";
import { serveDecoding } from "./reading.ts";

interface VideoSample {
  allocationSize(options: unknown): number;
  copyTo(bytes: Uint8Array, options: unknown): Promise<unknown>;
  close(): void;
}

/** The part of mediabunny in use. */
interface Mediabunny {
  readonly ALL_FORMATS: unknown;
  readonly FilePathSource: new (path: string) => unknown;
  readonly Input: new (options: unknown) => { getPrimaryVideoTrack(): Promise<unknown> };
  readonly VideoSampleSink: new (track: unknown) => { samples(): AsyncIterable<VideoSample> };
}

const root = "mediabunny/dist/modules/src/index.js";
const serverRoot = "@mediabunny/server/dist/bundles/mediabunny-server.mjs";

await serveDecoding(async () => {
  const bunny = await loadPackage<Mediabunny>(root);
  (await loadPackage<{ registerMediabunnyServer(): void }>(serverRoot)).registerMediabunnyServer();
  return async ({ path }, take) => {
    const input = new bunny.Input({ source: new bunny.FilePathSource(path), formats: bunny.ALL_FORMATS });
    const sink = new bunny.VideoSampleSink(await input.getPrimaryVideoTrack());
    const options = { format: "RGBA" };
    for await (const sample of sink.samples()) {
      const bytes = new Uint8Array(sample.allocationSize(options));
      await sample.copyTo(bytes, options);
      sample.close();
      take(bytes);
    }
  };
});
