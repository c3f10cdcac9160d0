#include "guests/tests/memory-ops/operations.h"

namespace {
constexpr u64 byte_pattern = 0x5a5a5a5a5a5a5a5aull;
constexpr Mfn nowhere = 0x3fffffffff;

u64 first_word(Pfn page) { return *static_cast<volatile u64*>(test_va(page)); }

void check_machine_frames() {
  Mfn highest = 0;
  for (Pfn p = 0; p < boot_info->nr_pages; p++)
    if (test_machine(p) != invalid_frame) highest = max_of(highest, test_machine(p));
  long last = hypercall_memory_op(XENMEM_maximum_ram_page, nullptr);
  test_check(last >= static_cast<long>(highest), "maximum_ram_page %lx, but this domain has %lx", last,
             highest);
  xen_machphys_mapping_t mapping{};
  test_equal("machphys_mapping", hypercall_memory_op(XENMEM_machphys_mapping, &mapping), 0);
  test_check(mapping.v_start == hypercall_arg(machine_to_phys_mapping), "M2P at 0x%lx", mapping.v_start);
  test_check(mapping.max_mfn >= highest && mapping.v_start + highest * 8 < mapping.v_end,
             "M2P ends too early");
  test_equal("machphys_mapping to unmapped memory",
             hypercall_memory_op(XENMEM_machphys_mapping, test_unmapped), -XEN_EFAULT);
}

long copy_page(Mfn to, Mfn from) {
  mmuext_op_t op{};
  op.cmd = MMUEXT_COPY_PAGE;
  op.arg1.mfn = to;
  op.arg2.src_mfn = from;
  return hypercall_mmuext_op(&op, 1, nullptr, DOMID_SELF);
}

void check_clear_and_copy(Pfn a, Pfn b) {
  Mfn table = test_machine(test_table(test_virt_base, 1));
  memset(test_va(a), 0x5a, page_bytes);
  memset(test_va(b), 0, page_bytes);
  test_equal("COPY_PAGE", copy_page(test_machine(b), test_machine(a)), 0);
  test_check(!memcmp(test_va(a), test_va(b), page_bytes), "the copy differs");
  test_equal("CLEAR_PAGE", mmuext_simple(MMUEXT_CLEAR_PAGE, test_machine(a)), 0);
  const u64* words = static_cast<const u64*>(test_va(a));
  for (unsigned i = 0; i < table_entries; i++)
    if (words[i]) return test_check(false, "word %u is not cleared", i);
  if (!guest_is_translated()) {
    test_check(mmuext_simple(MMUEXT_CLEAR_PAGE, table) < 0, "CLEAR_PAGE of a page table");
    test_check(copy_page(table, test_machine(a)) < 0, "COPY_PAGE over a page table");
  }
  test_check(mmuext_simple(MMUEXT_CLEAR_PAGE, nowhere) < 0, "CLEAR_PAGE of a frame that does not exist");
  test_check(copy_page(test_machine(a), nowhere) < 0, "COPY_PAGE from a frame that does not exist");
  test_check(first_word(a) == 0 && first_word(b) == byte_pattern, "a refused operation changed a page");
}

void check_pin(const char* what, unsigned command, Pfn page) {
  Mfn mfn = test_machine(page);
  memset(test_va(page), 0, page_bytes);
  test_check(mmuext_simple(command, mfn) < 0, "%s of a page that is mapped writable", what);
  test_equal("make it read-only", test_map(page, pte_kernel_ro), 0);
  test_equal(what, mmuext_simple(command, mfn), 0);
  test_check(mmuext_simple(command, mfn) < 0, "%s twice", what);
  test_check(test_map(page, pte_kernel) < 0, "%s: can be mapped writable", what);
  test_equal("unpin", mmuext_simple(MMUEXT_UNPIN_TABLE, mfn), 0);
  test_check(mmuext_simple(MMUEXT_UNPIN_TABLE, mfn) < 0, "unpin twice");
  test_equal("make it writable", test_map(page, pte_kernel), 0);
}

u64 entry_address(Pfn page) {
  u64 va = reinterpret_cast<u64>(test_va(page));
  return test_machine(test_table(va, 1)) * page_bytes + table_index(va, 1) * 8;
}
u64 entry_of(Pfn page) { return test_entry(reinterpret_cast<u64>(test_va(page)), 1); }

// After the flush the page's address must show the other frame.
void check_flush(const char* what, unsigned command, bool one_page, Pfn a, Pfn b) {
  *static_cast<volatile u64*>(test_va(a)) = 1;
  *static_cast<volatile u64*>(test_va(b)) = 2;
  u64 before = entry_of(a);
  u8 vcpus[8] = {1};
  mmuext_op_t op{};
  op.cmd = command;
  if (one_page) op.arg1.linear_addr = reinterpret_cast<u64>(test_va(a));
  set_xen_guest_handle(op.arg2.vcpumask, static_cast<void*>(vcpus));
  test_check(first_word(a) == 1, "%s: page A before", what);
  test_equal("point A's entry to B", test_write_pte(entry_address(a), make_pte(test_machine(b), pte_kernel)),
             0);
  test_equal(what, hypercall_mmuext_op(&op, 1, nullptr, DOMID_SELF), 0);
  test_check(first_word(a) == 2, "%s: the old translation is still in use", what);
  test_equal("point A's entry back", test_write_pte(entry_address(a), before), 0);
  mmuext_simple(MMUEXT_TLB_FLUSH_LOCAL, 0);
  test_check(first_word(a) == 1, "%s: page A afterwards", what);
}

void check_flushes(Pfn a, Pfn b) {
  check_flush("INVLPG_LOCAL", MMUEXT_INVLPG_LOCAL, true, a, b);
  check_flush("INVLPG_MULTI", MMUEXT_INVLPG_MULTI, true, a, b);
  check_flush("INVLPG_ALL", MMUEXT_INVLPG_ALL, true, a, b);
  check_flush("TLB_FLUSH_LOCAL", MMUEXT_TLB_FLUSH_LOCAL, false, a, b);
  check_flush("TLB_FLUSH_MULTI", MMUEXT_TLB_FLUSH_MULTI, false, a, b);
  check_flush("TLB_FLUSH_ALL", MMUEXT_TLB_FLUSH_ALL, false, a, b);
  mmuext_op_t op{};
  op.cmd = MMUEXT_TLB_FLUSH_MULTI;
  set_xen_guest_handle(op.arg2.vcpumask, test_unmapped);
  test_check(hypercall_mmuext_op(&op, 1, nullptr, DOMID_SELF) < 0, "a set of VCPUs in unmapped memory");
  if (!(boot_info->flags & SIF_PRIVILEGED))
    test_check(mmuext_simple(MMUEXT_TLB_FLUSH_ALL, 0, DOMID_IO) < 0, "a flush for DOMID_IO");
}

// A write without accessed and dirty bits, while the entry has both.
void check_accessed_dirty(Pfn page) {
  constexpr u64 both = pte_accessed | pte_dirty;
  const u64 plain = make_pte(test_machine(page), pte_present | pte_writable);
  *static_cast<volatile u64*>(test_va(page)) = 1;
  test_equal("accessed and dirty after a store", static_cast<s64>(entry_of(page) & both), both);
  test_equal("mmu_update, preserving", test_write_pte(entry_address(page) | MMU_PT_UPDATE_PRESERVE_AD, plain),
             0);
  test_equal("accessed and dirty are kept", static_cast<s64>(entry_of(page) & both), both);
  test_equal("mmu_update, plain", test_write_pte(entry_address(page) | MMU_NORMAL_PT_UPDATE, plain), 0);
  test_equal("accessed and dirty are dropped", static_cast<s64>(entry_of(page) & both), 0);
  mmuext_simple(MMUEXT_INVLPG_LOCAL, reinterpret_cast<u64>(test_va(page)));
  first_word(page);
  test_equal("accessed after a load", static_cast<s64>(entry_of(page) & both), pte_accessed);
  *static_cast<volatile u64*>(test_va(page)) = 2;
  test_equal("dirty after a store", static_cast<s64>(entry_of(page) & both), both);
}

void check_machphys_update(Pfn page) {
  Mfn mfn = test_machine(page);
  test_equal("MMU_MACHPHYS_UPDATE", test_write_pte(mfn * page_bytes | MMU_MACHPHYS_UPDATE, 0x77), 0);
  test_equal("M2P entry", static_cast<s64>(machine_to_phys_mapping[mfn]), 0x77);
  test_equal("MMU_MACHPHYS_UPDATE back", test_write_pte(mfn * page_bytes | MMU_MACHPHYS_UPDATE, page), 0);
  test_check(test_write_pte(nowhere * page_bytes | MMU_MACHPHYS_UPDATE, 0) < 0, "M2P entry of no frame");
}
// The frame behind `page` for another one, at the same place of the guest's.
long exchange(Pfn page, Mfn give, unsigned out_count, Mfn& got) {
  xen_memory_exchange_t op{};
  xen_pfn_t in[1] = {give}, out[2] = {page, page};
  set_xen_guest_handle(op.in.extent_start, in);
  set_xen_guest_handle(op.out.extent_start, out);
  op.in.nr_extents = 1;
  op.out.nr_extents = out_count;
  op.in.domid = op.out.domid = DOMID_SELF;
  const long error = hypercall_memory_op(XENMEM_exchange, &op);
  got = out[0];
  return error;
}

void check_exchange(Pfn page) {
  const Mfn old = test_machine(page);
  Mfn got;
  test_check(exchange(page, old, 1, got) < 0, "a frame that is mapped was exchanged");
  test_equal("unmap", test_unmap(page), 0);
  test_equal("exchange of one frame for two", exchange(page, old, 2, got), -XEN_EINVAL);
  test_check(exchange(page, nowhere, 1, got) < 0, "a frame that does not exist was exchanged");
  test_equal("exchange", exchange(page, old, 1, got), 0);
  test_check(got != page && machine_to_phys_mapping[got] == page, "M2P of 0x%lx is 0x%lx", got,
             machine_to_phys_mapping[got]);
  test_p2m()[page] = got;
  test_equal("map the new frame", test_map(page, pte_kernel), 0);
  *static_cast<volatile u64*>(test_va(page)) = 1;
  test_equal("figure after it", domain_figure(XENMEM_current_reservation, DOMID_SELF),
             static_cast<s64>(boot_info->nr_pages));
  test_equal("exchange from unmapped memory", hypercall_memory_op(XENMEM_exchange, test_unmapped),
             -XEN_EFAULT);
}

void check_base_and_caches() {
  const Mfn top = test_machine(test_frame(reinterpret_cast<void*>(boot_info->pt_base)));
  test_equal("NEW_BASEPTR", mmuext_simple(MMUEXT_NEW_BASEPTR, top), 0);
  test_equal("NEW_USER_BASEPTR", mmuext_simple(MMUEXT_NEW_USER_BASEPTR, top), 0);
  test_equal("NEW_USER_BASEPTR, none", mmuext_simple(MMUEXT_NEW_USER_BASEPTR, 0), 0);
  test_check(mmuext_simple(MMUEXT_NEW_USER_BASEPTR, nowhere) < 0, "no frame as user base pointer");
  const bool devices = boot_info->flags & SIF_PRIVILEGED;
  test_equal("FLUSH_CACHE", mmuext_simple(MMUEXT_FLUSH_CACHE, 0), devices ? 0 : -XEN_EACCES);
  test_equal("FLUSH_CACHE_GLOBAL", mmuext_simple(MMUEXT_FLUSH_CACHE_GLOBAL, 0), devices ? 0 : -XEN_EINVAL);
}
}  // namespace

// What only those do who know machine frames.
static void check_direct(Pfn a, Pfn b) {
  check_machine_frames();
  check_pin("PIN_L1", MMUEXT_PIN_L1_TABLE, a);
  check_pin("PIN_L2", MMUEXT_PIN_L2_TABLE, a);
  check_pin("PIN_L3", MMUEXT_PIN_L3_TABLE, a);
  check_pin("PIN_L4", MMUEXT_PIN_L4_TABLE, a);
  check_accessed_dirty(a);
  check_machphys_update(a);
  check_exchange(b);
}

void check_operations(Pfn a, Pfn b) {
  check_clear_and_copy(a, b);
  check_flushes(a, b);
  if (!guest_is_translated()) check_direct(a, b);
  check_base_and_caches();
}
