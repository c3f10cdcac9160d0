#include "guests/tests/tlb-shootdown/remap.h"

namespace {
volatile u64* page;

unsigned long everyone = 1ul << 0 | 1ul << other;

long flush(unsigned command, const volatile void* va) {
  mmuext_op_t op{};
  op.cmd = command;
  if (va) op.arg1.linear_addr = hypercall_arg(va);
  set_xen_guest_handle(op.arg2.vcpumask, &everyone);
  return hypercall_mmuext_op(&op, 1, nullptr, DOMID_SELF);
}

// Where tables are plain memory the store is one thing and the flush another.
long store_and_flush(unsigned round, u64 entry) {
  static constexpr unsigned commands[] = {MMUEXT_INVLPG_ALL, MMUEXT_TLB_FLUSH_ALL, MMUEXT_INVLPG_MULTI,
                                          MMUEXT_TLB_FLUSH_MULTI};
  const bool one_page = round % 2 == 0;
  __atomic_store_n(boot_entry(hypercall_arg(page), 1), entry, __ATOMIC_RELEASE);
  return flush(commands[round % count_of(commands)], one_page ? page : nullptr);
}

long remap_entry(unsigned round, u64 entry) {
  if (guest_is_translated()) return store_and_flush(round, entry);
  switch (round % 6) {
    case 0:
      return update_va_mapping(page, entry, UVMF_INVLPG | UVMF_ALL);
    case 1:
      return update_va_mapping(page, entry, UVMF_TLB_FLUSH | UVMF_ALL);
    case 2:
      return update_va_mapping(page, entry, UVMF_INVLPG | UVMF_MULTI | hypercall_arg(&everyone));
    case 3:
      return update_va_mapping(page, entry, UVMF_NONE) ?: flush(MMUEXT_INVLPG_ALL, page);
    case 4:
      return update_va_mapping(page, entry, UVMF_NONE) ?: flush(MMUEXT_INVLPG_MULTI, page);
    default:
      return update_va_mapping(page, entry, UVMF_NONE) ?: flush(MMUEXT_TLB_FLUSH_MULTI, nullptr);
  }
}
}  // namespace

volatile u64* remap_prepare(Pfn first) { return page = static_cast<volatile u64*>(test_va(first)); }
void remap_begin() {}
long remap(unsigned round, Pfn frame) {
  return remap_entry(round, make_pte(test_machine(frame), pte_kernel_ro));
}
