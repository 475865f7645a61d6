/**
 * The Deno adapter. It uses `dlopen` and symbol calls only: `Deno.UnsafePointer` and its kin are refused under a scoped
 * `--allow-ffi=PATH` grant, which this module is meant to run with.
 *
 * @module
 */
import type { CFunction, CType, Functions, Runtime, SymbolTable, SystemName } from "./contract.ts";

const nativeTypes: Readonly<Record<CType, Deno.NativeResultType>> = {
  void: "void",
  i32: "i32",
  u32: "u32",
  i64: "i64",
  u64: "u64",
  f64: "f64",
  address: "usize",
  buffer: "buffer",
  rational: "u64",
};

function foreignFunction(signature: CFunction): Deno.ForeignFunction {
  return {
    parameters: signature.parameters.map((type) => nativeTypes[type] as Deno.NativeType),
    result: nativeTypes[signature.result],
  };
}

function systemName(): SystemName {
  return Deno.build.os === "darwin" || Deno.build.os === "windows" ? Deno.build.os : "linux";
}

/** Makes the adapter. */
export function createDenoRuntime(): Runtime {
  return {
    name: `Deno ${Deno.version.deno}`,
    system: systemName(),
    architecture: Deno.build.arch,

    open<T extends SymbolTable>(path: string, symbols: T): Functions<T> {
      const wanted = Object.fromEntries(
        Object.entries(symbols).map(([name, signature]) => [name, foreignFunction(signature)]),
      );
      return Deno.dlopen(path, wanted).symbols as unknown as Functions<T>;
    },

    mayOpen(path: string): boolean {
      return Deno.permissions.querySync({ name: "ffi", path }).state === "granted";
    },

    requestLibraries(): boolean {
      return Deno.permissions.requestSync({ name: "ffi" }).state === "granted";
    },

    variable(name: string): string | undefined {
      const permission = Deno.permissions.querySync({ name: "env", variable: name });
      return permission.state === "granted" ? Deno.env.get(name) : undefined;
    },

    fileText(path: string): string | undefined {
      if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return undefined;
      try {
        return Deno.readTextFileSync(path);
      } catch {
        return undefined;
      }
    },

    realPath(path: string): string | undefined {
      if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return undefined;
      try {
        return Deno.realPathSync(path);
      } catch {
        return undefined;
      }
    },

    mayReadAndWrite(path: string): boolean {
      return (["read", "write"] as const).every((name) =>
        Deno.permissions.querySync({ name, path }).state === "granted"
      );
    },

    setVariable(name: string, value: string): void {
      const permission = Deno.permissions.querySync({ name: "env", variable: name });
      if (permission.state === "granted" && Deno.env.get(name) === undefined) Deno.env.set(name, value);
    },
  };
}
