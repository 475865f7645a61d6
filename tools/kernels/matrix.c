// Planes of luma and chroma with another matrix, of the same or another range.
//
// A matrix takes grays to the same grays, so chroma depends on chroma alone, and is made sample by sample. Luma gets what both
// samples of chroma add to it, interpolated between the four samples that are nearest to a pixel: they lie at the centres of the
// pixels that they cover.

#include "kernels.h"

// Fractional bits of what comes out.
enum { chroma_bits = 14, luma_bits = 18 };

// Two numbers of 16 bits.
inlined int32_t weighed(int32_t u, int32_t v, int32_t pair) { return u * (int16_t)pair + v * (pair >> 16); }

// Eight 16-bit numbers from two sums of four.
inlined v128_t chroma_values(v128_t low, v128_t high, v128_t pair, v128_t bias) {
  low = wasm_i32x4_shr(wasm_i32x4_add(wasm_i32x4_dot_i16x8(low, pair), bias), chroma_bits);
  high = wasm_i32x4_shr(wasm_i32x4_add(wasm_i32x4_dot_i16x8(high, pair), bias), chroma_bits);
  return wasm_i16x8_narrow_i32x4(low, high);
}

inlined v128_t low_pairs(v128_t a, v128_t b) { return wasm_i16x8_shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11); }

inlined v128_t high_pairs(v128_t a, v128_t b) { return wasm_i16x8_shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15); }

// Both planes of chroma. Each pair is what u and v weigh, in fixed point with 14 fractional bits, as `bias` has them.
exported(change_chroma) void change_chroma(const uint8_t *u, int32_t u_stride, const uint8_t *v, int32_t v_stride, int32_t width,
                                           int32_t height, uint8_t *to_u, int32_t to_u_stride, uint8_t *to_v,
                                           int32_t to_v_stride, int32_t in_u, int32_t in_v, int32_t u_bias, int32_t v_bias) {
  const v128_t u_pair = wasm_i32x4_splat(in_u), v_pair = wasm_i32x4_splat(in_v);
  const v128_t u_biases = wasm_i32x4_splat(u_bias), v_biases = wasm_i32x4_splat(v_bias);
  for (int32_t row = 0; row < height; row++) {
    int32_t x = 0;
    for (; x + 8 <= width; x += 8) {
      v128_t us = wasm_u16x8_load8x8(u + x), vs = wasm_u16x8_load8x8(v + x);
      v128_t low = low_pairs(us, vs), high = high_pairs(us, vs);
      us = chroma_values(low, high, u_pair, u_biases);
      vs = chroma_values(low, high, v_pair, v_biases);
      us = wasm_u8x16_narrow_i16x8(us, vs);
      wasm_v128_store64_lane(to_u + x, us, 0);
      wasm_v128_store64_lane(to_v + x, us, 1);
    }
    for (; x < width; x++) {
      int32_t one = u[x], other = v[x];
      to_u[x] = to_byte(weighed(one, other, in_u) + u_bias, chroma_bits);
      to_v[x] = to_byte(weighed(one, other, in_v) + v_bias, chroma_bits);
    }
    u += u_stride;
    v += v_stride;
    to_u += to_u_stride;
    to_v += to_v_stride;
  }
}

// A plane with half as many samples across (where `across` is 1) and down (likewise): averages. A column or row past the plane's is its
// last one again.
exported(halve_bytes) void halve_bytes(const uint8_t *bytes, int32_t stride, int32_t width, int32_t height, uint8_t *to,
                                       int32_t to_stride, int32_t columns, int32_t rows, int32_t across, int32_t down) {
  for (int32_t row = 0; row < rows; row++) {
    const uint8_t *upper = bytes + smaller(row << down, height - 1) * stride;
    const uint8_t *lower = bytes + smaller((row << down) + down, height - 1) * stride;
    int32_t x = 0;
    for (; (x + 16) << across <= width; x += 16) {
      if (across) {
        v128_t left = wasm_i16x8_add(wasm_u16x8_extadd_pairwise_u8x16(wasm_v128_load(upper + x * 2)),
                                     wasm_u16x8_extadd_pairwise_u8x16(wasm_v128_load(lower + x * 2)));
        v128_t right = wasm_i16x8_add(wasm_u16x8_extadd_pairwise_u8x16(wasm_v128_load(upper + x * 2 + 16)),
                                      wasm_u16x8_extadd_pairwise_u8x16(wasm_v128_load(lower + x * 2 + 16)));
        left = wasm_u16x8_shr(wasm_i16x8_add(left, wasm_i16x8_const_splat(2)), 2);
        right = wasm_u16x8_shr(wasm_i16x8_add(right, wasm_i16x8_const_splat(2)), 2);
        wasm_v128_store(to + x, wasm_u8x16_narrow_i16x8(left, right));
      } else {
        wasm_v128_store(to + x, wasm_u8x16_avgr(wasm_v128_load(upper + x), wasm_v128_load(lower + x)));
      }
    }
    for (; x < columns; x++) {
      const int32_t x0 = smaller(x << across, width - 1), x1 = smaller((x << across) + across, width - 1);
      to[x] = (uint8_t)((upper[x0] + upper[x1] + lower[x0] + lower[x1] + 2) >> 2);
    }
    to += to_stride;
  }
}

// Rows of one plane of chroma: the one that covers a row of luma, and the next nearest.
typedef struct {
  const uint8_t *near, *far;
} rows;

// Of four parts, three are the nearer row's.
inlined v128_t eight(rows from, int32_t x) {
  v128_t near = wasm_u16x8_load8x8(from.near + x);
  return wasm_i16x8_add(wasm_i16x8_add(near, wasm_i16x8_shl(near, 1)), wasm_u16x8_load8x8(from.far + x));
}

inlined int32_t one_of(rows from, int32_t x) { return 3 * from.near[x] + from.far[x]; }

inlined v128_t thrice_and(v128_t near, v128_t far) { return wasm_i16x8_add(wasm_i16x8_add(near, wasm_i16x8_shl(near, 1)), far); }

// Eight samples of luma, each in 16 bits, with the chroma interpolated for them, as 16-bit numbers from 0 to 255.
inlined v128_t luma_values(v128_t y, v128_t u, v128_t v, v128_t scale, v128_t pair, v128_t bias) {
  y = wasm_i16x8_shl(y, 3);
  v128_t low = wasm_i32x4_add(wasm_u32x4_extmul_low_u16x8(y, scale), wasm_i32x4_dot_i16x8(low_pairs(u, v), pair));
  v128_t high = wasm_i32x4_add(wasm_u32x4_extmul_high_u16x8(y, scale), wasm_i32x4_dot_i16x8(high_pairs(u, v), pair));
  low = wasm_i32x4_shr(wasm_i32x4_add(low, bias), luma_bits);
  high = wasm_i32x4_shr(wasm_i32x4_add(high, bias), luma_bits);
  v128_t values = wasm_i16x8_narrow_i32x4(low, high);
  return wasm_i16x8_min(wasm_i16x8_max(values, wasm_i16x8_const_splat(0)), wasm_i16x8_const_splat(255));
}

// `across` and `down` are the binary logarithms of the pixels that a chroma sample covers. The sum of what is interpolated is 16 times
// a sample. In fixed point with 18 fractional bits: `scale` for eight times a sample, the pair for u and v, and `bias`.
inlined void change_luma(const uint8_t *y, int32_t y_stride, const uint8_t *u, int32_t u_stride, const uint8_t *v, int32_t v_stride,
                         int32_t width, int32_t height, int32_t down, uint8_t *to, int32_t to_stride, int32_t scale, int32_t pair,
                         int32_t bias, int across) {
  const v128_t scales = wasm_i16x8_splat(scale), pairs = wasm_i32x4_splat(pair), biases = wasm_i32x4_splat(bias);
  const v128_t bytes = wasm_i16x8_const_splat(255);
  const int32_t last_row = ((height + down) >> down) - 1, last = ((width + across) >> across) - 1;
  for (int32_t row = 0; row < height; row++) {
    const int32_t near = row >> down, beside = down ? near + ((row & 1) ? 1 : -1) : near;
    const int32_t far = larger(0, smaller(beside, last_row));
    const rows us = {u + near * u_stride, u + far * u_stride}, vs = {v + near * v_stride, v + far * v_stride};
    // The samples beside the first and the last one are those themselves.
    int32_t column = 0;
    while (column <= last) {
      if (column >= across && column + 7 + across <= last && ((column + 8) << across) <= width) {
        const int32_t x = column << across;
        v128_t u0 = eight(us, column), v0 = eight(vs, column);
        if (across) {
          v128_t ys = wasm_v128_load(y + x);
          v128_t even = luma_values(wasm_v128_and(ys, bytes), thrice_and(u0, eight(us, column - 1)),
                                    thrice_and(v0, eight(vs, column - 1)), scales, pairs, biases);
          v128_t odd = luma_values(wasm_u16x8_shr(ys, 8), thrice_and(u0, eight(us, column + 1)),
                                   thrice_and(v0, eight(vs, column + 1)), scales, pairs, biases);
          wasm_v128_store(to + x, wasm_v128_or(even, wasm_i16x8_shl(odd, 8)));
        } else {
          v128_t values = luma_values(wasm_u16x8_load8x8(y + x), wasm_i16x8_shl(u0, 2), wasm_i16x8_shl(v0, 2), scales, pairs, biases);
          wasm_v128_store64_lane(to + x, wasm_u8x16_narrow_i16x8(values, values), 0);
        }
        column += 8;
        continue;
      }
      for (int32_t part = 0; part <= across && (column << across) + part < width; part++) {
        const int32_t x = (column << across) + part;
        const int32_t side = across ? larger(0, smaller(column + (part ? 1 : -1), last)) : column;
        const int32_t blue = 3 * one_of(us, column) + one_of(us, side), red = 3 * one_of(vs, column) + one_of(vs, side);
        to[x] = to_byte(y[x] * 8 * scale + weighed(blue, red, pair) + bias, luma_bits);
      }
      column++;
    }
    y += y_stride;
    to += to_stride;
  }
}

#define luma_kernel(name, across)                                                                                       \
  exported(name) void name(const uint8_t *y, int32_t y_stride, const uint8_t *u, int32_t u_stride, const uint8_t *v,    \
                           int32_t v_stride, int32_t width, int32_t height, int32_t down, uint8_t *to,                  \
                           int32_t to_stride, int32_t scale, int32_t pair, int32_t bias) {                              \
    change_luma(y, y_stride, u, u_stride, v, v_stride, width, height, down, to, to_stride, scale, pair, bias, across);  \
  }

luma_kernel(change_luma_of_half, 1)
luma_kernel(change_luma_of_whole, 0)
