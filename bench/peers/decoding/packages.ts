/**
 * Packages from npm in `bench/node_modules`, where the set-up puts them on Linux on x86-64.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { NotAvailable } from "../protocol.ts";

/** Loads a module of a package, or tells that it is not there. */
export async function loadPackage<Module>(path: string): Promise<Module> {
  const url = new URL(`../../node_modules/${path}`, import.meta.url);
  if (!existsSync(url)) {
    throw new NotAvailable(
      "it is not in bench/node_modules (the set-up installs it on Linux on x86-64 only)",
    );
  }
  return await import(url.href);
}
