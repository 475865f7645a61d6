/**
 * More receivers of live video: servers of RTMP, HTTP and Icecast, TLS in front of one, and RTP by its
 * description.
 *
 * @module
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createStreamWriter, type StreamWriterOptions } from "../../mod.ts";
import { countedFrame } from "./counted.ts";
import type { SkipReason } from "./features.ts";
import { missingReceiver, Receiver, type ReceiverName, receivers } from "./receivers.ts";
import { lastingPort } from "./stream_server.ts";

/** A receiver, whatever it consists of. */
export interface AnyReceiver extends Disposable {
  /** The address to write to. */
  readonly address: string;
  /** Options of a writer for it. */
  readonly options: StreamWriterOptions;
  /** Starts it; resolves once its port is open. */
  start(): Promise<void>;
  /** Waits for the end of the recording; returns its files. */
  recorded(): Promise<readonly string[]>;
}

/** A kind of receiver. */
export interface ReceiverKind {
  /** Makes one, by a folder for its files, and its port. */
  readonly make: (folder: string, port: number) => AnyReceiver;
  /** Why it can't be started here; `false` where it can. */
  readonly missing: () => SkipReason;
  /** The codec of the video. Default: libx264. */
  readonly codec?: string;
  /** The codec of the audio. Default: aac. */
  readonly audioCodec?: string;
  /** Whether packets may be lost. */
  readonly isLossy?: true;
}

const npmFolder = fileURLToPath(new URL("../receivers/node_modules", import.meta.url));
const httpScript = fileURLToPath(new URL("http_recorder.js", import.meta.url));

/** The files in a folder and those below whose names match, in order. */
function filesLike(folder: string, pattern: RegExp): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => pattern.test(name)).sort().map((name) => join(folder, name));
}

function missingProgram(program: string, option: string, debianPackage: string): SkipReason {
  const { error } = spawnSync(program, [option], { stdio: "ignore" });
  return error === undefined ? false : `${program} is missing (${debianPackage})`;
}

function known(name: ReceiverName, isLossy = false): ReceiverKind {
  return {
    make: receivers[name],
    missing: () => missingReceiver(name),
    ...(isLossy ? { isLossy } : {}),
  };
}

function mediaServer(folder: string, port: number): AnyReceiver {
  const config = join(folder, "server.json"), path = join(folder, "recorded");
  mkdirSync(path);
  writeFileSync(
    config,
    JSON.stringify({
      ...{ bind: "127.0.0.1", rtmp: { port }, record: { path, auto: true }, store: { path: folder } },
      ...{ auth: { play: false, publish: false }, notify: {} },
    }),
  );
  return new Receiver(port, {
    ...{ address: `rtmp://127.0.0.1:${port}/live/key`, protocol: "tcp", endsItself: false },
    files: () => filesLike(path, /\.flv$/),
    command: ["node", join(npmFolder, "node-media-server/bin/app.js"), "-c", config, "--no-admin"],
  });
}

/** A certificate for 127.0.0.1, its key, and that of the authority which has signed it. */
export interface Certificate {
  readonly key: string;
  readonly certificate: string;
  readonly authority: string;
}

/** Makes an authority of its own, and a certificate that is signed by it. */
export function makeCertificate(folder: string): Certificate {
  const file = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => void execFileSync("openssl", args, { stdio: "ignore" });
  const made = { key: file("key.pem"), certificate: file("cert.pem"), authority: file("ca.pem") };
  const keys = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    ...["req", "-x509", ...keys, "-keyout", file("ca.key"), "-out", made.authority, "-days", "2"],
    ...["-subj", "/CN=Test authority"],
  );
  openssl("req", ...keys, "-keyout", made.key, "-out", file("request.pem"), "-subj", "/CN=127.0.0.1");
  writeFileSync(file("names"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
  openssl(
    ...["x509", "-req", "-in", file("request.pem"), "-CA", made.authority, "-CAkey", file("ca.key")],
    ...["-CAcreateserial", "-out", made.certificate, "-days", "2", "-extfile", file("names")],
  );
  return made;
}

/** nginx behind TLS. */
class SecureNginx implements AnyReceiver {
  readonly options: StreamWriterOptions;
  readonly #folder: string;
  readonly #port: number;
  readonly #certificate: Certificate;
  #inner: AnyReceiver | null = null;
  #tunnel: Receiver | null = null;

  constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
    this.#certificate = makeCertificate(folder);
    this.options = { caFile: this.#certificate.authority };
  }

  get address(): string {
    return `rtmps://127.0.0.1:${this.#port}/app/key`;
  }

  async start(): Promise<void> {
    const port = await lastingPort();
    this.#inner = receivers["rtmp to nginx"](this.#folder, port);
    await this.#inner.start();
    const config = join(this.#folder, "stunnel.conf");
    const { key, certificate } = this.#certificate;
    writeFileSync(
      config,
      `foreground = yes\npid =\n[rtmps]\naccept = 127.0.0.1:${this.#port}\nconnect = 127.0.0.1:${port}\n` +
        `cert = ${certificate}\nkey = ${key}\n`,
    );
    this.#tunnel = new Receiver(this.#port, {
      ...{ address: this.address, protocol: "tcp", files: () => [], endsItself: false },
      command: ["stunnel", config],
    });
    await this.#tunnel.start();
  }

  async recorded(): Promise<readonly string[]> {
    return await this.#inner!.recorded();
  }

  [Symbol.dispose](): void {
    this.#tunnel?.[Symbol.dispose]();
    this.#inner?.[Symbol.dispose]();
  }
}

/** The options that the writers of tests have, but for audio: the description of RTP depends on them. */
export const lightOptions: StreamWriterOptions = {
  ...{ preset: "ultrafast", tune: "zerolatency", keyFrameInterval: 1 },
};

/** The ffmpeg program, which reads the description of a session. */
class RtpReader implements AnyReceiver {
  readonly options: StreamWriterOptions = {};
  readonly #port: number;
  readonly #sdp: string;
  readonly #reader: Receiver;

  constructor(folder: string, port: number) {
    this.#port = port;
    this.#sdp = join(folder, "session.sdp");
    const path = join(folder, "recorded.mkv");
    this.#reader = new Receiver(port, {
      ...{ address: this.address, protocol: "udp", files: () => [path], endsItself: false },
      command: [
        ...["ffmpeg", "-v", "quiet", "-nostdin", "-protocol_whitelist", "file,udp,rtp"] as const,
        ...["-i", this.#sdp, "-c", "copy", path],
      ],
    });
  }

  get address(): string {
    return `rtp://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    // The description comes with the first frame, when a reader would be too late for it: another writer with
    // the same options gives it before.
    const { promise, resolve } = Promise.withResolvers<string>();
    const audio = { codec: "aac", sampleRate: 48_000, channels: 1 } as const;
    const options = { ...lightOptions, audio, onSdp: resolve };
    const writer = await createStreamWriter("libx264", this.address, 30, options);
    await writer.write(countedFrame(0));
    await writer.writeAudio({ data: new Float32Array(4800), sampleRate: 48_000, channels: 1 });
    writeFileSync(this.#sdp, await promise);
    await writer.abort();
    await this.#reader.start();
    await sleep(500);
  }

  async recorded(): Promise<readonly string[]> {
    return await this.#reader.recorded();
  }

  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
  }
}

/** Icecast, and the ffmpeg program that hears it. */
class Icecast implements AnyReceiver {
  readonly options: StreamWriterOptions;
  readonly #folder: string;
  readonly #port: number;
  readonly #format: "webm" | "ogg";
  readonly #server: Receiver;
  #reader: Receiver | null = null;

  constructor(folder: string, port: number, format: "webm" | "ogg") {
    this.#folder = folder;
    this.#port = port;
    this.#format = format;
    this.options = format === "ogg" ? { format } : {};
    const config = join(folder, "icecast.xml");
    for (const name of ["web", "admin"]) mkdirSync(join(folder, name));
    writeFileSync(
      config,
      `<icecast><limits><clients>10</clients><sources>2</sources><queue-size>10000000</queue-size>
<burst-size>10000000</burst-size></limits>
<authentication><source-password>secretword</source-password><admin-user>a</admin-user>
<admin-password>secretword</admin-password></authentication><hostname>127.0.0.1</hostname>
<listen-socket><port>${port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
<mount><mount-name>/live.${format}</mount-name><dump-file>${this.#path}</dump-file></mount>
<paths><basedir>${folder}</basedir><logdir>${folder}</logdir><webroot>${folder}/web</webroot>
<adminroot>${folder}/admin</adminroot></paths>
<logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>3</loglevel></logging>
<security><chroot>0</chroot><changeowner><user>nobody</user><group>nogroup</group></changeowner></security>
</icecast>\n`,
    );
    // It refuses to be root, and writes into the folder as somebody else.
    execFileSync("chmod", ["-R", "a+rwX", folder]);
    this.#server = new Receiver(port, {
      ...{ address: this.address, protocol: "tcp", files: () => [this.#path], endsItself: false },
      command: ["icecast2", "-c", config],
    });
  }

  get #path(): string {
    return join(this.#folder, `dumped.${this.#format}`);
  }

  get address(): string {
    return `icecast://source:secretword@127.0.0.1:${this.#port}/live.${this.#format}`;
  }

  async start(): Promise<void> {
    await this.#server.start();
  }

  async recorded(): Promise<readonly string[]> {
    return await this.#server.recorded();
  }

  [Symbol.dispose](): void {
    this.#reader?.[Symbol.dispose]();
    this.#server[Symbol.dispose]();
  }
}

/** Node's server of HTTP, or with a certificate of HTTPS, as a program of its own. */
export function httpServer(method: "PUT" | "POST", name: string, secured: Certificate | null = null) {
  return (folder: string, port: number): AnyReceiver => {
    const path = join(folder, "body");
    return new Receiver(port, {
      ...{
        address: `http${secured === null ? "" : "s"}://127.0.0.1:${port}/${name}`,
        options: { method },
        protocol: "tcp",
      },
      ...{ files: () => filesLike(folder, new RegExp(`^body.*${method}$`)), endsItself: false },
      command: [
        ...["node", httpScript, String(port), path] as const,
        ...(secured === null ? [] : [secured.key, secured.certificate]),
      ],
    });
  };
}

const icecast = (format: "webm" | "ogg") => ({
  make: (folder: string, port: number) => new Icecast(folder, port, format),
  missing: () => missingProgram("icecast2", "-v", "icecast2"),
});

/** Why node-media-server is not here; `false` where it is. */
function missingMediaServer(): SkipReason {
  return existsSync(join(npmFolder, "node-media-server")) ? false : "node-media-server is missing (npm)";
}

/** Each kind of receiver by its name. */
export const receiverKinds: Readonly<Record<string, ReceiverKind>> = {
  "rtmp to ffmpeg": known("rtmp"),
  "rtmp to nginx": known("rtmp to nginx"),
  "rtmp to node-media-server": { make: mediaServer, missing: missingMediaServer },
  "rtmps to nginx behind stunnel": {
    make: (folder, port) => new SecureNginx(folder, port),
    missing: () => missingReceiver("rtmp to nginx") || missingProgram("stunnel", "-version", "stunnel4"),
  },
  "rtsp to ffmpeg": known("rtsp"),
  "rtsp to GStreamer over tcp": known("rtsp to GStreamer over tcp"),
  "rtsp to GStreamer over udp": known("rtsp to GStreamer over udp", true),
  "rtp to ffmpeg by its SDP": {
    make: (folder, port) => new RtpReader(folder, port),
    missing: () => false,
    isLossy: true,
  },
  "srt to ffmpeg": known("srt", true),
  "srt to srt-live-transmit": known("srt to srt-live-transmit", true),
  "udp to ffmpeg": known("udp", true),
  "tcp to ffmpeg": known("tcp"),
  "icecast, webm": { ...icecast("webm"), codec: "libvpx", audioCodec: "libopus" },
  "icecast, ogg": { ...icecast("ogg"), codec: "libtheora", audioCodec: "libvorbis" },
  "http PUT, mpegts": { make: httpServer("PUT", "a.ts"), missing: () => false },
  "http POST, mp4": { make: httpServer("POST", "a.mp4"), missing: () => false },
};
