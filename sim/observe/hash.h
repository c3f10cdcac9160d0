// FNV-1a, 64 bits (draft-eastlake-fnv): identity of traces and images. Not cryptographic.
#pragma once
#include <cstring>
#include <span>

#include "sim/core/types.h"

namespace xs::observe {

inline constexpr u64 fnv_offset = 0xcbf29ce484222325ull;

inline u64 fnv1a(std::span<const u8> bytes, u64 hash = fnv_offset) {
  for (u8 b : bytes) hash = (hash ^ b) * 0x100000001b3ull;
  return hash;
}

/// As FNV-1a, on words of 8 bytes, folded so that high bits come down: for what the simulation's own thread
/// hashes as it runs.
inline u64 hash_word(u64 word, u64 hash) {
  hash = (hash ^ word) * 0x100000001b3ull;
  return hash ^ hash >> 29;
}

/// Of bytes: words in the order of the host's, the last one filled up with zeros.
inline u64 word_hash(std::span<const u8> bytes, u64 hash = fnv_offset) {
  const auto add = [&hash](u64 word) { hash = hash_word(word, hash); };
  for (; bytes.size() >= sizeof(u64); bytes = bytes.subspan(sizeof(u64))) {
    u64 word;
    std::memcpy(&word, bytes.data(), sizeof word);
    add(word);
  }
  u64 last = 0;
  if (!bytes.empty()) std::memcpy(&last, bytes.data(), bytes.size());
  add(last);
  return hash;
}

}  // namespace xs::observe
