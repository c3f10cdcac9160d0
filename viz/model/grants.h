// Frames of one domain that another one has mapped by grants, as views tell them.
#pragma once
#include <string>
#include <vector>

#include "sim/observe/trace_state.h"

namespace xs::viz {

/// Another domain has mapped it by a grant of its owner's.
bool is_granted(const observe::TraceState& state, u32 frame);
/// "mapped by dom2 (db), reference 9 of dom1: 1 for writing", for each user and reference.
std::vector<std::string> grant_texts(const observe::TraceState& state, u64 mfn);

/// One reference in use, as one of the two domains sees it.
struct GrantSeen {
  bool given = false;  ///< by it; else it is the user
  u32 other = 0;       ///< the other domain
  u32 ref = 0;
  observe::GrantInUse grant;
};
/// Those that it has given first.
std::vector<GrantSeen> grants_of(const observe::TraceState& state, u32 domid);

}  // namespace xs::viz
