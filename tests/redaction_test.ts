import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { redactAddress, Redactor, redactText } from "../src/redaction.ts";
import { seeded } from "./support/chance.ts";

const addresses = 200;

/** An address with secrets, and what must still be readable. */
interface Case {
  readonly address: string;
  readonly secrets: readonly string[];
  readonly kept: readonly string[];
}

function casesOf(seed: number): Case {
  const next = seeded(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[next() % items.length]!;
  const word = (letters: string): string =>
    Array.from({ length: 6 + next() % 20 }, () => letters[next() % letters.length]!).join("");
  const letters = "abcdefghijkmnopqrstuvwxyzABCDEFGHIJKLMNPQRSTUVWXYZ0123456789_-~";
  const inAuthority = `${letters}!$'()*+,;=%@:`;
  const inPath = `${letters}!$'()*+,=%@.`;
  const host = `host${seed}.example`;
  const port = pick(["", ":1935", ":8554"]);
  const password = word(inAuthority);
  const user = pick(["", `viewer:${password}@`, `${password}@`, `:${password}@`]);
  const name = pick(["passphrase", "token", "key", "X-Amz-Signature", "streamid", "t", "sig", "anything"]);
  const [token, key, mark] = [word(inPath), word(inPath), word(letters)];
  const query = pick([
    "",
    `?${name}=${token}`,
    `?mode=caller&${name}=${token}`,
    `?${name}=${token}&latency=200`,
  ]);
  const fragment = pick(["", "", `#access_token=${mark}`]);
  const scheme = pick([
    "rtmp",
    "rtmps",
    "RTMP",
    "rtmpt",
    "rtsp",
    "rtsps",
    "srt",
    "http",
    "https",
    "ftp",
    "icecast",
    "tls",
  ]);
  const path = /rtmp/i.test(scheme)
    ? `/live2/${key}`
    : pick(["", "/", "/a/stream.m3u8", `/user=admin&password=${key}`]);
  return {
    address: `${scheme}://${user}${host}${port}${path}${query}${fragment}`,
    secrets: [
      ...(user === "" ? [] : [password]),
      ...(query === "" ? [] : [token]),
      ...(path.includes(key) ? [key] : []),
      ...(fragment === "" ? [] : [mark]),
    ],
    kept: [
      ...[`${scheme}://`, `${host}${port}`],
      ...(/rtmp/i.test(scheme) ? ["/live2/"] : []),
      ...(query === "" ? [] : [`${name}=`]),
      ...(query.includes("latency") ? ["latency=200"] : []),
      ...(query.includes("mode") ? ["mode=caller"] : []),
    ],
  };
}

const cases = Array.from({ length: addresses }, (_, index) => casesOf(index + 1));

function assertHidden(text: string, { secrets, address }: Case): void {
  for (const secret of secrets) assert(!text.includes(secret), `${secret} of ${address} is in ${text}`);
}

test(`redactAddress: ${addresses} addresses show no secret, but host, application and names`, () => {
  assert(cases.filter(({ secrets }) => secrets.length > 0).length > addresses / 2);
  for (const tried of cases) {
    const shown = redactAddress(tried.address);
    assertHidden(shown, tried);
    for (const kept of tried.kept) {
      assert(shown.includes(kept), `${kept} of ${tried.address} is not in ${shown}`);
    }
    assertEquals(redactAddress(shown), shown);
  }
});

test("redactText: the same addresses in sentences show no secret", () => {
  for (const tried of cases) {
    const { address } = tried;
    for (
      const text of [
        `[tcp] Opening '${address}' for writing`,
        `${address}: Connection refused`,
        `(${address}).`,
      ]
    ) {
      assertHidden(redactText(text), tried);
    }
  }
  assertEquals(
    redactText("Opening 'rtmp://a.example/live/secret' for writing: no"),
    "Opening 'rtmp://a.example/live/***' for writing: no",
  );
});

test("Redactor: secrets of a command line are hidden in whatever is said, with their address or without", () => {
  for (const tried of cases) {
    const redactor = new Redactor(["-i", "in.mp4", "-f", "flv", tried.address]);
    assertHidden(redactor.shown.join(" "), tried);
    for (const secret of tried.secrets) {
      const said = `[rtmp @ 0x1] Server says that "${secret}" is wrong, see ${tried.address} and ${secret}/x`;
      assertHidden(redactor.redact(said), tried);
      assert(redactor.redact(said).includes("Server says that"), said);
    }
  }
});

test("Redactor: values of secret options are hidden, others stay", () => {
  const args = [
    "-headers",
    "Authorization: Bearer abc.def\r\n",
    "-passphrase:v",
    "0123456789",
    "-pass",
    "2",
    "-b:v",
    "2M",
  ];
  const redactor = new Redactor([...args, "-hls_enc_key", "00112233", "out.mkv"]);
  assertEquals(
    redactor.shown.join(" "),
    "-headers *** -passphrase:v *** -pass 2 -b:v 2M -hls_enc_key *** out.mkv",
  );
  assertEquals(redactor.redact("used 0123456789 and 00112233"), "used *** and ***");
});

test("redactText: values of names such as password are hidden without an address, and other text is not", () => {
  assertEquals(
    redactText("password=a1 stream_key: b2 Authorization: Bearer c3 authToken='d 4' keyint=250 frame=3"),
    "password=*** stream_key: *** Authorization: *** authToken=*** keyint=250 frame=3",
  );
  const plain =
    "Stream #0:0: Video: h264 (High), yuv420p, 25 fps, key frames at 0:00:01.5, bitrate=46kbits/s";
  assertEquals(redactText(plain), plain);
  for (const path of ["out.mp4", "file:a b.mp4", "C:\\videos\\a.mp4", "-", "pipe:1"]) {
    assertEquals(redactAddress(path), path);
  }
});

test("redactAddress: a password with a slash, and two addresses of one argument", () => {
  assertEquals(redactAddress("rtsp://admin:pa/ss@10.0.0.1:554/ch1"), "rtsp://***@10.0.0.1:554/ch1");
  const shown = new Redactor(["[f=flv]rtmp://a.example/app/one|[f=flv]rtmp://b.example/app/two"]).shown
    .join();
  assert(!/one|two/.test(shown), shown);
});

test("redactText: a long word without an end takes no time", () => {
  const from = performance.now();
  for (const word of ["a", "a:", "rtmp://", "key=", ":", "x-", "%41"]) redactText(word.repeat(8192));
  assert(performance.now() - from < 3000, `${performance.now() - from} ms`);
});
