// x86-64 four-level page tables as a PV guest writes them: entries hold machine frames, or guest frames where
// the hypervisor translates.
//
//   va: | sign | L4 47..39 | L3 38..30 | L2 29..21 | L1 20..12 | offset 11..0 |
#pragma once
#include "arch_cpu.h"
#include "guests/lib/hypercall.h"

constexpr u64 pte_present = 1 << 0;
constexpr u64 pte_writable = 1 << 1;
constexpr u64 pte_user = 1 << 2;
constexpr u64 pte_uncached = 1 << 4;  // PCD
constexpr u64 pte_accessed = 1 << 5;
constexpr u64 pte_dirty = 1 << 6;
constexpr u64 pte_large = 1 << 7;  // an entry of level 2: 2 MiB
constexpr u64 pte_no_execute = 1ull << 63;
constexpr u64 pte_frame_mask = 0x000ffffffffff000ull;

// The hypervisor adds what makes a kernel entry usable from ring 3.
constexpr u64 pte_kernel_ro = pte_present | pte_accessed;
constexpr u64 pte_kernel = pte_kernel_ro | pte_writable | pte_dirty;
constexpr u64 pte_table = pte_present | pte_writable | pte_user | pte_accessed | pte_dirty;

constexpr unsigned table_entries = 512;
constexpr u64 entry_bytes_covered(unsigned level) { return page_bytes << (9 * (level - 1)); }
constexpr unsigned table_index(u64 va, unsigned level) {
  return (va >> (page_shift + 9 * (level - 1))) & (table_entries - 1);
}
constexpr Mfn pte_frame(u64 entry) { return (entry & pte_frame_mask) >> page_shift; }
constexpr u64 make_pte(Mfn mfn, u64 flags) { return mfn << page_shift | flags; }

// Replaces the L1 entry that maps `va` in the current address space; flags are UVMF_*.
inline long update_va_mapping(const volatile void* va, u64 entry, u64 flags) {
  return arch_hypercall(__HYPERVISOR_update_va_mapping, hypercall_arg(va), entry, flags);
}
inline long hypercall_mmu_update(mmu_update_t* requests, unsigned count, unsigned* done,
                                 unsigned foreign_domain) {
  return arch_hypercall(__HYPERVISOR_mmu_update, hypercall_arg(requests), count, hypercall_arg(done),
                        foreign_domain);
}
inline long hypercall_mmuext_op(mmuext_op_t* ops, unsigned count, unsigned* done, unsigned foreign_domain) {
  return arch_hypercall(__HYPERVISOR_mmuext_op, hypercall_arg(ops), count, hypercall_arg(done),
                        foreign_domain);
}
inline long mmuext_simple(unsigned command, u64 argument, unsigned foreign_domain = DOMID_SELF) {
  mmuext_op_t op{};
  op.cmd = command;
  op.arg1.mfn = argument;
  return hypercall_mmuext_op(&op, 1, nullptr, foreign_domain);
}
