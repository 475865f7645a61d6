/**
 * Takes H.264 and Opus by WHIP: whip_recorder.js PORT PATH. Frames are written to PATH.h264, and to PATH.json
 * the number and the time of each packet of RTP, and of each track the first report that tells a clock's time.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { appendFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import process from "node:process";

// By its address: it is there only where it was installed.
const werift = new URL("../receivers/node_modules/werift/lib/index.mjs", import.meta.url);
const { RTCPeerConnection, RTCRtpCodecParameters } = await import(werift.href);

const [port, path] = process.argv.slice(2);
const codecs = {
  video: [
    new RTCRtpCodecParameters({
      ...{ mimeType: "video/H264", clockRate: 90_000, payloadType: 106 },
      parameters: "profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1",
    }),
  ],
  audio: [new RTCRtpCodecParameters({ mimeType: "audio/opus", clockRate: 48_000, channels: 2 })],
};
const seen = { video: [], audio: [], reports: {} };
const tell = () => writeFileSync(`${path}.json`, JSON.stringify(seen));

const startCode = new Uint8Array([0, 0, 0, 1]);
/** The units of a packet's payload (RFC 6184), behind start codes. */
function units(payload) {
  const type = payload[0] & 31;
  if (type === 24) {
    const found = [];
    for (let at = 1; at < payload.length;) {
      const length = payload.readUInt16BE(at);
      found.push(startCode, payload.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
    return found;
  }
  if (type !== 28) return [startCode, payload];
  const isFirst = (payload[1] & 128) !== 0;
  const head = Uint8Array.of(payload[0] & 0xe0 | payload[1] & 31);
  return [...(isFirst ? [startCode, head] : []), payload.subarray(2)];
}

createServer(async (request, response) => {
  // FFmpeg takes an answer in chunks for an error.
  const answer = (status, headers, text) =>
    response.writeHead(status, { ...headers, "content-length": text.length, connection: "close" }).end(text);
  if (request.method !== "POST") return answer(200, {}, "closed");
  let offer = "";
  for await (const part of request) offer += part;
  const peer = new RTCPeerConnection({
    codecs,
    iceUseIpv6: false,
    iceAdditionalHostAddresses: ["127.0.0.1"],
  });
  peer.onTrack.subscribe((track) => {
    track.onReceiveRtp.subscribe((packet) => {
      const { header: { timestamp, sequenceNumber }, payload } = packet;
      seen[track.kind].push([sequenceNumber, timestamp]);
      if (track.kind === "video") appendFileSync(`${path}.h264`, Buffer.concat(units(payload)));
      tell();
    });
    track.onReceiveRtcp.subscribe(({ senderInfo }) => {
      if (senderInfo === undefined) return;
      seen.reports[track.kind] ??= [Number(senderInfo.ntpTimestamp) / 2 ** 32, senderInfo.rtpTimestamp];
    });
  });
  await peer.setRemoteDescription({ type: "offer", sdp: offer });
  await peer.setLocalDescription(await peer.createAnswer());
  const { sdp } = peer.localDescription;
  answer(201, { "content-type": "application/sdp", location: `http://127.0.0.1:${port}/session` }, sdp);
}).listen(Number(port), "127.0.0.1");
