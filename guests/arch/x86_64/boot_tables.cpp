#include "boot_tables.h"

Pfn guest_frame_of(u64 number) { return guest_is_translated() ? number : machine_to_phys_mapping[number]; }

u64* boot_entry(u64 va, unsigned level) {
  auto* table = reinterpret_cast<u64*>(boot_info->pt_base);
  for (unsigned l = 4;; l--) {
    u64* entry = &table[table_index(va, l)];
    if (l == level) return entry;
    if (!(*entry & pte_present)) return nullptr;
    table = static_cast<u64*>(boot_va(guest_frame_of(pte_frame(*entry))));
  }
}

long boot_map(const volatile void* va, u64 entry) {
  if (!guest_is_translated()) return update_va_mapping(va, entry, UVMF_INVLPG);
  u64* slot = boot_entry(hypercall_arg(va), 1);
  if (!slot) return -XEN_EINVAL;
  __atomic_store_n(slot, entry, __ATOMIC_RELEASE);
  return mmuext_simple(MMUEXT_INVLPG_LOCAL, hypercall_arg(va));
}
