/**
 * The command line of avwriter: `doctor`, `probe`, `encode`, `recover` and `ffmpeg`.
 *
 * ```sh
 * deno run -A jsr:@avwriter/avwriter/cli --help
 * ```
 *
 * Imported, it does nothing before {@linkcode main} is called.
 *
 * @module
 */
import { main } from "./src/cli/main.ts";

export { main };

if (import.meta.main) void main();
