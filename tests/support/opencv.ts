/**
 * A judge: OpenCV, by its Python module.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import type { SkipReason } from "./features.ts";

/** Debian's module belongs to Debian's Python, which need not be the first one. */
const interpreters = ["python3", "/usr/bin/python3"];

const program = `
import cv2, hashlib, json, sys
capture = cv2.VideoCapture(sys.argv[1])
frames, hashes, shape = 0, [], None
while True:
    isThere, frame = capture.read()
    if not isThere: break
    frames += 1
    shape = frame.shape
    if sys.argv[2] == "hashes": hashes.append(hashlib.sha256(frame.tobytes()).hexdigest())
fps, told = capture.get(cv2.CAP_PROP_FPS), capture.get(cv2.CAP_PROP_FRAME_COUNT)
print(json.dumps({"frames": frames, "fps": fps, "told": told, "shape": shape, "hashes": hashes}))
`;

/** What OpenCV reads. */
export interface ReadByOpenCv {
  /** Frames that it read, and the number that it was told. */
  readonly frames: number;
  readonly told: number;
  readonly fps: number;
  /** Height, width and channels. */
  readonly shape: readonly [number, number, number];
  /** SHA-256 of the BGR pixels of each frame. */
  readonly hashes: readonly string[];
}

function run(args: readonly string[]): string | null {
  for (const interpreter of interpreters) {
    const { status, stdout } = spawnSync(interpreter, args, { encoding: "utf8" });
    if (status === 0) return stdout;
  }
  return null;
}

/** Looks for the module without importing it, which would take a second. */
const search = "import importlib.util, sys; sys.exit(importlib.util.find_spec('cv2') is None)";

/** The reason where OpenCV is not there. */
export function missingOpenCv(): SkipReason {
  return run(["-c", search]) === null && "OpenCV's Python module is not there (python3-opencv)";
}

/** Reads a file from its first frame to its last; `isLarge`: without hashes. */
export function readByOpenCv(path: string, isLarge = false): ReadByOpenCv {
  const said = run(["-c", program, path, isLarge ? "count" : "hashes"]);
  if (said === null) throw new Error(`OpenCV does not read ${path}`);
  return JSON.parse(said);
}
