// What the cores of one machine share: interrupt messages, global purges, and the frames that any of them has
// decoded code of.
//
//     core ── watch(frame) ──> every core's stores to it take the slow path, and report it
//     core, DMA ── written(frame) ──> every core forgets its code; nobody watches any more
#pragma once
#include <set>
#include <unordered_set>
#include <utility>
#include <vector>

#include "sim/cpu_ia64/core/core.h"

namespace xs::ia64 {

class CoreGroup {
 public:
  void attach(Core& core) { cores_.push_back(&core); }

  bool watched(u64 mfn) const { return watched_.count(mfn) != 0; }
  void watch(u64 mfn) {
    if (!watched_.insert(mfn).second) return;
    for (Core* core : cores_) core->watch_frame(mfn);
  }
  void written(u64 mfn) {
    if (watched_.erase(mfn) == 0) return;
    for (Core* core : cores_) core->code_written(mfn);
  }
  void purge_all_but(const Core& by, u32 rid, u64 va, unsigned shift) {
    for (Core* core : cores_)
      if (core != &by) core->purge(rid, va, shift);
  }
  /// True the first time that something not modelled is met by this code.
  bool first_unmodelled(u64 pa, u64 pc) { return unmodelled_.emplace(pa, pc).second; }

  SapicBus sapics;

 private:
  std::vector<Core*> cores_;
  std::unordered_set<u64> watched_;
  std::set<std::pair<u64, u64>> unmodelled_;
};

}  // namespace xs::ia64
