// The 4-level page walker (SDM vol. 3A 4.5): reads tables through the bus, sets A and D, fills the
// paging-structure caches.
//
//     CR3 ─► PML4 ─► PDPT ─┬► PD ─┬► PT ─► 4 KiB page        level 4 3 2 1
//                          │      └──────► 2 MiB page
//                          └─────────────► 1 GiB page
//
// A is set in every table entry the walk goes through, also when a lower level then faults; in the leaf, A
// (and D for a write) only when the access is allowed. The SDM permits both orders; QEMU takes this one.
#pragma once
#include "sim/core/memory_port.h"
#include "sim/mmu/tlb/tlb_model.h"
#include "sim/mmu/walk_x86/rights.h"
#include "sim/mmu/walk_x86/walk_cache.h"

namespace xs::mmu::x86 {

struct WalkResult {
  bool ok = false;
  TlbEntry entry;          ///< when ok
  u32 error_code = 0;      ///< of the #PF when !ok
  bool aborted = false;    ///< a table lies where nothing answers; the entry was taken as zero
  u32 reads = 0;           ///< table entries read through the bus
  u32 ad_updates = 0;      ///< entries written back
  bool cache_hit = false;  ///< started below the root
};

class Walker {
 public:
  Walker(MemoryPort& memory, u32 cache_entries)
      : memory_(memory),
        caches_{WalkCache(cache_entries), WalkCache(cache_entries), WalkCache(cache_entries)} {}

  /// va is canonical and the control state says long mode with paging.
  WalkResult walk(const Access& access, const X86Control& control);
  /// The entry's translation alone: no A/D update, no cache, no permission check.
  bool probe(u64 va, const X86Control& control, u64& pa) const;
  /// Where a walk would begin by what the caches hold: `table` is that of `level`. False: at the root.
  bool begins_below(u64 va, const X86Control& control, unsigned& level, TableRef& table) const;
  void clear_caches();
  void drop_cached(u64 va);  ///< what a #PF at va invalidates (SDM 4.10.4.1)

 private:
  struct Cursor {
    unsigned level = 4;
    TableRef table;
  };

  Cursor start(u64 va, const X86Control& control, bool& cache_hit);
  u64 read_entry(u64 pa, WalkResult& result) const;
  void write_entry(u64 pa, u64 entry, WalkResult& result);
  void finish(const Access& access, const X86Control& control, unsigned level, u64 entry_pa, u64 entry,
              u8 rights, WalkResult& result);

  MemoryPort& memory_;
  WalkCache caches_[3];  ///< by level: [0] PDE, [1] PDPTE, [2] PML4E
};

}  // namespace xs::mmu::x86
