// RGB and gray of more than 8 bits to luma and chroma of 8 to 12 bits.
//
// In steps, each of which leaves its result to the next one: components are picked as planes of words, with the highest bit of each
// sample in the highest bit of a word; two by two are averaged for chroma; three planes are weighed to one.

#include "kernels.h"

inlined int32_t swapped(int32_t word) { return (word & 255) << 8 | (word >> 8 & 255); }

inlined v128_t swapped_words(v128_t x) { return swizzle(x, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14); }

// The first of every `step` words, eight of them. Nothing is read past the words of eight pixels, counted from `at`.
inlined v128_t eight_words(const uint16_t *at, int step) {
  const v128_t a = wasm_v128_load(at);
  if (step == 1) return a;
  const v128_t b = wasm_v128_load(at + 8), c = wasm_v128_load(at + 16);
  if (step == 3) {
    return wasm_v128_or(wasm_v128_or(swizzle(a, 0, 1, 6, 7, 12, 13, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1),
                                     swizzle(b, -1, -1, -1, -1, -1, -1, 2, 3, 8, 9, 14, 15, -1, -1, -1, -1)),
                        swizzle(c, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 4, 5, 10, 11));
  }
  const v128_t d = wasm_v128_load(at + 24);
  return wasm_v128_or(wasm_v128_or(swizzle(a, 0, 1, 8, 9, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1),
                                   swizzle(b, -1, -1, -1, -1, 0, 1, 8, 9, -1, -1, -1, -1, -1, -1, -1, -1)),
                      wasm_v128_or(swizzle(c, -1, -1, -1, -1, -1, -1, -1, -1, 0, 1, 8, 9, -1, -1, -1, -1),
                                   swizzle(d, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 1, 8, 9)));
}

// One component of words: those of the other byte order are swapped, lower bits that mean nothing are dropped, what is more than white
// is white, and the highest bit goes to the top.
inlined void pick(const uint8_t *bytes, int32_t stride, int32_t width, int32_t height, uint8_t *to, int32_t to_stride,
                  int32_t is_swapped, int32_t dropped, int32_t most, int32_t raised, int step) {
  const v128_t whites = wasm_i16x8_splat(most);
  for (int32_t row = 0; row < height; row++) {
    const uint16_t *from = (const uint16_t *)(bytes + row * stride);
    uint16_t *at = (uint16_t *)(to + row * to_stride);
    int32_t x = 0;
    // The words of the last pixel that are no part of the component may lie past the picture.
    for (; x + 8 < width; x += 8) {
      v128_t words = eight_words(from + x * step, step);
      if (is_swapped) words = swapped_words(words);
      words = wasm_u16x8_min(wasm_u16x8_shr(words, count(dropped)), whites);
      wasm_v128_store(at + x, wasm_i16x8_shl(words, count(raised)));
    }
    for (; x < width; x++) {
      int32_t word = from[x * step];
      if (is_swapped) word = swapped(word);
      at[x] = (uint16_t)(smaller(word >> dropped, most) << raised);
    }
  }
}

#define pick_kernel(name, step)                                                                                       \
  exported(name) void name(const uint8_t *bytes, int32_t stride, int32_t width, int32_t height, uint8_t *to,          \
                           int32_t to_stride, int32_t is_swapped, int32_t dropped, int32_t most, int32_t raised) {    \
    pick(bytes, stride, width, height, to, to_stride, is_swapped, dropped, most, raised, step);                       \
  }

pick_kernel(pick_words1, 1)
pick_kernel(pick_words3, 3)
pick_kernel(pick_words4, 4)

// One component of pixels that are words of 32 bits: `most` is its mask once it was moved down by `dropped`.
exported(pick_bits) void pick_bits(const uint8_t *bytes, int32_t stride, int32_t width, int32_t height, uint8_t *to,
                                   int32_t to_stride, int32_t dropped, int32_t most, int32_t raised) {
  const v128_t mask = wasm_i32x4_splat(most);
  for (int32_t row = 0; row < height; row++) {
    const uint32_t *from = (const uint32_t *)(bytes + row * stride);
    uint16_t *at = (uint16_t *)(to + row * to_stride);
    int32_t x = 0;
    for (; x + 8 <= width; x += 8) {
      v128_t low = wasm_v128_and(wasm_u32x4_shr(wasm_v128_load(from + x), count(dropped)), mask);
      v128_t high = wasm_v128_and(wasm_u32x4_shr(wasm_v128_load(from + x + 4), count(dropped)), mask);
      wasm_v128_store(at + x, wasm_i16x8_shl(wasm_u16x8_narrow_i32x4(low, high), count(raised)));
    }
    for (; x < width; x++) at[x] = (uint16_t)((from[x] >> dropped & (uint32_t)most) << raised);
  }
}

// Four floating-point numbers as the nearest integers in 32 bits, 1 as 65535: from 0 to 1, and what is no number is 0. Behind 2^23 there
// are no fractions.
inlined v128_t four_rounded(v128_t x, int32_t is_swapped) {
  if (is_swapped) x = swizzle(x, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
  x = wasm_f32x4_pmin(wasm_f32x4_const_splat(1), wasm_f32x4_pmax(wasm_f32x4_const_splat(0), x));
  x = wasm_f32x4_add(wasm_f32x4_mul(x, wasm_f32x4_const_splat(65535)), wasm_f32x4_const_splat(8388608));
  return wasm_v128_and(x, wasm_i32x4_const_splat(0xffff));
}

// A plane of floating-point numbers of 32 bits.
exported(pick_floats) void pick_floats(const uint8_t *bytes, int32_t stride, int32_t width, int32_t height, uint8_t *to,
                                       int32_t to_stride, int32_t is_swapped) {
  for (int32_t row = 0; row < height; row++) {
    const uint8_t *from = bytes + row * stride;
    uint8_t *at = to + row * to_stride;
    int32_t x = 0;
    for (; x + 8 <= width; x += 8) {
      v128_t low = four_rounded(wasm_v128_load(from + x * 4), is_swapped);
      v128_t high = four_rounded(wasm_v128_load(from + x * 4 + 16), is_swapped);
      wasm_v128_store(at + x * 2, wasm_u16x8_narrow_i32x4(low, high));
    }
    for (; x < width; x++) wasm_v128_store16_lane(at + x * 2, four_rounded(wasm_v128_load32_splat(from + x * 4), is_swapped), 0);
  }
}

inlined uint32_t average(uint32_t a, uint32_t b) { return (a + b + 1) >> 1; }

// Of eight words in each row, as 32-bit numbers.
inlined v128_t four_averages(const uint16_t *upper, const uint16_t *lower) {
  v128_t pairs = wasm_u16x8_avgr(wasm_v128_load(upper), wasm_v128_load(lower));
  v128_t sums = wasm_i32x4_add(wasm_v128_and(pairs, wasm_i32x4_const_splat(0xffff)), wasm_u32x4_shr(pairs, 16));
  return wasm_u32x4_shr(wasm_i32x4_add(sums, wasm_i32x4_const_splat(1)), 1);
}

// Two by two words, or two beside each other, as one: first those of two rows, then those of two columns. A row or column past the
// plane's is its last one again.
exported(halve_words) void halve_words(const uint8_t *words, int32_t stride, int32_t width, int32_t height, uint8_t *to,
                                       int32_t to_stride, int32_t columns, int32_t rows, int32_t down) {
  for (int32_t row = 0; row < rows; row++) {
    const uint16_t *upper_row = (const uint16_t *)(words + smaller(row << down, height - 1) * stride);
    const uint16_t *lower_row = (const uint16_t *)(words + smaller((row << down) + down, height - 1) * stride);
    uint16_t *at = (uint16_t *)(to + row * to_stride);
    int32_t x = 0;
    for (; x * 2 + 16 <= width; x += 8) {
      v128_t left = four_averages(upper_row + x * 2, lower_row + x * 2);
      v128_t right = four_averages(upper_row + x * 2 + 8, lower_row + x * 2 + 8);
      wasm_v128_store(at + x, wasm_u16x8_narrow_i32x4(left, right));
    }
    for (; x < columns; x++) {
      int32_t x0 = smaller(x * 2, width - 1), x1 = smaller(x * 2 + 1, width - 1);
      at[x] = (uint16_t)average(average(upper_row[x0], lower_row[x0]), average(upper_row[x1], lower_row[x1]));
    }
  }
}

// What a component weighs in a sample, as pairs of signed 16-bit numbers: of the first and of the second, and of the rest of the second
// and of the third. The sums have so many fractional bits.
typedef struct {
  int32_t first, last, bits, most;
} mixture;

// Three planes as one. `biases` has eight rows of eight numbers, one for each place of a pattern of eight by eight: they are added to the
// sums. As words are unsigned and weights are for signed numbers, they contain what that makes.
inlined void weigh_planes(const uint8_t *one, const uint8_t *two, const uint8_t *three, int32_t stride, int32_t width, int32_t height,
                          uint8_t *to, int32_t to_stride, int32_t coded_width, int32_t coded_height, mixture mix,
                          const uint8_t *biases, int is_byte) {
  const v128_t sign = wasm_i16x8_const_splat(-32768), zero = wasm_i16x8_const_splat(0), most = wasm_i16x8_splat(mix.most);
  const v128_t first = wasm_i32x4_splat(mix.first), last = wasm_i32x4_splat(mix.last);
  for (int32_t row = 0; row < coded_height; row++) {
    const int32_t begin = smaller(row, height - 1) * stride;
    const uint16_t *a = (const uint16_t *)(one + begin), *b = (const uint16_t *)(two + begin), *c = (const uint16_t *)(three + begin);
    const int32_t *bias = (const int32_t *)(biases + (row & 7) * 32);
    const v128_t low_bias = wasm_v128_load(bias), high_bias = wasm_v128_load(bias + 4);
    uint8_t *at = to + row * to_stride;
    int32_t x = 0;
    for (; x + 8 <= width; x += 8) {
      v128_t as = wasm_v128_xor(wasm_v128_load(a + x), sign), bs = wasm_v128_xor(wasm_v128_load(b + x), sign);
      v128_t cs = wasm_v128_xor(wasm_v128_load(c + x), sign);
      v128_t low = wasm_i32x4_add(wasm_i32x4_dot_i16x8(wasm_i16x8_shuffle(as, bs, 0, 8, 1, 9, 2, 10, 3, 11), first),
                                  wasm_i32x4_dot_i16x8(wasm_i16x8_shuffle(bs, cs, 0, 8, 1, 9, 2, 10, 3, 11), last));
      v128_t high = wasm_i32x4_add(wasm_i32x4_dot_i16x8(wasm_i16x8_shuffle(as, bs, 4, 12, 5, 13, 6, 14, 7, 15), first),
                                   wasm_i32x4_dot_i16x8(wasm_i16x8_shuffle(bs, cs, 4, 12, 5, 13, 6, 14, 7, 15), last));
      low = wasm_i32x4_shr(wasm_i32x4_add(low, low_bias), count(mix.bits));
      high = wasm_i32x4_shr(wasm_i32x4_add(high, high_bias), count(mix.bits));
      v128_t values = wasm_i16x8_min(wasm_i16x8_max(wasm_i16x8_narrow_i32x4(low, high), zero), most);
      if (is_byte) wasm_v128_store64_lane(at + x, wasm_u8x16_narrow_i16x8(values, values), 0);
      else wasm_v128_store(at + x * 2, values);
    }
    for (; x < coded_width; x++) {
      const int32_t from = smaller(x, width - 1);
      const int32_t second = b[from] - 32768;
      int32_t sum = (a[from] - 32768) * (int16_t)mix.first + second * ((mix.first >> 16) + (int16_t)mix.last) +
                    (c[from] - 32768) * (mix.last >> 16) + bias[x & 7];
      const int32_t value = larger(0, smaller(sum >> mix.bits, mix.most));
      if (is_byte) at[x] = (uint8_t)value;
      else ((uint16_t *)at)[x] = (uint16_t)value;
    }
  }
}

#define weigh_kernel(name, is_byte)                                                                                       \
  exported(name) void name(const uint8_t *one, const uint8_t *two, const uint8_t *three, int32_t stride, int32_t width,   \
                           int32_t height, uint8_t *to, int32_t to_stride, int32_t coded_width, int32_t coded_height,     \
                           int32_t first, int32_t last, int32_t bits, int32_t most, const uint8_t *biases) {              \
    weigh_planes(one, two, three, stride, width, height, to, to_stride, coded_width, coded_height,                        \
                 (mixture){first, last, bits, most}, biases, is_byte);                                                    \
  }

weigh_kernel(weigh_to_bytes, 1)
weigh_kernel(weigh_to_words, 0)

// Whether every `step`th word is white.
exported(is_white) int32_t is_white(const uint8_t *bytes, int32_t stride, int32_t width, int32_t height, int32_t step, int32_t white) {
  for (int32_t row = 0; row < height; row++) {
    const uint16_t *at = (const uint16_t *)(bytes + row * stride);
    int32_t all = 0;
    for (int32_t x = 0; x < width; x++) all |= at[x * step] ^ white;
    if (all != 0) return 0;
  }
  return 1;
}

inlined v128_t lowest_bytes(const uint8_t *at) { return wasm_v128_and(wasm_v128_load(at), wasm_i32x4_const_splat(255)); }

// One of the four bytes of each pixel, as a plane. `bytes` begins with it.
exported(pick_bytes) void pick_bytes(const uint8_t *bytes, int32_t stride, int32_t width, int32_t height, uint8_t *to,
                                     int32_t to_stride, int32_t coded_width, int32_t coded_height) {
  for (int32_t row = 0; row < coded_height; row++) {
    const uint8_t *from = bytes + smaller(row, height - 1) * stride;
    uint8_t *at = to + row * to_stride;
    int32_t x = 0;
    for (; x + 16 < width; x += 16) {
      const uint8_t *first = from + x * 4;
      wasm_v128_store(at + x, wasm_u8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(lowest_bytes(first), lowest_bytes(first + 16)),
                                                      wasm_i16x8_narrow_i32x4(lowest_bytes(first + 32), lowest_bytes(first + 48))));
    }
    for (; x < coded_width; x++) at[x] = from[smaller(x, width - 1) * 4];
  }
}

// Whether no sample of a plane is below white: where words have bits above those of their samples, some are above it.
exported(is_plane_opaque) int32_t is_plane_opaque(const uint8_t *bytes, int32_t stride, int32_t width, int32_t height, int32_t white) {
  const v128_t whites = white == 255 ? wasm_i8x16_splat(-1) : wasm_i16x8_splat(white);
  const int32_t sample_bytes = white == 255 ? 1 : 2;
  for (int32_t row = 0; row < height; row++) {
    const uint8_t *from = bytes + row * stride;
    v128_t all = wasm_i8x16_const_splat(-1);
    int32_t x = 0;
    for (; x + 16 <= width * sample_bytes; x += 16) {
      const v128_t samples = wasm_v128_load(from + x);
      all = wasm_v128_and(all, white == 255 ? samples : wasm_u16x8_ge(samples, whites));
    }
    if (!wasm_i8x16_all_true(wasm_i8x16_eq(all, wasm_i8x16_const_splat(-1)))) return 0;
    for (; x < width * sample_bytes; x += sample_bytes) {
      if ((white == 255 ? from[x] : *(const uint16_t *)(from + x)) < white) return 0;
    }
  }
  return 1;
}

// Four sums of a value and a colour, each by its share of white, as the nearest sample. They are divided by white, of so many ones, in
// shifts. As white is odd, no sum lies halfway between two samples.
inlined v128_t four_shares(v128_t values, v128_t colors, v128_t half, int32_t depth) {
  const v128_t sums = wasm_i32x4_add(wasm_i32x4_add(values, colors), half);
  const v128_t carried = wasm_i32x4_add(wasm_i32x4_add(sums, wasm_u32x4_shr(sums, count(depth))), wasm_i32x4_const_splat(1));
  return wasm_u32x4_shr(carried, count(depth));
}

// A plane of samples that have an alpha each, of eight bits or in words. What is more than white is white.
inlined void lay_alike(const uint8_t *bytes, int32_t stride, const uint8_t *alpha, int32_t alpha_stride, int32_t width, int32_t height,
                       uint8_t *to, int32_t to_stride, int32_t color, int32_t depth, int is_byte) {
  const int32_t white = (1 << depth) - 1;
  const v128_t whites = wasm_i16x8_splat(white), colors = wasm_i16x8_splat(color), half = wasm_i32x4_splat(white >> 1);
  for (int32_t row = 0; row < height; row++) {
    const uint8_t *from = bytes + row * stride, *alphas = alpha + row * alpha_stride;
    uint8_t *at = to + row * to_stride;
    int32_t x = 0;
    for (; x + 8 <= width; x += 8) {
      v128_t values = is_byte ? wasm_u16x8_load8x8(from + x) : wasm_u16x8_min(wasm_v128_load(from + x * 2), whites);
      v128_t shares = is_byte ? wasm_u16x8_load8x8(alphas + x) : wasm_u16x8_min(wasm_v128_load(alphas + x * 2), whites);
      v128_t rest = wasm_i16x8_sub(whites, shares);
      v128_t low = four_shares(wasm_u32x4_extmul_low_u16x8(values, shares), wasm_u32x4_extmul_low_u16x8(colors, rest), half, depth);
      v128_t high = four_shares(wasm_u32x4_extmul_high_u16x8(values, shares), wasm_u32x4_extmul_high_u16x8(colors, rest), half, depth);
      v128_t laid = wasm_u16x8_narrow_i32x4(low, high);
      if (is_byte) wasm_v128_store64_lane(at + x, wasm_u8x16_narrow_i16x8(laid, laid), 0);
      else wasm_v128_store(at + x * 2, laid);
    }
    for (; x < width; x++) {
      const uint32_t value = is_byte ? from[x] : (uint32_t)smaller(((const uint16_t *)from)[x], white);
      const uint32_t share = is_byte ? alphas[x] : (uint32_t)smaller(((const uint16_t *)alphas)[x], white);
      const uint32_t laid = (value * share + (uint32_t)color * ((uint32_t)white - share) + ((uint32_t)white >> 1)) / (uint32_t)white;
      if (is_byte) at[x] = (uint8_t)laid;
      else ((uint16_t *)at)[x] = (uint16_t)laid;
    }
  }
}

#define lay_alike_kernel(name, is_byte)                                                                                        \
  exported(name) void name(const uint8_t *bytes, int32_t stride, const uint8_t *alpha, int32_t alpha_stride, int32_t width,    \
                           int32_t height, uint8_t *to, int32_t to_stride, int32_t color, int32_t depth) {                     \
    lay_alike(bytes, stride, alpha, alpha_stride, width, height, to, to_stride, color, depth, is_byte);                        \
  }

lay_alike_kernel(lay_bytes_over, 1)
lay_alike_kernel(lay_words_over, 0)

// A plane of alpha, and how many times its columns and rows are halved in a plane of chroma: once or not at all. A row or column past its
// own is the last one again.
typedef struct {
  const uint8_t *bytes;
  int32_t stride, width, height, across, down, white;
} shared_alpha;

// The sum of those in two columns and two rows that a column shares; where it shares only one column or row, that is counted twice.
inlined int32_t shared_sum(const uint8_t *upper, const uint8_t *lower, int32_t column, shared_alpha alpha, int is_byte) {
  const int32_t left = smaller(column << alpha.across, alpha.width - 1);
  const int32_t right = smaller((column << alpha.across) + alpha.across, alpha.width - 1);
  if (is_byte) return upper[left] + upper[right] + lower[left] + lower[right];
  const uint16_t *up = (const uint16_t *)upper, *low = (const uint16_t *)lower;
  return smaller(up[left], alpha.white) + smaller(up[right], alpha.white) + smaller(low[left], alpha.white) +
         smaller(low[right], alpha.white);
}

// A plane of chroma, whose samples are shared by several pixels: each is as opaque as they are on average.
// Sums of four words times a word need more than 32 bits, and may lie halfway between two samples.
inlined void lay_shared(const uint8_t *bytes, int32_t stride, shared_alpha alpha, uint8_t *to, int32_t to_stride, int32_t columns,
                        int32_t rows, int32_t color, int is_byte) {
  const v128_t colors = wasm_f64x2_splat(color), one = wasm_f64x2_const_splat(1), half = wasm_f64x2_const_splat(0.5);
  const v128_t most = wasm_f64x2_splat(alpha.white * 4);
  for (int32_t row = 0; row < rows; row++) {
    const uint8_t *upper = alpha.bytes + smaller(row << alpha.down, alpha.height - 1) * alpha.stride;
    const uint8_t *lower = alpha.bytes + smaller((row << alpha.down) + alpha.down, alpha.height - 1) * alpha.stride;
    const uint8_t *from = bytes + row * stride;
    uint8_t *at = to + row * to_stride;
    for (int32_t x = 0; x < columns; x += 2) {
      // Where there is no other one, the last column is laid twice.
      const int32_t next = smaller(x + 1, columns - 1);
      const int32_t first = is_byte ? from[x] : smaller(((const uint16_t *)from)[x], alpha.white);
      const int32_t second = is_byte ? from[next] : smaller(((const uint16_t *)from)[next], alpha.white);
      const v128_t shares = wasm_f64x2_div(wasm_f64x2_make(shared_sum(upper, lower, x, alpha, is_byte),
                                                           shared_sum(upper, lower, next, alpha, is_byte)), most);
      const v128_t sums = wasm_f64x2_add(wasm_f64x2_mul(wasm_f64x2_make(first, second), shares),
                                         wasm_f64x2_mul(colors, wasm_f64x2_sub(one, shares)));
      const v128_t whole = wasm_f64x2_floor(sums);
      const v128_t up = wasm_v128_and(wasm_f64x2_ge(wasm_f64x2_sub(sums, whole), half), one);
      const v128_t laid = wasm_i32x4_trunc_sat_f64x2_zero(wasm_f64x2_add(whole, up));
      if (is_byte) {
        at[x] = (uint8_t)wasm_i32x4_extract_lane(laid, 0);
        at[next] = (uint8_t)wasm_i32x4_extract_lane(laid, 1);
      } else {
        ((uint16_t *)at)[x] = (uint16_t)wasm_i32x4_extract_lane(laid, 0);
        ((uint16_t *)at)[next] = (uint16_t)wasm_i32x4_extract_lane(laid, 1);
      }
    }
  }
}

#define lay_shared_kernel(name, is_byte)                                                                                       \
  exported(name) void name(const uint8_t *bytes, int32_t stride, const uint8_t *alpha, int32_t alpha_stride, int32_t width,    \
                           int32_t height, uint8_t *to, int32_t to_stride, int32_t columns, int32_t rows, int32_t across,      \
                           int32_t down, int32_t color, int32_t white) {                                                       \
    lay_shared(bytes, stride, (shared_alpha){alpha, alpha_stride, width, height, across, down, white}, to, to_stride, columns, \
               rows, color, is_byte);                                                                                          \
  }

lay_shared_kernel(lay_shared_bytes_over, 1)
lay_shared_kernel(lay_shared_words_over, 0)
