#include "boot_tables.h"

Pfn guest_frame_of(u64 number) { return guest_is_translated() ? number : machine_to_phys_mapping[number]; }

// One of the builder's tables. Where entries hold machine frames and no M2P is shown, its list tells.
static Pfn table_frame(u64 number) {
  if (guest_is_translated() || !guest_has_plain_tables()) return guest_frame_of(number);
  const auto* list = reinterpret_cast<const u64*>(boot_info->mfn_list);
  Pfn pfn = boot_va_frame(reinterpret_cast<void*>(boot_info->pt_base));
  while (list[pfn] != number) pfn++;
  return pfn;
}

u64* boot_entry(u64 va, unsigned level) {
  auto* table = reinterpret_cast<u64*>(boot_info->pt_base);
  for (unsigned l = 4;; l--) {
    u64* entry = &table[table_index(va, l)];
    if (l == level) return entry;
    if (!(*entry & pte_present)) return nullptr;
    table = static_cast<u64*>(boot_va(table_frame(pte_frame(*entry))));
  }
}

long boot_map(const volatile void* va, u64 entry) {
  if (!guest_has_plain_tables()) return update_va_mapping(va, entry, UVMF_INVLPG);
  u64* slot = boot_entry(hypercall_arg(va), 1);
  if (!slot) return -XEN_EINVAL;
  __atomic_store_n(slot, entry, __ATOMIC_RELEASE);
  return mmuext_simple(MMUEXT_INVLPG_LOCAL, hypercall_arg(va));
}
