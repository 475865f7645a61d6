import { assertEquals, assertThrows } from "@std/assert";
import { loadNative } from "../ffi/mod.ts";
import { ClosedGroups } from "../src/engine/ending/closed_groups.ts";
import { NativePacket } from "../src/libav/native_packet.ts";
import { undisposedObjects } from "../src/libav/owned.ts";
import { test } from "./support/test.ts";

/** Takes packets of these frames, in this order, all of which are held. */
function takeHeld(groups: ClosedGroups, frames: readonly number[]): void {
  using packet = new NativePacket(loadNative());
  for (const frame of frames) {
    packet.pts = BigInt(frame);
    groups.take(packet, true, () => {});
  }
}

test("ClosedGroups: a group that is not whole is dropped, the whole ones before are given on in order", () => {
  using groups = new ClosedGroups(loadNative());
  takeHeld(groups, [0, 2, 1, 5, 3]);
  assertEquals(groups.frames, 3);
  groups.dropOpen();
  const given: string[] = [];
  groups.giveAll(({ pts }) => void given.push(`${pts}`), ({ pts }) => void given.push(`last ${pts}`));
  assertEquals(given, ["0", "2", "last 1"]);
});

test("ClosedGroups: packets that can't be written are freed with it", () => {
  const before = undisposedObjects();
  const fail = (): never => {
    throw new Error("the disk is full");
  };
  for (const order of [[0, 1, 2], [0]]) {
    {
      using groups = new ClosedGroups(loadNative());
      takeHeld(groups, order);
      assertThrows(() => groups.giveAll(fail, fail), Error, "the disk is full");
    }
    assertEquals(undisposedObjects(), before);
  }
});
