/**
 * The pixel kernels and libswscale, on the runtime that this is run with. Told `{ rounds? }`, it prints the
 * times of all conversions; both in JSON.
 *
 * @module
 */
import process from "node:process";
import { measureKernels } from "../../tools/kernels/measure.ts";

const { rounds } = JSON.parse(process.argv[2]!) as { rounds?: number };
console.log(JSON.stringify([...measureKernels(1920, 1080, rounds)]));
