// Pixel kernels: packed 8-bit RGB, and gray, to 8-bit luma and chroma, and back; and planes of one range to the other.
// tools/kernels/build.ts compiles this to WebAssembly.
//
// The module keeps nothing in the memory that it works on: no data, no stack, no heap. All it knows comes as arguments, so any
// number of threads may share that memory, each with an instance of its own. src/video/kernels/kernels.ts calls it, and checks
// the arguments.
//
// A sample is a weighted sum of the bytes of a pixel (of four pixels, for chroma of 4:2:0) plus a bias, in fixed point with 16
// fractional bits. The weights keep each sum from 0 to 2^24 - 1.
//
// The code is what V8 and JavaScriptCore both make good x86 code of, and NEON has as well:
// - i8x16.swizzle by a constant, and dot products, rather than shifts and shuffles of two vectors, which take JavaScriptCore
//   five instructions and three. A dot product by (0, 1) shifts right by 16.
// - Eight pixels at a time, so that all vectors stay in the 16 registers. V8 does not align its stack: where vectors are spilled to
//   it, the same loop takes twice the time whenever it is called at an odd depth.

#include "kernels.h"

// Pixels that the loops take from a row at once.
enum { step = 8 };

// The weights of bytes 0, 1 and 2 of a pixel in one sample, as pairs of signed 16-bit numbers: `even` has those of bytes 0 and 2,
// `odd` two numbers whose sum is that of byte 1 (green's may need 17 bits).
typedef struct {
  int32_t even, odd, bias;
} weights;

// The same in all lanes, or those of two samples in turns.
typedef struct {
  v128_t even, odd, bias;
} lanes;

// Four pixels: bytes 0 and 2 of each, and byte 1 twice, each as 16 bits. Or sums of such.
typedef struct {
  v128_t even, odd;
} quad;

typedef struct {
  const uint8_t *bytes;
  int32_t stride, width, height;
} picture;

typedef struct {
  uint8_t *y, *u, *v;
  int32_t y_stride, u_stride, v_stride, width, height;
} planes;

inlined lanes in_all(weights w) {
  return (lanes){wasm_i32x4_splat(w.even), wasm_i32x4_splat(w.odd), wasm_i32x4_splat(w.bias)};
}

inlined lanes in_turns(weights a, weights b) {
  return (lanes){wasm_i32x4_make(a.even, b.even, a.even, b.even), wasm_i32x4_make(a.odd, b.odd, a.odd, b.odd),
                 wasm_i32x4_make(a.bias, b.bias, a.bias, b.bias)};
}

// The first or last four of the eight pixels that begin at `at`. Nothing is read past the eighth.
inlined quad load(const uint8_t *at, int pixel_bytes, int is_last) {
  if (pixel_bytes == 4) {
    v128_t x = wasm_v128_load(at + 16 * is_last);
    return (quad){wasm_v128_and(x, wasm_i16x8_const_splat(0xff)),
                  swizzle(x, 1, -1, 1, -1, 5, -1, 5, -1, 9, -1, 9, -1, 13, -1, 13, -1)};
  }
  if (is_last) {
    v128_t x = wasm_v128_load(at + 8);
    return (quad){swizzle(x, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1, 12, -1, 13, -1, 15, -1),
                  swizzle(x, 5, -1, 5, -1, 8, -1, 8, -1, 11, -1, 11, -1, 14, -1, 14, -1)};
  }
  v128_t x = wasm_v128_load(at);
  return (quad){swizzle(x, 0, -1, 2, -1, 3, -1, 5, -1, 6, -1, 8, -1, 9, -1, 11, -1),
                swizzle(x, 1, -1, 1, -1, 4, -1, 4, -1, 7, -1, 7, -1, 10, -1, 10, -1)};
}

inlined v128_t weigh(quad q, lanes w) {
  return wasm_i32x4_add(wasm_i32x4_add(wasm_i32x4_dot_i16x8(q.even, w.even), w.bias),
                        wasm_i32x4_dot_i16x8(q.odd, w.odd));
}

// The values of eight sums. `upper` is (0, 1) in 16-bit lanes. It comes as an argument, because JavaScriptCore makes such a
// constant anew wherever it is used.
inlined v128_t values(v128_t first, v128_t last, v128_t upper) {
  return wasm_i16x8_narrow_i32x4(wasm_i32x4_dot_i16x8(first, upper), wasm_i32x4_dot_i16x8(last, upper));
}

inlined v128_t with_neighbour(v128_t x) { return wasm_i16x8_add(x, wasm_i32x4_shuffle(x, x, 1, 0, 3, 2)); }

// The sums of two by two pixels, each twice.
inlined quad block_sums(quad upper, quad lower) {
  return (quad){with_neighbour(wasm_i16x8_add(upper.even, lower.even)),
                with_neighbour(wasm_i16x8_add(upper.odd, lower.odd))};
}

// The same for one pixel, or a sum of pixels.
typedef struct {
  int32_t byte0, byte1, byte2;
} pixel;

inlined pixel pixel_at(const uint8_t *row, int pixel_bytes, int32_t x) {
  const uint8_t *at = row + x * pixel_bytes;
  return (pixel){at[0], at[1], at[2]};
}

inlined pixel sum(pixel a, pixel b) {
  return (pixel){a.byte0 + b.byte0, a.byte1 + b.byte1, a.byte2 + b.byte2};
}

inlined uint8_t weigh_one(pixel p, weights w) {
  return (uint8_t)((p.byte0 * (int16_t)w.even + p.byte2 * (w.even >> 16) + p.byte1 * ((int16_t)w.odd + (w.odd >> 16)) +
                    w.bias) >> 16);
}

// 4:2:0: two rows at a time. A row or column past the picture's is its last one again.
inlined void to_420(picture from, planes to, weights y, weights u, weights v, int32_t one, int pixel_bytes,
                    int is_interleaved) {
  const lanes luma = in_all(y), chroma = in_turns(u, v);
  const v128_t upper = wasm_i32x4_splat(one);
  for (int32_t row = 0; row < to.height; row += 2) {
    const uint8_t *row0 = from.bytes + smaller(row, from.height - 1) * from.stride;
    const uint8_t *row1 = from.bytes + smaller(row + 1, from.height - 1) * from.stride;
    uint8_t *y0 = to.y + row * to.y_stride;
    uint8_t *y1 = row + 1 < to.height ? y0 + to.y_stride : y0;
    uint8_t *us = to.u + (row >> 1) * to.u_stride;
    uint8_t *vs = to.v + (row >> 1) * to.v_stride;
    int32_t x = 0;
    for (; x + step <= from.width; x += step) {
      const uint8_t *at0 = row0 + x * pixel_bytes, *at1 = row1 + x * pixel_bytes;
      quad a = load(at0, pixel_bytes, 0), b = load(at1, pixel_bytes, 0);
      v128_t ys0 = weigh(a, luma), ys1 = weigh(b, luma), uvs = weigh(block_sums(a, b), chroma);
      a = load(at0, pixel_bytes, 1);
      ys0 = values(ys0, weigh(a, luma), upper);
      b = load(at1, pixel_bytes, 1);
      ys1 = values(ys1, weigh(b, luma), upper);
      uvs = values(uvs, weigh(block_sums(a, b), chroma), upper);
      v128_t ys = wasm_u8x16_narrow_i16x8(ys0, ys1);
      wasm_v128_store64_lane(y0 + x, ys, 0);
      wasm_v128_store64_lane(y1 + x, ys, 1);
      if (is_interleaved) {
        wasm_v128_store64_lane(us + x, wasm_u8x16_narrow_i16x8(uvs, uvs), 0);
      } else {
        uvs = swizzle(uvs, 0, 4, 8, 12, 2, 6, 10, 14, -1, -1, -1, -1, -1, -1, -1, -1);
        wasm_v128_store32_lane(us + (x >> 1), uvs, 0);
        wasm_v128_store32_lane(vs + (x >> 1), uvs, 1);
      }
    }
    for (; x < to.width; x += 2) {
      int32_t x0 = smaller(x, from.width - 1), x1 = smaller(x + 1, from.width - 1);
      pixel a = pixel_at(row0, pixel_bytes, x0), b = pixel_at(row0, pixel_bytes, x1);
      pixel c = pixel_at(row1, pixel_bytes, x0), d = pixel_at(row1, pixel_bytes, x1);
      y0[x] = weigh_one(a, y);
      y1[x] = weigh_one(c, y);
      if (x + 1 < to.width) {
        y0[x + 1] = weigh_one(b, y);
        y1[x + 1] = weigh_one(d, y);
      }
      pixel block = sum(sum(a, b), sum(c, d));
      us[is_interleaved ? x : x >> 1] = weigh_one(block, u);
      vs[is_interleaved ? x : x >> 1] = weigh_one(block, v);
    }
  }
}

inlined void to_444(picture from, planes to, weights y, weights u, weights v, int32_t one, int pixel_bytes) {
  const lanes luma = in_all(y), blue = in_all(u), red = in_all(v);
  const v128_t upper = wasm_i32x4_splat(one);
  for (int32_t row = 0; row < to.height; row++) {
    const uint8_t *pixels = from.bytes + smaller(row, from.height - 1) * from.stride;
    uint8_t *ys = to.y + row * to.y_stride, *us = to.u + row * to.u_stride, *vs = to.v + row * to.v_stride;
    int32_t x = 0;
    for (; x + step <= from.width; x += step) {
      quad q = load(pixels + x * pixel_bytes, pixel_bytes, 0);
      v128_t y8 = weigh(q, luma), u8 = weigh(q, blue), v8 = weigh(q, red);
      q = load(pixels + x * pixel_bytes, pixel_bytes, 1);
      y8 = values(y8, weigh(q, luma), upper);
      u8 = values(u8, weigh(q, blue), upper);
      v8 = values(v8, weigh(q, red), upper);
      v128_t yu8 = wasm_u8x16_narrow_i16x8(y8, u8);
      wasm_v128_store64_lane(ys + x, yu8, 0);
      wasm_v128_store64_lane(us + x, yu8, 1);
      wasm_v128_store64_lane(vs + x, wasm_u8x16_narrow_i16x8(v8, v8), 0);
    }
    for (; x < to.width; x++) {
      pixel p = pixel_at(pixels, pixel_bytes, smaller(x, from.width - 1));
      ys[x] = weigh_one(p, y);
      us[x] = weigh_one(p, u);
      vs[x] = weigh_one(p, v);
    }
  }
}

// The width and height of the planes are those of luma: at least the picture's. Of nv12, `u` is the plane of chroma, and `v` lies one
// byte on. `one` is 1 << 16.
#define kernel(name, convert, ...)                                                                                    \
  exported(name) void name(const uint8_t *bytes, int32_t stride, int32_t width, int32_t height, int32_t coded_width,  \
                           int32_t coded_height, uint8_t *y, int32_t y_stride, uint8_t *u, int32_t u_stride,          \
                           uint8_t *v, int32_t v_stride, int32_t y_even, int32_t y_odd, int32_t y_bias,               \
                           int32_t u_even, int32_t u_odd, int32_t v_even, int32_t v_odd, int32_t uv_bias,             \
                           int32_t one) {                                                                             \
    convert((picture){bytes, stride, width, height},                                                                  \
            (planes){y, u, v, y_stride, u_stride, v_stride, coded_width, coded_height},                               \
            (weights){y_even, y_odd, y_bias}, (weights){u_even, u_odd, uv_bias}, (weights){v_even, v_odd, uv_bias},   \
            one, __VA_ARGS__);                                                                                        \
  }

kernel(rgb32_to_yuv420p, to_420, 4, 0)
kernel(rgb32_to_nv12, to_420, 4, 1)
kernel(rgb32_to_yuv444p, to_444, 4)
kernel(rgb24_to_yuv420p, to_420, 3, 0)
kernel(rgb24_to_nv12, to_420, 3, 1)
kernel(rgb24_to_yuv444p, to_444, 3)

// Luma and chroma to RGB. In fixed point with 6 fractional bits: what luma is multiplied by and what is added, a half for rounding
// with it; what chroma adds to each colour.
typedef struct {
  int32_t luma, bias, u_in_last, u_in_green, v_in_green, v_in_first;
} colors;

// What eight samples of chroma add: their upper bytes are the samples.
typedef struct {
  v128_t first, green, last;
} tints;

inlined v128_t times(v128_t x, v128_t weight) { return wasm_i16x8_q15mulr_sat(x, weight); }

inlined tints tinted(v128_t u, v128_t v, colors c) {
  const v128_t zero = wasm_i16x8_const_splat(-32768);
  u = wasm_v128_xor(u, zero);
  v = wasm_v128_xor(v, zero);
  return (tints){times(v, wasm_i16x8_splat(c.v_in_first)),
                 wasm_i16x8_add(times(u, wasm_i16x8_splat(c.u_in_green)), times(v, wasm_i16x8_splat(c.v_in_green))),
                 times(u, wasm_i16x8_splat(c.u_in_last))};
}

// Each of the first or last four twice.
inlined v128_t doubled(v128_t x, int is_last) {
  return is_last ? swizzle(x, 8, 9, 8, 9, 10, 11, 10, 11, 12, 13, 12, 13, 14, 15, 14, 15)
                 : swizzle(x, 0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7);
}

inlined tints doubled_tints(tints t, int is_last) {
  return (tints){doubled(t.first, is_last), doubled(t.green, is_last), doubled(t.last, is_last)};
}

// Eight bytes as the upper bytes of 16 bits.
inlined v128_t upper_bytes(const uint8_t *at) {
  return swizzle(wasm_v128_load64_zero(at), -1, 0, -1, 1, -1, 2, -1, 3, -1, 4, -1, 5, -1, 6, -1, 7);
}

// Eight pixels. Luma that is in the upper bytes is halved, to be a positive number.
inlined void paint(uint8_t *to, const uint8_t *y, tints t, colors c) {
  v128_t luma = times(wasm_u16x8_shr(upper_bytes(y), 1), wasm_i16x8_splat(c.luma));
  luma = wasm_i16x8_add(luma, wasm_i16x8_splat(c.bias));
  v128_t first = wasm_i16x8_shr(wasm_i16x8_add_sat(luma, t.first), 6);
  v128_t green = wasm_i16x8_shr(wasm_i16x8_add_sat(luma, t.green), 6);
  v128_t last = wasm_i16x8_shr(wasm_i16x8_add_sat(luma, t.last), 6);
  v128_t pair = wasm_u8x16_narrow_i16x8(first, green);
  v128_t rest = wasm_u8x16_narrow_i16x8(last, wasm_i16x8_const_splat(255));
  wasm_v128_store(to, wasm_v128_or(swizzle(pair, 0, 8, -1, -1, 1, 9, -1, -1, 2, 10, -1, -1, 3, 11, -1, -1),
                                   swizzle(rest, -1, -1, 0, 8, -1, -1, 1, 9, -1, -1, 2, 10, -1, -1, 3, 11)));
  wasm_v128_store(to + 16, wasm_v128_or(swizzle(pair, 4, 12, -1, -1, 5, 13, -1, -1, 6, 14, -1, -1, 7, 15, -1, -1),
                                        swizzle(rest, -1, -1, 4, 12, -1, -1, 5, 13, -1, -1, 6, 14, -1, -1, 7, 15)));
}

inlined int32_t times_one(int32_t x, int32_t weight) { return (x * weight + 0x4000) >> 15; }

inlined uint8_t painted_one(int32_t luma, int32_t tint) {
  int32_t value = (luma + tint) >> 6;
  return (uint8_t)(value < 0 ? 0 : smaller(value, 255));
}

inlined void paint_one(uint8_t *to, int32_t y, int32_t u, int32_t v, colors c) {
  int32_t luma = times_one(y << 7, c.luma) + c.bias;
  u = (u - 128) * 256;
  v = (v - 128) * 256;
  to[0] = painted_one(luma, times_one(v, c.v_in_first));
  to[1] = painted_one(luma, times_one(u, c.u_in_green) + times_one(v, c.v_in_green));
  to[2] = painted_one(luma, times_one(u, c.u_in_last));
  to[3] = 255;
}

// `across` and `down` are the binary logarithms of the pixels that a chroma sample covers. Where samples of u and v take turns, one
// of `u` and `v` is one byte after the other.
inlined void to_rgb32(planes from, uint8_t *to, int32_t stride, int32_t down, colors c, int across, int is_interleaved) {
  const v128_t upper = wasm_i16x8_const_splat(-256);
  const uint8_t *both = from.u < from.v ? from.u : from.v;
  const int32_t u_shift = both == from.u ? 8 : 0, v_shift = 8 - u_shift;
  // Rows that share their chroma are painted together. The last one may have no other.
  for (int32_t row = 0; row < from.height; row += 1 << down) {
    const int32_t below = down & (row + 1 < from.height);
    const uint8_t *ys = from.y + row * from.y_stride, *ys_below = ys + from.y_stride;
    const int32_t u_row = (row >> down) * from.u_stride, v_row = (row >> down) * from.v_stride;
    const uint8_t *us = from.u + u_row, *vs = from.v + v_row, *pairs = both + u_row;
    uint8_t *at = to + row * stride, *at_below = at + stride;
    int32_t x = 0;
    for (; x + (step << across) <= from.width; x += step << across) {
      tints t;
      if (is_interleaved) {
        v128_t uvs = wasm_v128_load(pairs + x);
        t = tinted(wasm_v128_and(wasm_i16x8_shl(uvs, count(u_shift)), upper), wasm_v128_and(wasm_i16x8_shl(uvs, count(v_shift)), upper), c);
      } else {
        t = tinted(upper_bytes(us + (x >> across)), upper_bytes(vs + (x >> across)), c);
      }
      for (int32_t part = 0; part <= across; part++) {
        const tints each = across ? doubled_tints(t, part) : t;
        const int32_t first = x + part * step;
        paint(at + first * 4, ys + first, each, c);
        if (below) paint(at_below + first * 4, ys_below + first, each, c);
      }
    }
    for (; x < from.width; x++) {
      int32_t sample = (x >> across) << is_interleaved;
      paint_one(at + x * 4, ys[x], us[sample], vs[sample], c);
      if (below) paint_one(at_below + x * 4, ys_below[x], us[sample], vs[sample], c);
    }
  }
}

#define rgb32_kernel(name, ...)                                                                                       \
  exported(name) void name(uint8_t *y, int32_t y_stride, uint8_t *u, int32_t u_stride, uint8_t *v, int32_t v_stride,  \
                           int32_t width, int32_t height, uint8_t *to, int32_t stride, int32_t down, int32_t luma,    \
                           int32_t bias, int32_t u_in_last, int32_t u_in_green, int32_t v_in_green,                   \
                           int32_t v_in_first) {                                                                      \
    to_rgb32((planes){y, u, v, y_stride, u_stride, v_stride, width, height}, to, stride, down,                        \
             (colors){luma, bias, u_in_last, u_in_green, v_in_green, v_in_first}, __VA_ARGS__);                       \
  }

rgb32_kernel(half_to_rgb32, 1, 0)
rgb32_kernel(pairs_to_rgb32, 1, 1)
rgb32_kernel(whole_to_rgb32, 0, 0)

inlined v128_t stretched(v128_t eight, v128_t scale, v128_t bias) {
  v128_t low = wasm_i32x4_shr(wasm_i32x4_add(wasm_u32x4_extmul_low_u16x8(eight, scale), bias), 15);
  v128_t high = wasm_i32x4_shr(wasm_i32x4_add(wasm_u32x4_extmul_high_u16x8(eight, scale), bias), 15);
  return wasm_i16x8_narrow_i32x4(low, high);
}

// One plane in another range: each byte times `scale` plus `bias`, in fixed point with 15 fractional bits, from 0 to 255.
exported(stretch) void stretch(const uint8_t *bytes, int32_t stride, int32_t width, int32_t height, int32_t coded_width,
                               int32_t coded_height, uint8_t *to, int32_t to_stride, int32_t scale, int32_t bias) {
  const v128_t scales = wasm_i16x8_splat(scale), biases = wasm_i32x4_splat(bias);
  for (int32_t row = 0; row < coded_height; row++) {
    const uint8_t *from = bytes + smaller(row, height - 1) * stride;
    uint8_t *at = to + row * to_stride;
    int32_t x = 0;
    for (; x + 16 <= width; x += 16) {
      v128_t b = wasm_v128_load(from + x);
      v128_t low = stretched(wasm_u16x8_extend_low_u8x16(b), scales, biases);
      v128_t high = stretched(wasm_u16x8_extend_high_u8x16(b), scales, biases);
      wasm_v128_store(at + x, wasm_u8x16_narrow_i16x8(low, high));
    }
    for (; x < coded_width; x++) {
      int32_t value = (from[smaller(x, width - 1)] * scale + bias) >> 15;
      at[x] = (uint8_t)(value < 0 ? 0 : smaller(value, 255));
    }
  }
}

exported(fill) void fill(uint8_t *to, int32_t stride, int32_t row_bytes, int32_t rows, int32_t value) {
  for (int32_t row = 0; row < rows; row++) __builtin_memset(to + row * stride, value, (uint32_t)row_bytes);
}

// Whether the alpha of all pixels of four bytes is 255; `alpha` is which of the four it is.
exported(is_opaque) int32_t is_opaque(const uint8_t *bytes, int32_t stride, int32_t width, int32_t height, int32_t alpha) {
  const v128_t others = wasm_i32x4_splat((int32_t)~(0xffu << 8 * alpha));
  const v128_t ones = wasm_i8x16_splat(-1);
  for (int32_t row = 0; row < height; row++) {
    const uint8_t *at = bytes + row * stride;
    v128_t all = ones;
    int32_t x = 0;
    for (; x + 4 <= width; x += 4) all = wasm_v128_and(all, wasm_v128_or(wasm_v128_load(at + x * 4), others));
    for (; x < width; x++) all = wasm_v128_and(all, wasm_v128_or(wasm_v128_load32_splat(at + x * 4), others));
    if (!wasm_i8x16_all_true(wasm_i8x16_eq(all, ones))) return 0;
  }
  return 1;
}

// The nearest to `x` / 255, for numbers up to 255 * 255.
inlined v128_t divided(v128_t x) {
  x = wasm_i16x8_add(x, wasm_i16x8_const_splat(128));
  return wasm_u16x8_shr(wasm_i16x8_add(x, wasm_u16x8_shr(x, 8)), 8);
}

// Two pixels over two of the background. `alphas` has the alpha of each in all of its lanes.
inlined v128_t laid_over(v128_t pixels, v128_t alphas, v128_t background) {
  v128_t rest = wasm_i16x8_sub(wasm_i16x8_const_splat(255), alphas);
  return divided(wasm_i16x8_add(wasm_i16x8_mul(pixels, alphas), wasm_i16x8_mul(background, rest)));
}

inlined v128_t four_over(v128_t x, v128_t alpha, v128_t background) {
  v128_t alphas = wasm_i8x16_swizzle(x, alpha);
  v128_t low = laid_over(wasm_u16x8_extend_low_u8x16(x), wasm_u16x8_extend_low_u8x16(alphas), background);
  v128_t high = laid_over(wasm_u16x8_extend_high_u8x16(x), wasm_u16x8_extend_high_u8x16(alphas), background);
  return wasm_u8x16_narrow_i16x8(low, high);
}

// Pixels of four bytes over one colour, which has the same order of bytes. What alpha becomes is of no use to anyone.
exported(lay_over) void lay_over(const uint8_t *bytes, int32_t stride, int32_t width, int32_t height, uint8_t *to,
                                 int32_t to_stride, int32_t alpha, int32_t color) {
  const v128_t background = wasm_u16x8_extend_low_u8x16(wasm_i32x4_splat(color));
  const v128_t places = wasm_i8x16_add(wasm_i8x16_const(0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12),
                                       wasm_i8x16_splat((int8_t)alpha));
  for (int32_t row = 0; row < height; row++) {
    const uint8_t *from = bytes + row * stride;
    uint8_t *at = to + row * to_stride;
    int32_t x = 0;
    for (; x + 4 <= width; x += 4) {
      wasm_v128_store(at + x * 4, four_over(wasm_v128_load(from + x * 4), places, background));
    }
    for (; x < width; x++) {
      wasm_v128_store32_lane(at + x * 4, four_over(wasm_v128_load32_splat(from + x * 4), places, background), 0);
    }
  }
}

// Pixels of four bytes whose colours were multiplied by alpha, as they were before.
exported(straighten) void straighten(const uint8_t *bytes, int32_t stride, int32_t width, int32_t height, uint8_t *to,
                                     int32_t to_stride, int32_t alpha) {
  for (int32_t row = 0; row < height; row++) {
    const uint8_t *from = bytes + row * stride;
    uint8_t *at = to + row * to_stride;
    for (int32_t x = 0; x < width * 4; x += 4) {
      int32_t opacity = from[x + alpha];
      for (int32_t part = 0; part < 4; part++) {
        int32_t value = opacity == 0 ? 0 : smaller((from[x + part] * 255 + opacity / 2) / opacity, 255);
        at[x + part] = (uint8_t)(part == alpha ? opacity : value);
      }
    }
  }
}
