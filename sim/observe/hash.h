// FNV-1a, 64 bits (draft-eastlake-fnv): identity of traces and images. Not cryptographic.
#pragma once
#include <span>

#include "sim/core/types.h"

namespace xs::observe {

inline constexpr u64 fnv_offset = 0xcbf29ce484222325ull;

inline u64 fnv1a(std::span<const u8> bytes, u64 hash = fnv_offset) {
  for (u8 b : bytes) hash = (hash ^ b) * 0x100000001b3ull;
  return hash;
}

}  // namespace xs::observe
