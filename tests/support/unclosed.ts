/**
 * A program that ends while its writer is open, in one way or another:
 * `unclosed.ts FILE return|exit|throw|queue|close|twice`
 *
 * @module
 */
import process from "node:process";
import { createFileWriter } from "../../mod.ts";

const [path, end] = process.argv.slice(2) as [string, string];
const frame = (index: number) => ({
  data: new Uint8Array(320 * 180 * 4).map((_, at) => (at * index) & 255),
  width: 320,
  height: 180,
});

for (let file = 0; file < (end === "twice" ? 2 : 1); file++) {
  const writer = await createFileWriter("mpeg4", path, 25);
  for (let index = 0; index < 12; index++) await writer.write(frame(index));
  if (end === "throw") throw new Error("The program failed");
  if (end === "exit") process.exit(3);
  if (end === "queue") { for (let index = 0; index < 6; index++) void writer.write(frame(index)); }
  if (end === "close") void writer.close();
  if (end === "twice") await writer.close();
}
