// What a domain's pages had in them when the hypervisor last began to note stores to them
// (XS_MARK_LOG_DIRTY).
#pragma once
#include <unordered_map>

#include "sim/core/types.h"

namespace xs::observe {

/// Of one domain: a digest for each GFN that it had a frame for. A collision hides a change: one in 2^64.
struct DirtyLog {
  std::unordered_map<u64, u64> digests;
};

/// A page that has changed, in a report that does not say so.
struct UnreportedPage {
  u64 gfn = 0, mfn = 0;
  bool is_new = false;
};

}  // namespace xs::observe
