// Another domain's memory: who may see it, map it, type it, and count it.
//
// A builder fills a domain it maps page by page; a saver must know which of its frames are page tables; a
// balloon is judged by another's figures. All of it is for dom0 alone, and only frames that really are the
// named domain's may be reached through its name. As dom0 the test makes a domain and operates on its frames
// through update_va_mapping_otherdomain, mmu_update, mmuext_op, memory_op and getpageframeinfo3; as an
// ordinary domain it checks that every door is shut.
#include "guests/tests/lib/domain.h"

const char test_name[] = "foreign-memory";

namespace {
constexpr unsigned frame_count = 16;
constexpr u64 most_frames = 64;
constexpr Mfn nowhere = 0x3fffffffff;
constexpr u64 flush_it = UVMF_INVLPG | UVMF_LOCAL;
Mfn frames[frame_count];

long map_of(u32 domain, const void* va, u64 entry) {
  return arch_hypercall(__HYPERVISOR_update_va_mapping_otherdomain, hypercall_arg(va), entry, flush_it,
                        domain);
}
volatile u64& word_at(void* va) { return *static_cast<volatile u64*>(va); }

long figure(unsigned op, u32 domain) {
  xen_memory_domain request{};
  request.domid = static_cast<domid_t>(domain);
  return hypercall_memory_op(op, &request);
}

// One update of an entry of `tables`' page table, naming a frame of `owner`.
long update(u64 pte, u64 value, u32 tables, u32 owner) {
  mmu_update_t request{pte, value};
  return hypercall_mmu_update(&request, 1, nullptr, (tables + 1) << 16 | owner);
}

void check_own(Pfn page) {
  void* va = test_va(page);
  const u64 entry = make_pte(test_machine(page), pte_kernel);
  test_equal("update_va_mapping_otherdomain of the caller", map_of(DOMID_SELF, va, entry),
             guest_is_translated() ? -XEN_EINVAL : 0);
  test_equal("... of no domain", map_of(test_no_such_domain, va, entry), -XEN_ESRCH);
  word_at(va) = 1;
}

void check_unprivileged(Pfn page) {
  const u64 entry = make_pte(test_machine(page), pte_kernel);
  test_equal("update_va_mapping_otherdomain of dom0", map_of(0, test_va(page), entry), -XEN_EPERM);
  test_equal("update_va_mapping_otherdomain of DOMID_IO", map_of(DOMID_IO, test_va(page), entry), -XEN_EPERM);
  test_equal("mmuext_op on dom0", mmuext_simple(MMUEXT_CLEAR_PAGE, test_machine(page), 0), -XEN_EPERM);
  test_equal("mmu_update of dom0's tables", update(test_machine(page) * page_bytes, entry, 0, DOMID_SELF),
             -XEN_EPERM);
  test_equal("current_reservation of dom0", figure(XENMEM_current_reservation, 0), -XEN_EPERM);
  test_equal("current_reservation of no domain", figure(XENMEM_current_reservation, test_no_such_domain),
             -XEN_ESRCH);
  xen_memory_reservation_t claim{};
  claim.nr_extents = 1;
  test_equal("claim_pages for dom0", hypercall_memory_op(XENMEM_claim_pages, &claim), -XEN_EPERM);
  xen_memory_map_t map{};
  test_equal("machine_memory_map", hypercall_memory_op(XENMEM_machine_memory_map, &map), -XEN_EPERM);
  xen_foreign_memory_map_t theirs{};
  test_equal("set_memory_map for dom0", hypercall_memory_op(XENMEM_set_memory_map, &theirs), -XEN_EPERM);
  test_check(word_at(test_va(page)) == 1, "a refused operation changed the page");
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

void check_figures(u32 domain) {
  test_equal("current_reservation", figure(XENMEM_current_reservation, domain), frame_count);
  test_equal("maximum_reservation", figure(XENMEM_maximum_reservation, domain), most_frames);
  Mfn more[most_frames];
  test_equal("populate beyond the limit", test_populate(domain, frame_count, most_frames, more),
             most_frames - frame_count);
  xen_memory_reservation_t r{};
  set_xen_guest_handle(r.extent_start, more);
  r.nr_extents = most_frames - frame_count;
  r.domid = static_cast<domid_t>(domain);
  test_equal("take it back", hypercall_memory_op(XENMEM_decrease_reservation, &r), most_frames - frame_count);
  test_equal("current_reservation then", figure(XENMEM_current_reservation, domain), frame_count);
  r.domid = test_no_such_domain;
  test_equal("populate_physmap of no domain", hypercall_memory_op(XENMEM_populate_physmap, &r), 0);
}

long claim(u32 domain, u64 pages, unsigned order = 0) {
  xen_memory_reservation_t r{};
  r.nr_extents = pages;
  r.extent_order = order;
  r.domid = static_cast<domid_t>(domain);
  return hypercall_memory_op(XENMEM_claim_pages, &r);
}

void check_claims(u32 domain) {
  xen_domctl_getdomaininfo info;
  test_equal("claim_pages", claim(domain, frame_count + 8), 0);
  test_equal("getdomaininfo", domain_info(domain, info), 0);
  test_equal("outstanding pages", static_cast<s64>(info.outstanding_pages), 8);
  test_equal("a second claim", claim(domain, frame_count + 8), -XEN_EINVAL);
  test_equal("end the claim", claim(domain, 0), 0);
  test_equal("a claim beyond the limit", claim(domain, most_frames + 1), -XEN_EINVAL);
  test_equal("a claim of what it has", claim(domain, frame_count), -XEN_EINVAL);
  test_equal("a claim of large pages", claim(domain, frame_count + 8, 1), -XEN_EINVAL);
  test_equal("a claim for no domain", claim(test_no_such_domain, 1), -XEN_EINVAL);
}

void check_memory_maps(u32 domain) {
  struct [[gnu::packed]] Entry {
    u64 start, bytes;
    u32 type;
  };
  static Entry entries[128];
  xen_foreign_memory_map_t theirs{};
  entries[0] = {0, most_frames * page_bytes, 1};
  theirs.domid = static_cast<domid_t>(domain);
  theirs.map.nr_entries = 1;
  set_xen_guest_handle(theirs.map.buffer, entries);
  test_equal("set_memory_map", hypercall_memory_op(XENMEM_set_memory_map, &theirs), 0);
  theirs.map.nr_entries = 5000;
  test_equal("set_memory_map, too long", hypercall_memory_op(XENMEM_set_memory_map, &theirs), -XEN_EINVAL);
  theirs.map.nr_entries = 1;
  theirs.domid = test_no_such_domain;
  test_equal("set_memory_map of no domain", hypercall_memory_op(XENMEM_set_memory_map, &theirs), -XEN_ESRCH);
  xen_memory_map_t machine{};
  machine.nr_entries = count_of(entries);
  set_xen_guest_handle(machine.buffer, entries);
  test_equal("machine_memory_map", hypercall_memory_op(XENMEM_machine_memory_map, &machine), 0);
  u64 ram = 0;
  for (unsigned i = 0; i < machine.nr_entries && i < count_of(entries); i++)
    if (entries[i].type == 1) ram += entries[i].bytes;
  test_check(ram / page_bytes > boot_info->nr_pages, "the machine has %lu KiB of RAM", ram / KiB);
  machine.nr_entries = 1;
  test_equal("machine_memory_map without room", hypercall_memory_op(XENMEM_machine_memory_map, &machine),
             -XEN_EINVAL);
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

void test_main() {
  const Pfn page = test_spare_frames(1);
  check_own(page);
  if (!test_is_privileged()) return check_unprivileged(page);
  const u32 domain = test_make_domain(1, most_frames * page_bytes / KiB);
  test_equal("populate_physmap", test_populate(domain, 0, frame_count, frames), frame_count);
  check_mapping(domain, page);
  check_tables(domain);
  check_hypercall_page(domain, page);
  check_figures(domain);
  check_claims(domain);
  check_memory_maps(domain);
  check_m2p_frames();
  test_destroy_domain(domain);
}
