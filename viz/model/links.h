// What one domain's memory has to do with another's: frames that changed hands, and frames of one that the
// other's P2M names or that it has mapped by grants.
#pragma once
#include <vector>

#include "viz/model/recording.h"

namespace xs::viz {

/// `count` frames that lie together: GFN + i there is MFN + i is GFN + i here.
struct Link {
  enum class Kind : u8 { flip, foreign, grant };
  Kind kind = Kind::flip;
  u32 from = 0, to = 0;  ///< domids: who had it and who has it; whose it is and who names it
  u64 from_gfn = invalid_frame, to_gfn = invalid_frame;  ///< invalid_frame: not known
  u64 mfn = 0, count = 1;
  u64 time_ps = 0, moment = 0;  ///< flip: of the last one, and behind it
  /// Grant, and a flip that is a transfer: the first frame's, the others' follow. ~0: none.
  u64 reference = ~u64{0};
  bool write = false;  ///< grant
};

/// Those that changed hands between two moments, oldest first; what follows each other in numbers and in
/// time is one.
std::vector<Link> flips_between(const Recording& recording, u64 from_moment, u64 to_moment);
/// Entries of P2Ms as recorded that name another domain's frames, but for grants.
std::vector<Link> foreign_entries(const observe::TraceState& state);
/// Frames that are mapped by grants; their GFN there where the P2M as recorded shows it.
std::vector<Link> granted_frames(const observe::TraceState& state);

}  // namespace xs::viz
