// Which frames of a live machine hold other bytes than they did.
#pragma once
#include <vector>

#include "sim/core/types.h"

namespace xs::viz {

/// A store that left the bytes as they were does not count.
struct DirtyFrames {
  u32 since = 0;                 ///< as ImageWish::dirty
  u64 since_ps = 0, now_ps = 0;  ///< since 0: power-on, when all was zero
  std::vector<u64> bits;         ///< by dense index
  u64 count = 0;

  bool is(u32 frame) const { return frame / 64 < bits.size() && (bits[frame / 64] >> frame % 64 & 1) != 0; }
};

}  // namespace xs::viz
