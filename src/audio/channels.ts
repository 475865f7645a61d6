/**
 * Which speakers channels are for. Data only.
 *
 * @module
 */
import type { ChannelLayout } from "../libav/audio_frame.ts";

/**
 * A channel layout by libavutil's name. Channels come in this order: left, right, center, low frequencies,
 * back or side, side.
 */
export type ChannelLayoutName =
  | "mono"
  | "stereo"
  | "2.1"
  | "3.0"
  | "quad"
  | "4.0"
  | "5.0"
  | "5.1"
  | "5.1(side)"
  | "6.1"
  | "7.1";

/** AV_CH_LAYOUT_*, libavutil/channel_layout.h. */
const masks: Readonly<Record<ChannelLayoutName, bigint>> = {
  mono: 0x4n,
  stereo: 0x3n,
  "2.1": 0xbn,
  "3.0": 0x7n,
  quad: 0x33n,
  "4.0": 0x107n,
  "5.0": 0x37n,
  "5.1": 0x3fn,
  "5.1(side)": 0x60fn,
  "6.1": 0x70fn,
  "7.1": 0x63fn,
};

/** The names, fewer channels first. */
export const channelLayoutNames: readonly string[] = Object.keys(masks);

/** The most channels of a layout. */
export const maxChannels = 8;

/** Whether a value is the name of a layout. */
export function isLayoutName(value: unknown): value is ChannelLayoutName {
  return channelLayoutNames.includes(value as string);
}

/** Whether a value is a number of channels that there is a layout for. */
export function isChannelCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= maxChannels;
}

/** The usual layout of a number of channels (av_channel_layout_default, libavutil/channel_layout.c). */
const defaultLayouts: readonly ChannelLayoutName[] = [
  "mono",
  "stereo",
  "2.1",
  "4.0",
  "5.0",
  "5.1",
  "6.1",
  "7.1",
];

/** Layouts that some encoders take, and that have no name here. */
const otherMasks: Readonly<Record<string, bigint>> = {
  "3.0(back)": 0x103n,
  "3.1": 0xfn,
  "quad(side)": 0x603n,
  "4.1": 0x10fn,
  "5.0(side)": 0x607n,
  "6.0": 0x707n,
  hexagonal: 0x137n,
  "6.1(back)": 0x13fn,
  "7.0": 0x637n,
  "7.1(wide)": 0xffn,
  "7.1(wide-side)": 0x6cfn,
  octagonal: 0x737n,
};

function layoutOfMask(name: string, mask: bigint): ChannelLayout {
  const channels = [...mask.toString(2)].filter((bit) => bit === "1").length;
  return { name, channels, mask, isAssumed: false };
}

/** The layout of a name. */
export function channelLayout(name: ChannelLayoutName): ChannelLayout {
  return layoutOfMask(name, masks[name]);
}

/** The usual layout of a number of channels, from 1 to {@linkcode maxChannels}. */
export function defaultLayout(channels: number): ChannelLayout {
  return { ...channelLayout(defaultLayouts[channels - 1]!), isAssumed: true };
}

/** What three and four channels are for in codecs that say only how many there are. */
const countedLayouts: Readonly<Record<number, ChannelLayoutName>> = { 3: "3.0", 4: "quad" };
const countingCodecs: readonly string[] = ["flac", "vorbis"];

/** The layout that a codec has for channels of which only the number was given. */
export function layoutInCodec(codec: string, layout: ChannelLayout): ChannelLayout {
  const name = countingCodecs.includes(codec) ? countedLayouts[layout.channels] : undefined;
  return layout.isAssumed && name !== undefined ? { ...channelLayout(name), isAssumed: true } : layout;
}

/** The name of a layout of speakers; `null` where it has none. */
export function layoutName({ mask }: Pick<ChannelLayout, "mask">): ChannelLayoutName | null {
  const names = Object.keys(masks) as ChannelLayoutName[];
  return names.find((name) => masks[name] === mask) ?? null;
}

function otherLayouts({ mask: known }: ChannelLayout): ChannelLayout[] {
  return Object.entries({ ...masks, ...otherMasks })
    .filter(([, mask]) => mask !== known)
    .map(([name, mask]) => layoutOfMask(name, mask));
}

/** Other layouts of as many channels, where only their number was given. */
export function similarLayouts(layout: ChannelLayout): ChannelLayout[] {
  if (!layout.isAssumed) return [];
  return otherLayouts(layout).filter(({ channels }) => channels === layout.channels);
}

/** Layouts that have all speakers of one and more, those with the fewest first. */
export function largerLayouts(layout: ChannelLayout): ChannelLayout[] {
  return otherLayouts(layout)
    .filter(({ mask }) => (mask & layout.mask) === layout.mask)
    .sort((one, other) => one.channels - other.channels);
}
