/**
 * A program that prints what the doctor finds, as one line of JSON.
 *
 * @module
 */
import { doctor } from "../../mod.ts";

console.log(JSON.stringify(await doctor()));
