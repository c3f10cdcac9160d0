#include "kernel_window.h"

#include "page_table.h"
#include "privileged.h"

namespace {
constexpr u64 kernel_rights = u64{7} << pte_rights_shift;

Mfn shown(unsigned slot) {
  const u64 entry = window_entries[slot];
  return entry ? (entry & pte_address_mask) >> page_shift : invalid_frame;
}
}  // namespace

void window_show(unsigned slot, Mfn frame, bool writable) {
  const u64 flags = writable ? PTE_MEMORY : PTE_MEMORY & ~kernel_rights;
  __atomic_store_n(&window_entries[slot], frame << page_shift | flags, __ATOMIC_RELEASE);
}

Mfn window_hide(unsigned slot) {
  const Mfn frame = shown(slot);
  if (frame == invalid_frame) return frame;
  __atomic_store_n(&window_entries[slot], 0, __ATOMIC_RELEASE);
  purge_page(reinterpret_cast<u64>(window_va(slot)), page_shift);
  return frame;
}
