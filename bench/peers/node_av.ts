/**
 * node-av: bindings from npm that bring an FFmpeg of their own. Its scaler (swscale) makes of RGBA what the
 * encoder takes.
 *
 * It is looked for in `bench/node_modules`, where the set-up puts it on Linux on x86-64.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Color } from "../cases.ts";
import { loadFrames } from "./frames.ts";
import { measure, type Meter } from "./meter.ts";
import { NotAvailable, type PeerRequest, serve } from "./protocol.ts";

interface Rational {
  readonly num: number;
  readonly den: number;
}

interface AvFrame {
  width: number;
  height: number;
  format: number;
  pts: bigint;
  timeBase: Rational;
  colorRange: number;
  colorSpace: number;
  colorPrimaries: number;
  colorTrc: number;
  alloc(): void;
  free(): void;
}

interface AvPacket {
  free(): void;
}

interface AvEncoder extends Disposable {
  encode(frame: AvFrame): Promise<void>;
  receive(): Promise<AvPacket | null | number>;
  flushPackets(): AsyncGenerator<AvPacket | null>;
}

interface AvMuxer extends AsyncDisposable {
  addStream(encoder: AvEncoder): number;
  writePacket(packet: AvPacket | null, stream: number): Promise<void>;
}

interface AvScaler extends Disposable {
  allocContext(): void;
  scaleFrame(to: AvFrame, from: AvFrame): Promise<number>;
}

/** The part of node-av in use. */
interface NodeAv {
  readonly Log: { setLevel(level: number): void };
  readonly Encoder: { create(name: string, options: unknown): Promise<AvEncoder> };
  readonly Muxer: { open(path: string, options: unknown): Promise<AvMuxer> };
  readonly Frame: {
    new (): AvFrame;
    fromVideoBuffer(bytes: Buffer, properties: unknown): AvFrame;
  };
  readonly SoftwareScaleContext: new () => AvScaler;
  readonly Rational: new (num: number, den: number) => Rational;
  avGetPixFmtFromName(name: string): number;
  getFFmpegInfo(): { readonly version: string };
  readonly [constant: string]: unknown;
}

const home = fileURLToPath(new URL("../node_modules/node-av/", import.meta.url));

async function load(): Promise<NodeAv> {
  if (!existsSync(home)) {
    throw new NotAvailable(
      "it is not in bench/node_modules (the set-up installs it on Linux on x86-64 only)",
    );
  }
  return await import(new URL("../node_modules/node-av/dist/index.js", import.meta.url).href);
}

/** Numbers of constants such as AVCOL_SPC_BT709. */
function colorNumber(av: NodeAv, kind: "SPC" | "PRI" | "TRC", name: string): number {
  return av[`AVCOL_${kind}_${name.toUpperCase()}`] as number;
}

/** Makes frames that the encoder takes, of pixels. */
class FrameMaker implements Disposable {
  readonly #av: NodeAv;
  readonly #request: PeerRequest;
  readonly #scaler: AvScaler | null;
  readonly #format: { readonly from: number; readonly to: number };
  readonly #range: { readonly from: number; readonly to: number };
  readonly #timeBase: Rational;

  constructor(av: NodeAv, request: PeerRequest) {
    const { setting: { pixelFormat }, input, frameRate } = request;
    const limited = av.AVCOL_RANGE_MPEG as number, full = av.AVCOL_RANGE_JPEG as number;
    this.#av = av;
    this.#request = request;
    this.#format = { from: av.avGetPixFmtFromName(input), to: av.avGetPixFmtFromName(pixelFormat) };
    this.#range = {
      from: input === "rgba" ? full : limited,
      to: pixelFormat.startsWith("yuvj") ? full : limited,
    };
    this.#timeBase = new av.Rational(1, frameRate);
    this.#scaler = input === pixelFormat ? null : new av.SoftwareScaleContext();
    // It is set up with the first frame, whose colours it then heeds.
    this.#scaler?.allocContext();
  }

  async make(pixels: Uint8Array, index: number): Promise<AvFrame> {
    const { width, height, input } = this.#request;
    const bytes = Buffer.from(pixels.buffer as ArrayBuffer, pixels.byteOffset, pixels.byteLength);
    const frame = this.#av.Frame.fromVideoBuffer(bytes, {
      width,
      height,
      format: this.#format.from,
      timeBase: this.#timeBase,
      pts: BigInt(index),
    });
    if (input !== "rgba") this.#tag(frame, this.#range.from, this.#request.inputColor);
    if (this.#scaler === null) return frame;
    const scaled = new this.#av.Frame();
    scaled.alloc();
    Object.assign(scaled, { width, height, format: this.#format.to });
    this.#tag(scaled, this.#range.to, this.#request.color);
    const result = await this.#scaler.scaleFrame(scaled, frame);
    if (result < 0) throw new Error(`node-av's scaler failed with ${result}`);
    scaled.pts = BigInt(index);
    scaled.timeBase = this.#timeBase;
    frame.free();
    return scaled;
  }

  #tag(frame: AvFrame, range: number, { matrix, primaries, transfer }: Color): void {
    frame.colorRange = range;
    frame.colorSpace = colorNumber(this.#av, "SPC", matrix);
    frame.colorPrimaries = colorNumber(this.#av, "PRI", primaries);
    frame.colorTrc = colorNumber(this.#av, "TRC", transfer);
  }

  [Symbol.dispose](): void {
    this.#scaler?.[Symbol.dispose]();
  }
}

async function record(
  av: NodeAv,
  request: PeerRequest,
  { frames, output, meter }: { frames: readonly Uint8Array[]; output: string; meter: Meter },
): Promise<void> {
  const { setting: { encoder: name, options, extension }, frameRate, frames: count } = request;
  using maker = new FrameMaker(av, request);
  using encoder = await av.Encoder.create(name, {
    context: { framerate: new av.Rational(frameRate, 1) },
    options: { threads: "auto", ...options },
  });
  const hasIndex = extension === "mp4" || extension === "mov";
  await using muxer = await av.Muxer.open(output, hasIndex ? { options: { movflags: "+faststart" } } : {});
  const stream = muxer.addStream(encoder);
  const write = async (packet: AvPacket): Promise<void> => {
    await muxer.writePacket(packet, stream);
    packet.free();
  };
  for (let index = 0; index < count; index++) {
    await meter.write(async () => {
      const frame = await maker.make(frames[index % frames.length]!, index);
      await encoder.encode(frame);
      frame.free();
      for (let packet; typeof (packet = await encoder.receive()) === "object" && packet !== null;) {
        await write(packet);
      }
    });
  }
  meter.endOfFrames();
  for await (const packet of encoder.flushPackets()) if (packet !== null) await write(packet);
}

await serve(async (request: PeerRequest) => {
  const av = await load();
  const { version } = JSON.parse(readFileSync(`${home}package.json`, "utf8"));
  av.Log.setLevel(av.AV_LOG_ERROR as number);
  const frames = loadFrames(request);
  return await measure(request, async (meter) => {
    meter.note = `node-av ${version} with FFmpeg ${av.getFFmpegInfo().version}`;
    await Promise.all(request.outputs.map((output) => record(av, request, { frames, output, meter })));
  });
});
