/**
 * A program that ends while a command of it runs:
 * `run_command.ts PROGRAM exit|throw|wait|ask ARGUMENTS...`. With `ask` it waits for the command and prints
 * how it ended.
 *
 * @module
 */
import process from "node:process";
import { ffmpeg } from "../../mod.ts";

const [path, end, ...args] = process.argv.slice(2) as [string, string, ...string[]];
const command = ffmpeg(args, { path });
if (end === "ask") {
  const { name, message } = await command.then(() => ({ name: "", message: "" }), (error) => error);
  console.log(JSON.stringify({ name, message }));
} else {
  command.catch(() => {});
  console.log("started");
  setTimeout(() => {
    if (end === "exit") process.exit(3);
    if (end === "throw") throw new Error("The program failed");
  }, 300);
}
