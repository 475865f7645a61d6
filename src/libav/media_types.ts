/**
 * What streams and codecs are of.
 *
 * @module
 */

/**
 * AVMEDIA_TYPE_*, libavutil/avutil.h. Data belong to other streams: they are neither pictures nor audio nor
 * text.
 */
export const mediaTypes = { video: 0, audio: 1, data: 2, subtitle: 3, attachment: 4 } as const;
