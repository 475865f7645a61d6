// The page that Chromium shows: it plays what it is told to, reads pixels back and reports them. Served with /jobs.json beside it.

/** Reads the middle pixel of each area of a picture, as it is drawn. */
function readCanvas(source, width, height, areas) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(source, 0, 0, width, height);
  return areas.map(({ x, y, width, height }) => {
    const [red, green, blue, alpha] = context.getImageData(x + (width >> 1), y + (height >> 1), 1, 1).data;
    return [red, green, blue, alpha];
  });
}

/** Reads the middle sample of each area from the decoder's own planes: no conversion of the browser is in between. */
async function readPlanes(frame, areas) {
  const { format, colorSpace } = frame;
  const bits = /P10/.test(format) ? 10 : /P12/.test(format) ? 12 : 8;
  const bytes = bits > 8 ? 2 : 1;
  const buffer = new ArrayBuffer(frame.allocationSize());
  const planes = await frame.copyTo(buffer);
  const shiftX = /^(I420|I422|NV12)/.test(format) ? 1 : 0;
  const shiftY = /^(I420|NV12)/.test(format) ? 1 : 0;
  const view = new DataView(buffer);
  const sample = (plane, x, y, step = 1, at = 0) => {
    const byte = planes[plane].offset + y * planes[plane].stride + (x * step + at) * bytes;
    return bits > 8 ? view.getUint16(byte, true) : view.getUint8(byte);
  };
  const samples = areas.map((area) => {
    const x = area.x + (area.width >> 1);
    const y = area.y + (area.height >> 1);
    const [chromaX, chromaY] = [x >> shiftX, y >> shiftY];
    if (/^NV12/.test(format)) {
      return [sample(0, x, y), sample(1, chromaX, chromaY, 2), sample(1, chromaX, chromaY, 2, 1)];
    }
    if (!/^I4/.test(format)) return [0, 1, 2, 3].map((at) => sample(0, x, y, 4, at));
    return [sample(0, x, y), sample(1, chromaX, chromaY), sample(2, chromaX, chromaY)];
  });
  return { format, bits, samples, colorSpace: colorSpace.toJSON() };
}

async function readFrame(source, job) {
  const { width, height, areas } = job;
  const frame = new VideoFrame(source, source instanceof HTMLVideoElement ? {} : { timestamp: 0 });
  const planes = await readPlanes(frame, areas);
  frame.close();
  return { canvas: readCanvas(source, width, height, areas), planes };
}

const within = (promise, what) =>
  Promise.race([
    promise,
    new Promise((_, reject) => setTimeout(() => reject(new Error(`${what} took too long`)), 10_000)),
  ]);

const event = (target, name) =>
  new Promise((resolve) => target.addEventListener(name, resolve, { once: true }));

/** The time of the next frame that is shown. */
const shownFrame = (video) =>
  new Promise((resolve) => video.requestVideoFrameCallback((_, { mediaTime }) => resolve(mediaTime)));

async function playVideo(job) {
  const video = document.createElement("video");
  video.muted = true;
  video.preload = "auto";
  document.body.append(video);
  try {
    const failed = event(video, "error").then(() => Promise.reject(new Error(video.error.message)));
    failed.catch(() => {});
    const first = shownFrame(video);
    video.src = job.url;
    await within(Promise.race([event(video, "loadeddata"), failed]), "loading");
    const { duration, videoWidth: width, videoHeight: height } = video;
    const frames = [{ time: await within(first, "showing the first frame"), ...await readFrame(video, job) }];
    for (const time of job.seeks) {
      const shown = shownFrame(video);
      const seeked = event(video, "seeked");
      video.currentTime = time;
      await within(Promise.race([seeked, failed]), `seeking to ${time}`);
      frames.push({
        time: await within(shown, `showing the frame at ${time}`),
        ...await readFrame(video, job),
      });
    }
    return { duration, width, height, frames };
  } finally {
    video.remove();
  }
}

async function showImage(job) {
  const response = await fetch(job.url);
  const decoder = new ImageDecoder({
    data: await response.arrayBuffer(),
    type: job.type,
    premultiplyAlpha: "none",
  });
  await within(Promise.all([decoder.tracks.ready, decoder.completed]), "reading the image");
  const { frameCount } = decoder.tracks.selectedTrack;
  let duration = 0, width = 0, height = 0;
  const frames = [];
  for (let frameIndex = 0; frameIndex < frameCount; frameIndex++) {
    const { image } = await within(decoder.decode({ frameIndex }), `decoding image ${frameIndex}`);
    [width, height] = [image.displayWidth, image.displayHeight];
    frames.push({ ...await readFrame(image, job), time: duration });
    duration += image.duration / 1e6;
    image.close();
  }
  decoder.close();
  return { duration, width, height, frames };
}

const jobs = await (await fetch("/jobs.json")).json();
for (const job of jobs) {
  const report = await (job.kind === "video" ? playVideo(job) : showImage(job))
    .catch((error) => ({ error: String(error) }));
  await fetch("/report", { method: "POST", body: JSON.stringify({ url: job.url, ...report }) });
}
await fetch("/end", { method: "POST" });
