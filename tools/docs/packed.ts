/**
 * The package in the form in which it is published.
 *
 * @module
 */
import { dirname } from "node:path";

/** Copies the files that `deno publish` would publish, and no others, into a new folder. */
export async function copyPublished(folder: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", "--allow-dirty", "--no-check"],
    env: { NO_COLOR: "1" },
  }).output();
  const output = new TextDecoder().decode(stderr);
  if (!success) throw new Error(`deno publish --dry-run failed:\n${output}`);
  const checkout = `file://${Deno.cwd()}/`;
  const files = [...output.matchAll(/^ +(file:\S+) \([\d.]+\w+\)$/gm)].map(([, url]) => url!);
  if (!files.includes(`${checkout}mod.ts`)) {
    throw new Error(`deno publish --dry-run names no mod.ts:\n${output}`);
  }
  for (const url of files) {
    const path = decodeURI(url.slice(checkout.length));
    await Deno.mkdir(dirname(`${folder}/${path}`), { recursive: true });
    await Deno.copyFile(path, `${folder}/${path}`);
  }
}
