/**
 * A program that sends video with sound by RTP to loopback: `send_rtp.ts PORT`. It prints the name of the
 * error where it may not.
 *
 * @module
 */
import process from "node:process";
import { createStreamWriter } from "../../mod.ts";

const address = `rtp://127.0.0.1:${process.argv[2]}`;
const audio = { codec: "aac", from: { silence: true } } as const;
await createStreamWriter("libx264", address, 30, { audio })
  .then((writer) => writer.abort(), (error) => console.log(error.name, error.message));
