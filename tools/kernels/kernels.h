// What the sources of the kernels share. tools/kernels/build.ts compiles them to one module.

#include <stdint.h>
#include <wasm_simd128.h>

#define inlined static inline __attribute__((always_inline))
#define exported(name) __attribute__((export_name(#name)))

// The bytes of a vector, by constant places; -1 is zero.
#define swizzle(vector, ...) wasm_i8x16_swizzle(vector, wasm_i8x16_const(__VA_ARGS__))

inlined int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }

inlined int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }

// A number in fixed point as a byte.
inlined uint8_t to_byte(int32_t sum, int32_t bits) { return (uint8_t)larger(0, smaller(sum >> bits, 255)); }

// The count of a shift of vectors, where it is no constant. Clang 14 moves it out of the loop as a vector, and then shifts lane by lane.
inlined int32_t count(int32_t bits) {
  __asm__ volatile("" : "+r"(bits));
  return bits;
}
