// Writes what it gets at once, so that nothing is lost with it: frame_recorder.js PROTOCOL PORT PATH
// Of RTSP, it writes the packets of the video as they come.
const { openSync, writeSync } = require("node:fs");
const http = require("node:http");
const net = require("node:net");

const [protocol, port, path] = process.argv.slice(2);
const file = openSync(path, "a");
const record = (bytes) => writeSync(file, bytes);

/** Gives a function what has come and was not used; it returns how much it has used, 0 for too little. */
function reader(socket, use) {
  let bytes = Buffer.alloc(0);
  socket.on("error", () => {}).on("data", (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    for (let used; bytes.length > 0 && (used = use(bytes)) > 0;) bytes = bytes.subarray(used);
  });
}

/** The length of a request with its body; 0 where not all of it is there. */
function requestLength(bytes) {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return 0;
  const body = Number(/^Content-Length: *(\d+)/im.exec(bytes.toString("latin1", 0, end))?.[1] ?? 0);
  return bytes.length < end + 4 + body ? 0 : end + 4 + body;
}

const servers = {
  tcp: () => net.createServer((socket) => socket.on("error", () => {}).on("data", record)),
  http: () =>
    http.createServer((request, response) => {
      request.on("error", () => {}).on("data", record).on("end", () => response.end());
    }),
  icecast: () =>
    net.createServer((socket) => {
      let isBody = false;
      reader(socket, (bytes) => {
        if (isBody) return record(bytes);
        const length = requestLength(bytes);
        if (length > 0) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
        isBody = length > 0;
        return length;
      });
    }),
  rtsp: () =>
    net.createServer((socket) =>
      reader(socket, (bytes) => {
        if (bytes[0] === 0x24) {
          const length = bytes.length < 4 ? Infinity : 4 + bytes.readUInt16BE(2);
          if (bytes.length < length) return 0;
          if (bytes[1] === 0) record(bytes.subarray(0, length));
          return length;
        }
        const length = requestLength(bytes);
        const text = bytes.toString("latin1", 0, length);
        const kept = text.match(/^(?:CSeq|Transport):.*$/gim) ?? [];
        if (length > 0) socket.write(["RTSP/1.0 200 OK", ...kept, "Session: 1", "", ""].join("\r\n"));
        return length;
      })
    ),
};
const server = servers[protocol]().listen(Number(port), "127.0.0.1");
// It ends once it has all of what is still on its way.
process.on("SIGINT", () => server.close(() => process.exit()));
