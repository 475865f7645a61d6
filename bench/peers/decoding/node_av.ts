/**
 * node-av: its decoder and its scaler.
 *
 * @module
 */
import { loadPackage } from "./packages.ts";
import { serveDecoding } from "./reading.ts";

interface AvFrame {
  toBuffer(): Uint8Array;
  free(): void;
}

/** The part of node-av in use. */
interface NodeAv {
  readonly Demuxer: {
    open(path: string): Promise<
      AsyncDisposable & {
        video(): { readonly index: number };
        packets(stream: number): AsyncIterable<unknown>;
      }
    >;
  };
  readonly Decoder: {
    create(stream: unknown, options: unknown): Promise<
      Disposable & { frames(packets: AsyncIterable<unknown>): AsyncIterable<AvFrame | null> }
    >;
  };
  readonly Log: { setLevel(level: number): void };
  readonly AV_LOG_ERROR: number;
  readonly AV_PIX_FMT_RGBA: number;
}

await serveDecoding(async () => {
  const av = await loadPackage<NodeAv>("node-av/dist/index.js");
  return async ({ path }, take) => {
    av.Log.setLevel(av.AV_LOG_ERROR);
    await using input = await av.Demuxer.open(path);
    const stream = input.video();
    using decoder = await av.Decoder.create(stream, { rescale: { pixelFormat: av.AV_PIX_FMT_RGBA } });
    for await (const frame of decoder.frames(input.packets(stream.index))) {
      if (frame === null) continue;
      take(frame.toBuffer());
      frame.free();
    }
  };
});
