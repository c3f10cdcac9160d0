// Another domain's memory: who may see it, map it, type it, and count it.
//
// A builder fills a domain it maps page by page; a saver must know which of its frames are page tables; a
// balloon is judged by another's figures. All of it is for dom0 alone, and only frames that really are the
// named domain's may be reached through its name. As dom0 the test makes a domain and operates on its frames
// through memory_op and, on x86-64, update_va_mapping_otherdomain, mmu_update, mmuext_op and
// getpageframeinfo3 (on IA-64 by places in its own guest-physical memory: add_to_physmap_batch); as an
// ordinary domain it checks that every door is shut.
#include "guests/tests/foreign-memory/foreign.h"

const char test_name[] = "foreign-memory";

namespace {
Mfn frames[frame_count];

long figure(unsigned op, u32 domain) {
  xen_memory_domain request{};
  request.domid = static_cast<domid_t>(domain);
  return hypercall_memory_op(op, &request);
}

void check_unprivileged(Pfn page) {
  check_refused_calls(page);
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
  test_check(*static_cast<volatile u64*>(test_va(page)) == 1, "a refused operation changed the page");
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

struct [[gnu::packed]] Entry {
  u64 start, bytes;
  u32 type;
};
Entry entries[128];

// A domain that is to know no machine frame is not told of them, dom0 or not.
void check_machine_map() {
  xen_memory_map_t machine{};
  machine.nr_entries = count_of(entries);
  set_xen_guest_handle(machine.buffer, entries);
  if (guest_is_translated())
    return test_equal("machine_memory_map", hypercall_memory_op(XENMEM_machine_memory_map, &machine),
                      -XEN_EPERM);
  test_equal("machine_memory_map", hypercall_memory_op(XENMEM_machine_memory_map, &machine), 0);
  u64 ram = 0;
  for (unsigned i = 0; i < machine.nr_entries && i < count_of(entries); i++)
    if (entries[i].type == 1) ram += entries[i].bytes;
  test_check(ram / page_bytes > boot_info->nr_pages, "the machine has %lu KiB of RAM", ram / KiB);
  machine.nr_entries = 1;
  test_equal("machine_memory_map without room", hypercall_memory_op(XENMEM_machine_memory_map, &machine),
             -XEN_EINVAL);
}

void check_memory_maps(u32 domain) {
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
  check_machine_map();
}

}  // namespace

void test_main() {
  const Pfn page = test_spare_frames(1);
  *static_cast<volatile u64*>(test_va(page)) = 1;
  check_own(page);
  if (!test_is_privileged()) return check_unprivileged(page);
  const u32 domain = test_make_domain(1, most_frames * page_bytes / KiB);
  test_equal("populate_physmap", test_populate(domain, 0, frame_count, frames), frame_count);
  check_access(domain, frames, page);
  check_figures(domain);
  check_claims(domain);
  check_memory_maps(domain);
  test_destroy_domain(domain);
}
