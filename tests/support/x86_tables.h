// Builds 4-level x86-64 page tables in a test's memory, and walks them naively: an oracle written without
// regard to speed and sharing no code with sim/mmu.
#pragma once
#include <optional>

#include "sim/mmu/mmu.h"
#include "tests/support/flat_memory.h"

namespace xs::test {

inline constexpr u64 pte_p = 1, pte_w = 2, pte_u = 4, pte_a = 0x20, pte_d = 0x40, pte_ps = 0x80,
                     pte_g = 0x100, pte_nx = u64{1} << 63;

class X86Tables {
 public:
  /// Tables are allocated upward from `root`, the PML4 first.
  X86Tables(FlatMemory& memory, u64 root) : memory_(memory), root_(root), next_(root + frame_size) {}

  u64 root() const { return root_; }
  u64 end() const { return next_; }  ///< first byte behind the tables

  /// Maps va to pa with a page of 2^shift bytes. Missing tables above are created with `upper` flags;
  /// existing ones keep theirs.
  void map(u64 va, u64 pa, u64 flags = pte_p | pte_w | pte_u, unsigned shift = 12,
           u64 upper = pte_p | pte_w | pte_u);

  /// Address of va's entry at `level` (4 = PML4E ... 1 = PTE); nothing when a table above is missing.
  std::optional<u64> entry_pa(u64 va, unsigned level) const;
  u64 entry(u64 va, unsigned level) const { return memory_.word(entry_pa(va, level).value()); }
  void set_entry(u64 va, unsigned level, u64 value) { memory_.set_word(entry_pa(va, level).value(), value); }

 private:
  FlatMemory& memory_;
  u64 root_, next_;
};

struct NaiveResult {
  bool ok = false;
  u64 pa = 0;
  unsigned shift = 0;
  u32 error_code = 0;
  bool writable_now = false;  ///< a store at this privilege would succeed without setting D
};

/// SDM vol. 3A 4.5 to 4.7, sentence by sentence; sets A and D in `memory` as the walker is to.
NaiveResult naive_walk(FlatMemory& memory, const mmu::X86Control& control, const mmu::Access& access);

/// Long mode with paging: WP, NXE and PGE on, SMEP and SMAP off.
mmu::X86Control long_mode(u64 cr3);

}  // namespace xs::test
