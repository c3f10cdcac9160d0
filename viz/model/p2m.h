// A domain's memory as it sees it: GFN to MFN, as runs of entries that lie together on both sides.
#pragma once
#include <string>
#include <vector>

#include "sim/observe/trace_state.h"

namespace xs::viz {

/// `count` entries from GFN `gfn` on, which lead to as many frames from `mfn` on.
struct P2mRun {
  u64 gfn = 0, mfn = 0, count = 0;
  u64 end() const { return gfn + count; }
};

struct P2m {
  /// The hypervisor's or the guest's table as recorded; false: made from the M2P of the domain's frames.
  bool recorded = false;
  std::vector<P2mRun> runs;  ///< ascending by GFN
  u64 entries = 0;
  u64 superpages = 0;            ///< aligned 512 entries that lead to aligned 512 frames
  std::vector<u64> against_m2p;  ///< GFNs of the domain's own frames whose M2P says otherwise, ascending
  /// MFN of a GFN; invalid_frame when there is none.
  u64 mfn(u64 gfn) const;
  /// First GFN of an MFN; invalid_frame when there is none.
  u64 gfn(u64 mfn) const;
  /// How many of the GFNs [from, to) the M2P contradicts.
  u64 contradicted(u64 from, u64 to) const;
};

P2m p2m_of(const observe::TraceState& state, u32 domid);

/// The M2P of the frame that the entry names says the same, or the frame is not the domain's own.
bool consistent(const observe::TraceState& state, u32 domid, u64 gfn, u64 mfn);

struct P2mDifference {
  u64 gfn = 0;
  u64 before = invalid_frame, now = invalid_frame;  ///< MFN; invalid_frame: none
};
struct P2mDifferences {
  std::vector<P2mDifference> list;  ///< ascending
  u64 count = 0;                    ///< also those beyond the list's limit
};
P2mDifferences p2m_difference(const P2m& before, const P2m& now, std::size_t limit);

/// Who names the frame: domain and GFN, of all domains.
struct FrameUse {
  u32 domid = 0;
  u64 gfn = 0;
};
std::vector<FrameUse> uses_of(const observe::TraceState& state, u64 mfn);

/// Lines as xen-mfndump's dump-p2m prints them.
std::string mfndump_text(const P2m& p2m);

}  // namespace xs::viz
