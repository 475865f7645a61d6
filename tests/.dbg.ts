import { createFileWriter } from "../mod.ts";
const arg = (globalThis as any).process.argv;
const thread = arg.includes("main") ? "main" : "worker";
const t0 = performance.now();
const w = await createFileWriter("libx264", "/tmp/x/o.mp4", 30, { preset: "ultrafast", thread });
const t1 = performance.now();
const n = 200, width=1920, height=1080;
const frames = Array.from({length: 8}, (_, k) => { const d = new Uint8Array(width*height*4); for (let i=0;i<d.length;i++) d[i] = (i*(k+1)>>6)&255; return d; });
await w.write({data: frames[0]!, width, height});
const t2 = performance.now();
let call = 0;
for (let i=1;i<n;i++) { const a=performance.now(); const p = w.write({ data: frames[i%8]!, width, height}); call += performance.now()-a; await p; }
const t3 = performance.now();
const s = await w.close();
const t4 = performance.now();
console.log(thread, "open", (t1-t0).toFixed(1), "first", (t2-t1).toFixed(1), "write/frame", ((t3-t2)/n).toFixed(2), "call", (call/n).toFixed(2), "close", (t4-t3).toFixed(1), s.frames, s.seconds);
