#include "guests/lib/panic.h"
#include "guests/tests/lib/test.h"

namespace {
Pfn next_spare;

Pfn boot_frame(u64 va) { return (va - test_virt_base) / page_bytes; }
// The builder's stack page is the last it uses; spare pages follow.
Pfn first_spare() { return boot_frame(boot_info->pt_base) + boot_info->nr_pt_frames + 1; }
}  // namespace

void test_panic_at(const TrapFrame* frame) {
  panic_at(frame->rip, frame->rbp, "vector %lu, error 0x%lx, rip 0x%lx, cr2 0x%lx", frame->vector,
           frame->error, frame->rip, arch_fault_address(0));
}

bool test_is_page_fault(const TrapFrame* frame) { return frame->vector == trap_page_fault; }
u64 test_fault_address(const TrapFrame*, unsigned vcpu) { return arch_fault_address(vcpu); }

void test_describe_vcpu(vcpu_guest_context_t& context, void (*entry)(), void* stack) {
  const u64 stack_end = reinterpret_cast<u64>(stack) + stack_bytes;
  context.flags = VGCF_in_kernel;
  context.user_regs.rip = reinterpret_cast<u64>(entry);
  context.user_regs.rsp = stack_end - 8;  // as after a call
  context.user_regs.cs = FLAT_KERNEL_CS;
  context.user_regs.ss = FLAT_KERNEL_SS;
  context.user_regs.rflags = 1 << 12;  // IOPL 1 as the builder gives VCPU 0
  context.kernel_ss = FLAT_KERNEL_SS;
  context.kernel_sp = stack_end;
  context.ctrlreg[3] = xen_pfn_to_cr3(test_machine(boot_frame(boot_info->pt_base)));
  arch_describe_traps(context);
}

void* test_va(Pfn pfn) { return reinterpret_cast<void*>(test_virt_base + pfn * page_bytes); }
Pfn test_frame(const void* va) { return boot_frame(reinterpret_cast<u64>(va)); }
u64* test_p2m() { return reinterpret_cast<u64*>(boot_info->mfn_list); }
Mfn test_machine(Pfn pfn) { return guest_is_translated() ? pfn : test_p2m()[pfn]; }

Pfn test_spare_frames(unsigned count) {
  if (!next_spare) next_spare = first_spare();
  Pfn first = next_spare;
  next_spare += count;
  for (Pfn p = first; p < next_spare; p++)
    if (!(test_entry(reinterpret_cast<u64>(test_va(p)), 1) & pte_present))
      test_error("no %u spare frames", count);
  return first;
}

Pfn test_table(u64 va, unsigned level) {
  Pfn table = boot_frame(boot_info->pt_base);
  for (unsigned l = 4; l > level; l--) {
    u64 entry = static_cast<u64*>(test_va(table))[table_index(va, l)];
    if (!(entry & pte_present)) return invalid_frame;
    table = guest_frame_of(pte_frame(entry));
  }
  return table;
}

u64 test_entry(u64 va, unsigned level) {
  Pfn table = test_table(va, level);
  return table == invalid_frame ? 0 : static_cast<u64*>(test_va(table))[table_index(va, level)];
}

long test_write_pte(u64 pte, u64 value) {
  if (guest_is_translated()) {
    auto* slot = reinterpret_cast<u64*>(test_virt_base + (pte & ~7ull));
    __atomic_store_n(slot, value, __ATOMIC_RELEASE);
    return 0;
  }
  mmu_update_t request{pte, value};
  return hypercall_mmu_update(&request, 1, nullptr, DOMID_SELF);
}

long test_unmap(Pfn pfn) { return boot_map(test_va(pfn), 0); }
long test_map(Pfn pfn, u64 flags) { return boot_map(test_va(pfn), make_pte(test_machine(pfn), flags)); }

void* test_alias(Pfn place, Pfn frame) {
  test_equal("map a frame elsewhere", boot_map(test_va(place), make_pte(test_machine(frame), pte_kernel)), 0);
  return test_va(place);
}
void test_end_alias(Pfn place) { test_equal("end of the alias", test_map(place, pte_kernel), 0); }

void test_follow_shared_info(Pfn to) {
  test_equal("map the new place", boot_map(shared_info_page, make_pte(to, pte_kernel)), 0);
}

long test_clear_frame(u32 domain, Mfn frame) { return mmuext_simple(MMUEXT_CLEAR_PAGE, frame, domain); }
