// One frame in words: what it is now, and everything that has happened to it.
#pragma once
#include <string>
#include <vector>

#include "viz/model/scene.h"

namespace xs::viz {

/// One change, in words.
struct FrameChangeText {
  u64 time_ps = 0;
  u64 moment = 0;     ///< behind it
  std::string what;   ///< "owner free → dom1"
  std::string cause;  ///< "dom0 vcpu0 memory_op.populate_physmap"; "no operation"
};

/// All changes up to the newest event, oldest first. Each decodes a part of the trace: keep the answer.
std::vector<FrameChangeText> frame_history(const Recording& recording, u32 frame);
/// How many there are, at no cost but a look through the list of changes.
u64 frame_changes(const Recording& recording, u32 frame);

/// "dom0 vcpu0 memory_op.populate_physmap"
std::string activity_text(const Recording& recording, const Activity& activity);
/// "L1 pinned validated"; "none".
std::string type_text(u8 type_bits);

}  // namespace xs::viz
