import { Buffer } from "node:buffer";
import { copyFileSync, existsSync } from "node:fs";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import {
  type Attachment,
  createFileWriter,
  recoverFile,
  UnsupportedError,
  type WriterOptions,
} from "../mod.ts";
import { attachmentBytes, imageFile, pictureBytes, streamsOf } from "./support/attached.ts";
import { assertSameBytes, barFrame, decode, TemporaryFolder } from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { listen, sine } from "./support/audio.ts";

/** Bytes that are no font, which nobody looks at. */
const fontBytes = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => index * 7 + length);

const attachments: readonly Attachment[] = [
  { name: "Über.TTF", data: fontBytes(70_001) },
  { name: "b.otf", data: fontBytes(1) },
  { name: "c.woff2", data: fontBytes(3000), mimeType: "font/woff2" },
  { name: "notes.txt", data: new TextEncoder().encode("It was a dark and stormy night.\n") },
  { name: "d.ttf", data: fontBytes(12), mimeType: "font/ttf" },
];
const types = [
  ...["application/x-truetype-font", "application/vnd.ms-opentype", "font/woff2", "text/plain", "font/ttf"],
];

/** Fails unless a file has all attachments as they were given, behind its other streams. */
function assertAttachments(path: string): void {
  const attached = streamsOf(path).slice(-attachments.length);
  assertEquals(
    attached,
    attachments.map(({ name }, index) => ({
      codec: "attachment",
      isPicture: false,
      name,
      mimeType: types[index],
    })),
  );
  const dumped = attachmentBytes(path, attachments.length);
  for (const [index, { name, data }] of attachments.entries()) {
    assertSameBytes(dumped[index]!, data, name);
  }
}

const recordings: readonly WriterOptions[] = [
  {},
  { crashSafe: false, thread: "main" },
  { audio: {}, chapters: [{ title: "Start", start: 0 }] },
];

for (const options of recordings) {
  test(`attachments: come back from mkv byte for byte (${JSON.stringify(options)})`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv"), cut = folder.file("cut.mkv");
    // The memory is the caller's again once the writer is open; a Buffer's slice would be no copy.
    const given = attachments.map((attachment) => ({ ...attachment, data: Buffer.from(attachment.data) }));
    const writer = await createFileWriter("mpeg4", path, 25, { attachments: given, ...options });
    for (const { data } of given) data.fill(0);
    for (let index = 0; index < 50; index++) {
      await writer.write(barFrame(index % 20));
      if (options.audio !== undefined) await writer.writeAudio(sine({ count: 1920, sampleRate: 48000 }));
    }
    copyFileSync(path, cut);
    await writer.close();
    assertAttachments(path);
    assertEquals(decode(path, "gray").length, 50 * 160 * 90);
    if (options.audio !== undefined) assert(listen(path).length > 90000);
    assertEquals((await recoverFile(path)).frames, 50);
    assertAttachments(path);
    if (options.crashSafe === false) return;
    const { frames } = await recoverFile(cut);
    assert(frames > 25, `${frames} frames were recovered`);
    assertAttachments(cut);
  });
}

test("attachments: a cover stands before them, as Matroska wants it", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const image = imageFile("jpg");
  const writer = await createFileWriter("mpeg4", path, 25, { attachments, cover: { image } });
  await writer.write(barFrame(0));
  await writer.close();
  for (const time of ["once written", "once recovered"]) {
    assertEquals(
      streamsOf(path).slice(0, 3).map(({ name }) => name),
      [undefined, "cover.jpg", "Über.TTF"],
      time,
    );
    assertAttachments(path);
    assertSameBytes(pictureBytes(path), image, "the cover");
    await recoverFile(path);
  }
});

test("attachments: invalid ones are refused when the writer opens", async () => {
  using folder = new TemporaryFolder();
  const data = fontBytes(8);
  const refused: readonly (readonly [unknown, typeof TypeError | typeof RangeError, string])[] = [
    ["a.ttf", TypeError, "a list of { name, data }"],
    [[5], TypeError, "name"],
    [[{ data }], TypeError, "number 0 has the name undefined"],
    [[{ name: "", data }], TypeError, 'such as "Title.ttf"'],
    [[{ name: "fonts/a.ttf", data }], TypeError, "without folders"],
    [[{ name: "a\0.ttf", data }], TypeError, "name"],
    [[{ name: "a.ttf" }], TypeError, "has the data undefined"],
    [[{ name: "a.ttf", data: [1, 2] }], TypeError, "Uint8Array"],
    [[{ name: "a.ttf", data: new Uint8Array() }], TypeError, '"a.ttf" has no bytes'],
    [[{ name: "a.ttf", data: new Uint8Array(2 ** 28) }], RangeError, "268435456 bytes"],
    [[{ name: "a.ttf", data }, { name: "a.xyz", data }], TypeError, "number 1 has the mimeType undefined"],
    [[{ name: "README", data }], TypeError, 'a media type for "README"'],
    [[{ name: "a.ttf", data, mimeType: "font" }], TypeError, 'the mimeType "font"'],
    [[{ name: "a.ttf", data, mime: "font/ttf" }], TypeError, 'the field "mime"'],
  ];
  const path = folder.file("a.mkv");
  for (const [attachments, type, part] of refused) {
    const open = () => createFileWriter("mpeg4", path, 25, { attachments: attachments as Attachment[] });
    await assertFails(open, {
      type: type as typeof TypeError,
      says: ["Cannot use the option attachments: ", part],
    });
  }
  for (const name of ["a.mp4", "a.mov", "a.avi", "a.webm"]) {
    const codec = name === "a.webm" ? "vp8" : "mpeg4";
    await assertFails(() => createFileWriter(codec, folder.file(name), 25, { attachments }), {
      type: UnsupportedError,
      code: "ATTACHMENTS",
      operation: "choose the container",
      says: ["the container does not keep them", "mkv"],
    });
    assert(!existsSync(folder.file(name)));
  }
  const writer = await createFileWriter("mpeg4", folder.file("a.mp4"), 25, { attachments: [] });
  await writer.abort();
});
