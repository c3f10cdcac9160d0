// What one domain's memory has to do with another's: frames that changed hands, and frames of one that the
// other's P2M names.
#pragma once
#include <vector>

#include "viz/model/recording.h"

namespace xs::viz {

/// `count` frames that lie together: GFN + i there is MFN + i is GFN + i here.
struct Link {
  enum class Kind : u8 { flip, foreign };
  Kind kind = Kind::flip;
  u32 from = 0, to = 0;  ///< domids: who had it and who has it; whose it is and who names it
  u64 from_gfn = invalid_frame, to_gfn = invalid_frame;  ///< invalid_frame: not known
  u64 mfn = 0, count = 1;
  u64 time_ps = 0, moment = 0;  ///< flip: of the last one, and behind it
};

/// Those that changed hands between two moments, oldest first; what follows each other in numbers and in
/// time is one.
std::vector<Link> flips_between(const Recording& recording, u64 from_moment, u64 to_moment);
/// Entries of P2Ms as recorded that name another domain's frames.
std::vector<Link> foreign_entries(const observe::TraceState& state);

}  // namespace xs::viz
