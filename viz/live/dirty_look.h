// Frames whose bytes differ from an earlier moment's, found by looking at all of them.
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "sim/core/memory_port.h"
#include "viz/model/dirty.h"

namespace xs::viz {

class DirtyLook {
 public:
  /// `since` as ImageWish::dirty. Looks anew when it or `stand` is another than the last time: some 0.3 s a
  /// GiB. `stand`: a number for each time that the machine stands still; time does not move within a quantum.
  std::shared_ptr<const DirtyFrames> look(const MemoryPort& memory, u32 since, u64 stand, u64 now_ps);
  /// What it found then; null: never asked.
  const std::shared_ptr<const DirtyFrames>& last() const { return last_; }

 private:
  std::vector<u64> before_;  ///< hash of each frame; empty: all zero
  u64 before_ps_ = 0;
  u32 since_ = 0;
  u64 stand_ = 0;
  std::shared_ptr<const DirtyFrames> last_;
};

}  // namespace xs::viz
