/**
 * Prints, as one line of JSON, which FFmpeg this runtime loads here: what the matrix expects is compared with
 * it.
 *
 * @module
 */
import { loadNative } from "../../ffi/open.ts";

const { version, avcodecMajor, folder, libraryVersions } = loadNative();
loadNative().avfilter();
console.log(JSON.stringify({ version, avcodecMajor, folder, libraryVersions }));
