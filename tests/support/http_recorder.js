/**
 * Records the body of each request into a file: http_recorder.js PORT PATH [KEY CERTIFICATE]. The names of the
 * files are PATH with the method, and a number.
 *
 * @module
 */
import { createWriteStream, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import process from "node:process";

const [port, path, key, certificate] = process.argv.slice(2);
let count = 0;
const answer = (request, response) => {
  const file = createWriteStream(`${path}.${count++}.${request.method}`);
  request.pipe(file);
  file.on("close", () => response.writeHead(201).end());
};
const server = key === undefined
  ? createServer(answer)
  : createSecureServer({ key: readFileSync(key), cert: readFileSync(certificate) }, answer);
server.listen(Number(port), "127.0.0.1");
