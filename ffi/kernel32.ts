/**
 * Windows' own functions.
 *
 * @module
 */
import type { SymbolTable } from "./contract.ts";

/** Their library. */
export const windowsKernel = "C:\\Windows\\System32\\kernel32.dll";

/** Semaphores. */
export const semaphores = {
  // HANDLE CreateSemaphoreW(LPSECURITY_ATTRIBUTES attributes, LONG initial, LONG maximum, LPCWSTR name)
  CreateSemaphoreW: { parameters: ["buffer", "i32", "i32", "buffer"], result: "address" },
  // DWORD WaitForSingleObject(HANDLE handle, DWORD milliseconds)
  WaitForSingleObject: { parameters: ["address", "u32"], result: "u32" },
  // BOOL ReleaseSemaphore(HANDLE semaphore, LONG count, LPLONG previous)
  ReleaseSemaphore: { parameters: ["address", "i32", "buffer"], result: "i32" },
  // BOOL CloseHandle(HANDLE object)
  CloseHandle: { parameters: ["address"], result: "i32" },
} as const satisfies SymbolTable;
