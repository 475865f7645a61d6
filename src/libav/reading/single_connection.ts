/**
 * AVFormatContext that connects once: a server can't lead it to another one.
 *
 * @module
 */
import { type Address, type Native, NULL, PointerCell } from "../../../ffi/mod.ts";
import { interruptionMemory } from "../interruption.ts";
import { Owned } from "../owned.ts";

/** The size of the word that ends what waits. */
const wordBytes = 4;

/**
 * Takes TCP from the list of allowed protocols as soon as a connection by TCP was begun. libavformat asks
 * that list when it begins one, and then asks its interrupt callback before it sends or receives: that is
 * where TCP is taken out, without a call into JavaScript.
 *
 * The callback is avio_r8 with an AVIOContext of its own, whose buffer is the word that ends what waits, and
 * whose function that reads is av_strlcpy. Each call copies that word as a text over the end of the list, and
 * returns its first byte: 0, until the work is to end.
 */
export class SingleConnection extends Owned {
  /** Native code has its address. */
  readonly memory: SharedArrayBuffer;

  /** Sets the callback of a context that is not open yet. It must live for as long as the context. */
  constructor(native: Native, context: Address) {
    const { fields } = native;
    const list = fields.get(context, "AVFormatContext", "protocol_whitelist");
    const kept = native.memory.text(list)?.match(/^(.*),tcp$/)?.[1];
    if (kept === undefined) throw new Error("The list of protocols has to end with tcp");
    const memory = interruptionMemory(native);
    const end = list + BigInt(kept.length) as Address;
    const { avio_alloc_context, avio_context_free } = native.memoryFiles();
    const word = native.addressOf(memory), copy = native.copyFunction();
    super("a connection's limit", avio_alloc_context(word, wordBytes, 0, end, copy, NULL, NULL), (limit) => {
      avio_context_free(new PointerCell(limit).buffer);
    });
    this.memory = memory;
    // A text of no bytes is no end of the file then, and each call begins at the word's first byte.
    fields.set(this.address, "AVIOContext", "max_packet_size", wordBytes);
    native.memory.write(
      fields.addressOf(context, "AVFormatContext", "interrupt_callback"),
      new BigUint64Array([native.byteFunction(), this.address]),
    );
  }
}
