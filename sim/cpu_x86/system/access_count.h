// What is remembered between two accesses, so that each counts once and belongs to one instruction.
#pragma once
#include <array>

#include "sim/mmu/mmu.h"

namespace xs::x86 {

/// `exact` fidelity counts each access once, though the engine tells of one up to three times: by the fill of
/// its page, by the access itself, and by the fill of the second page when it crosses pages.
struct AccessCount {
  static constexpr u64 none = ~u64{0};
  /// Pages by kind that a fill has counted and whose access is still to come.
  std::array<std::array<u64, 2>, 3> filled{{{none, none}, {none, none}, {none, none}}};
  /// Second page of a store, not in the TLB: its fill counts it, or else the next access.
  mmu::Access second{none, mmu::AccessKind::read, false, false};
  bool any_filled = false;
  bool lost = false;  ///< the engine's table may hold what the modelled TLB has lost

  void fill(const mmu::Access& access);
  bool take_filled(const mmu::Access& access);
  bool take_second(const mmu::Access& access);
};

/// Device accesses so far of one execution of a block: which of its instructions the next one can be.
struct BlockAccesses {
  u64 block = ~u64{0}, instructions = ~u64{0};  ///< name the execution
  unsigned ports = 0;
  u64 pc = 0, pa = 0;  ///< last unmodelled access to memory; pc 0: none
  bool write = false;

  void enter(u64 running_block, u64 at_instructions) {
    if (block != running_block || instructions != at_instructions)
      *this = {running_block, at_instructions, 0, 0, 0, false};
  }
};

}  // namespace xs::x86
