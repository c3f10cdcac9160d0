#include "guests/tests/foreign-memory/foreign.h"

namespace {
constexpr Mfn nowhere = 0x3fffffffff;
constexpr u64 flush_it = UVMF_INVLPG | UVMF_LOCAL;
Mfn frames[frame_count];

long map_of(u32 domain, const void* va, u64 entry) {
  return arch_hypercall(__HYPERVISOR_update_va_mapping_otherdomain, hypercall_arg(va), entry, flush_it,
                        domain);
}
volatile u64& word_at(void* va) { return *static_cast<volatile u64*>(va); }

// One update of an entry of `tables`' page table, naming a frame of `owner`.
long update(u64 pte, u64 value, u32 tables, u32 owner) {
  mmu_update_t request{pte, value};
  return hypercall_mmu_update(&request, 1, nullptr, (tables + 1) << 16 | owner);
}

void check_mapping(u32 domain, Pfn page) {
  void* va = test_va(page);
  test_equal("map its first frame", map_of(domain, va, make_pte(frames[0], pte_kernel)), 0);
  test_equal("it is clear", static_cast<s64>(word_at(va)), 0);
  word_at(va) = 0x77;
  test_equal("map its second frame", map_of(domain, va, make_pte(frames[1], pte_kernel)), 0);
  test_equal("the second frame", static_cast<s64>(word_at(va)), 0);
  test_equal("map the first one again", map_of(domain, va, make_pte(frames[0], pte_kernel_ro)), 0);
  test_equal("what was written", static_cast<s64>(word_at(va)), 0x77);
  test_check(map_of(domain, va, make_pte(test_machine(page), pte_kernel)) < 0,
             "a frame of dom0's as its own");
  test_check(map_of(DOMID_SELF, va, make_pte(frames[0], pte_kernel)) < 0, "a frame of its as dom0's");
  test_equal("what is mapped after refusals", static_cast<s64>(word_at(va)), 0x77);
  test_equal("its own id, for foreign", map_of(0, va, 0), -XEN_ESRCH);
  test_equal("at an address without tables", map_of(domain, test_unmapped, 0), -XEN_EINVAL);
  test_equal("at a hypervisor's address", map_of(domain, machine_to_phys_mapping, 0), -XEN_EINVAL);
  test_equal("map the page's own frame", test_map(page, pte_kernel), 0);
  test_equal("what it holds", static_cast<s64>(word_at(va)), 1);
}

long kinds_of(u32 domain, void* list, u64 count) {
  xen_domctl op{};
  op.u.getpageframeinfo3.num = count;
  set_xen_guest_handle(op.u.getpageframeinfo3.array, static_cast<xen_pfn_t*>(list));
  return domctl(XEN_DOMCTL_getpageframeinfo3, domain, op);
}

u64 kind_of(u32 domain, Mfn frame) {
  xen_pfn_t list[1] = {frame};
  test_equal("getpageframeinfo3", kinds_of(domain, list, 1), 0);
  return list[0];
}

void check_tables(u32 domain) {
  const Mfn table = frames[2];
  test_equal("an ordinary frame", static_cast<s64>(kind_of(domain, frames[3])), XEN_DOMCTL_PFINFO_NOTAB);
  test_equal("pin its L1 table", mmuext_simple(MMUEXT_PIN_L1_TABLE, table, domain), 0);
  test_equal("a pinned table", static_cast<s64>(kind_of(domain, table)),
             XEN_DOMCTL_PFINFO_L1TAB | XEN_DOMCTL_PFINFO_LPINTAB);
  const u64 entry = make_pte(frames[3], pte_kernel);
  test_equal("an entry of it", update(table * page_bytes, entry, domain, domain), 0);
  test_check(mmuext_simple(MMUEXT_PIN_L1_TABLE, frames[3], domain) < 0,
             "a frame that its table maps writable was pinned");
  test_equal("remove the entry", update(table * page_bytes, 0, domain, domain), 0);
  test_equal("tables of no domain", update(table * page_bytes, 0, test_no_such_domain, domain), -XEN_ESRCH);
  test_check(mmuext_simple(MMUEXT_CLEAR_PAGE, table, domain) < 0, "CLEAR_PAGE of its page table");
  test_equal("unpin", mmuext_simple(MMUEXT_UNPIN_TABLE, table, domain), 0);
  test_equal("it is no table any more", static_cast<s64>(kind_of(domain, table)), XEN_DOMCTL_PFINFO_NOTAB);
  test_equal("a frame that does not exist", static_cast<s64>(kind_of(domain, nowhere)),
             XEN_DOMCTL_PFINFO_XTAB);
  static xen_pfn_t list[1025];
  test_equal("too many frames", kinds_of(domain, list, count_of(list)), -XEN_E2BIG);
  test_equal("a list in unmapped memory", kinds_of(domain, test_unmapped, 1), -XEN_EFAULT);
}

void check_hypercall_page(u32 domain, Pfn page) {
  xen_domctl op{};
  op.u.hypercall_init.gmfn = frames[4];
  test_equal("hypercall_init", domctl(XEN_DOMCTL_hypercall_init, domain, op), 0);
  test_equal("map it", map_of(domain, test_va(page), make_pte(frames[4], pte_kernel_ro)), 0);
  const u64 first = word_at(test_va(page)), second = word_at(static_cast<u8*>(test_va(page)) + 32);
  test_check(first && second && first != second, "the page holds no calls");
  test_equal("map the page's own frame", test_map(page, pte_kernel), 0);
  op.u.hypercall_init.gmfn = nowhere;
  test_equal("hypercall_init of no frame", domctl(XEN_DOMCTL_hypercall_init, domain, op), -XEN_EINVAL);
}

void check_m2p_frames() {
  xen_pfn_t first[1] = {};
  xen_machphys_mfn_list_t list{};
  list.max_extents = 1;
  set_xen_guest_handle(list.extent_start, first);
  test_equal("machphys_mfn_list", hypercall_memory_op(XENMEM_machphys_mfn_list, &list), 0);
  test_equal("frames of the M2P", list.nr_extents, 1);
  test_equal("machphys_mfn_list from unmapped memory",
             hypercall_memory_op(XENMEM_machphys_mfn_list, test_unmapped), -XEN_EFAULT);
}
}  // namespace

void check_own(Pfn page) {
  void* va = test_va(page);
  const u64 entry = make_pte(test_machine(page), pte_kernel);
  test_equal("update_va_mapping_otherdomain of the caller", map_of(DOMID_SELF, va, entry),
             guest_is_translated() ? -XEN_EINVAL : 0);
  test_equal("... of no domain", map_of(test_no_such_domain, va, entry), -XEN_ESRCH);
}

void check_refused_calls(Pfn page) {
  const u64 entry = make_pte(test_machine(page), pte_kernel);
  test_equal("update_va_mapping_otherdomain of dom0", map_of(0, test_va(page), entry), -XEN_EPERM);
  test_equal("update_va_mapping_otherdomain of DOMID_IO", map_of(DOMID_IO, test_va(page), entry), -XEN_EPERM);
  test_equal("mmuext_op on dom0", mmuext_simple(MMUEXT_CLEAR_PAGE, test_machine(page), 0), -XEN_EPERM);
  test_equal("mmu_update of dom0's tables", update(test_machine(page) * page_bytes, entry, 0, DOMID_SELF),
             -XEN_EPERM);
}

void check_access(u32 domain, const Mfn (&theirs)[frame_count], Pfn page) {
  memcpy(frames, theirs, sizeof frames);
  check_mapping(domain, page);
  check_tables(domain);
  check_hypercall_page(domain, page);
  check_m2p_frames();
}
