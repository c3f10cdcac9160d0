// Integer names and units used by every guest.
#pragma once
#include <stddef.h>
#include <stdint.h>

using u8 = uint8_t;
using u16 = uint16_t;
using u32 = uint32_t;
using u64 = uint64_t;
using s32 = int32_t;
using s64 = int64_t;

using Pfn = u64;  // guest frame number: index into this guest's own pseudo-physical memory
using Mfn = u64;  // machine frame number

constexpr u64 invalid_frame = ~0ull;
constexpr u64 KiB = 1024;
constexpr u64 MiB = 1024 * KiB;
constexpr u64 ns_per_ms = 1000000;
constexpr u64 ns_per_s = 1000 * ns_per_ms;

template <typename T>
constexpr T min_of(T a, T b) {
  return a < b ? a : b;
}
template <typename T>
constexpr T max_of(T a, T b) {
  return a > b ? a : b;
}
template <typename T, size_t N>
constexpr size_t count_of(const T (&)[N]) {
  return N;
}
constexpr u64 div_up(u64 a, u64 b) { return (a + b - 1) / b; }
constexpr u64 align_up(u64 a, u64 b) { return div_up(a, b) * b; }
constexpr u64 align_down(u64 a, u64 b) { return a / b * b; }
