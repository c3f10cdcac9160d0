// Grant tables, seen by one domain that grants to itself: entries, mappings, copies, transfers, exchanges,
// refusals.
//
// A grant is a promise in shared memory that the hypervisor keeps: a frame is used as its entry allows and by
// whom it names, the entry shows while it is, it cannot be withdrawn then, and the frame in use is the one
// that was named when the use began. A domain may grant to itself by its own number, so everything that has
// no second domain in it can be proven by one: the table and its growth, mappings for reading and writing by
// every way that the memory model has, their end by every way, what a copy may touch, where a transferred
// frame goes, and that each refusal gives the error of <xen/grant_table.h> and leaves everything as it was.
//
// A mapping is a page-table entry in model direct, found by its address or by the one that it translates; in
// model translated an entry of the P2M, at a guest frame number that has no memory; in model identity nothing
// at all: the frame is where its number says, and the hypervisor tells (hypervisor/abi/grants.h).
#include "guests/tests/grants/grants.h"

const char test_name[] = "grants";

OwnGrant grant_to_self(bool readonly) {
  OwnGrant g{test_spare_frames(1), no_grant};
  g.word() = 0x600d;
  g.ref = grant_access(static_cast<domid_t>(test_own_domain()), g.machine(), readonly);
  if (g.ref == no_grant) test_error("frame 0x%lx cannot be granted", g.machine());
  return g;
}

void end_grant(const OwnGrant& g) { test_check(grant_end_access(g.ref), "an unused grant cannot be ended"); }

namespace {
gnttab_query_size_t query_size() {
  gnttab_query_size_t op{};
  op.dom = DOMID_SELF;
  test_status("query_size", test_grant_op(GNTTABOP_query_size, op), GNTST_okay);
  return op;
}

int set_up(u32 pages, xen_pfn_t* numbers) {
  gnttab_setup_table_t op{};
  op.dom = DOMID_SELF;
  op.nr_frames = pages;
  set_xen_guest_handle(op.frame_list, numbers);
  return test_grant_op(GNTTABOP_setup_table, op);
}

void check_growth() {
  constexpr u32 most = grant_most_pages;
  xen_pfn_t first[2] = {}, later[2] = {7, 7};
  test_status("setup_table of one page", set_up(1, first), GNTST_okay);
  const gnttab_query_size_t small = query_size();
  test_check(small.nr_frames >= 1 && small.nr_frames < small.max_nr_frames, "%u of at most %u pages",
             small.nr_frames, small.max_nr_frames);
  grant_entry(0).frame = 0x77;
  if (long error = grant_table_set_up(test_va(test_spare_frames(2)), 2))
    test_error("a second page: %s", errno_name(error));
  test_status("setup_table again", set_up(1, later), GNTST_okay);
  test_check(later[0] == first[0] && later[1] == 7, "pages 0x%lx 0x%lx, first 0x%lx", later[0], later[1],
             first[0]);
  test_equal("an entry after the table has grown", grant_entry(0).frame, 0x77);
  test_equal("an entry of the new page", grant_entry(2 * grants_per_page - 1).flags, 0);
  test_check(query_size().nr_frames >= 2, "%u pages after it has grown", query_size().nr_frames);
  xen_pfn_t all[most];
  test_refusal("setup_table beyond the limit", set_up(small.max_nr_frames + 1, all), GNTST_general_error);
  if (small.max_nr_frames > most) return;
  test_status("setup_table up to the limit", set_up(small.max_nr_frames, all), GNTST_okay);
  test_equal("pages then", query_size().nr_frames, small.max_nr_frames);
}

// What the granter sees of uses by two mappings: one that writes, one that reads.
void check_mapped(const OwnGrant& g, const GrantMapping& w, const GrantMapping& r) {
  test_status("map", w.status, GNTST_okay);
  test_status("map for reading", r.status, GNTST_okay);
  test_check(r.handle != w.handle, "two mappings with handle 0x%x", r.handle);
  test_equal("the frame through its mapping", static_cast<s64>(touch_read(w.va).value), 0x600d);
  test_check(!touch_write(w.va, 0xf00d).faulted && g.word() == 0xf00d, "the mapping cannot be written");
  test_equal("the frame through the other one", static_cast<s64>(touch_read(r.va).value), 0xf00d);
  if (test_grant_model() == GrantModel::identity) return;  // there it is the domain's own memory after all
  const Touch write = touch_write(r.va, 1);
  test_check(write.faulted && write.write && !write.absent, "a mapping for reading was written: error 0x%lx",
             write.error);
}

void check_unmapped(const OwnGrant& g, const GrantMapping& w, const GrantMapping& r) {
  test_check(!grant_end_access(g.ref), "a grant in use was ended");
  test_status("unmap", test_unmap_grant(w), GNTST_okay);
  test_equal("flags of what is read", g.flags(), GTF_permit_access | GTF_reading);
  test_check(!grant_end_access(g.ref), "a grant in use for reading was ended");
  test_equal("the other mapping", static_cast<s64>(touch_read(r.va).value), 0xf00d);
  test_status("unmap that", test_unmap_grant(r), GNTST_okay);
  test_equal("flags of what is not used", g.flags(), GTF_permit_access);
  if (test_grant_model() != GrantModel::identity)
    test_check(touch_read(w.va).faulted && touch_read(r.va).faulted, "what was unmapped is still there");
}

void check_uses() {
  const OwnGrant g = grant_to_self();
  const u32 own = test_own_domain();
  test_equal("flags", g.flags(), GTF_permit_access);
  const GrantMapping w = test_map_grant(test_grant_place(), own, g.ref);
  test_equal("flags of what is mapped", g.flags(), GTF_permit_access | in_use);
  const GrantMapping r = test_map_grant(test_grant_place(), own, g.ref, GNTMAP_host_map | GNTMAP_readonly);
  check_mapped(g, w, r);
  check_unmapped(g, w, r);
  end_grant(g);
  test_equal("flags of an ended grant", g.flags(), 0);
  const OwnGrant next = grant_to_self();
  test_equal("the next reference", next.ref, g.ref);
  end_grant(next);
}

// The granter may write what it likes into an entry in use: the frame stays.
void check_frame_stays() {
  const OwnGrant g = grant_to_self();
  const Pfn other = test_spare_frames(1);
  *static_cast<volatile u64*>(test_va(other)) = 0xbad;
  const GrantMapping first = test_map_grant(test_grant_place(), test_own_domain(), g.ref);
  test_status("map", first.status, GNTST_okay);
  grant_entry(g.ref).frame = static_cast<u32>(test_machine(other));
  const GrantMapping second = test_map_grant(test_grant_place(), test_own_domain(), g.ref);
  test_status("map with another frame in the entry", second.status, GNTST_okay);
  test_equal("what the second mapping shows", static_cast<s64>(touch_read(second.va).value), 0x600d);
  grant_entry(g.ref).frame = ~0u;
  test_status("unmap the second", test_unmap_grant(second), GNTST_okay);
  test_equal("what the first one shows", static_cast<s64>(touch_read(first.va).value), 0x600d);
  test_status("unmap the first", test_unmap_grant(first), GNTST_okay);
  grant_entry(g.ref).frame = static_cast<u32>(test_machine(other));
  const GrantMapping third = test_map_grant(test_grant_place(), test_own_domain(), g.ref);
  test_equal("what a later first use shows", static_cast<s64>(touch_read(third.va).value), 0xbad);
  test_status("unmap that", test_unmap_grant(third), GNTST_okay);
  end_grant(g);
}

void check_readonly() {
  const OwnGrant g = grant_to_self(true);
  const GrantPlace place = test_grant_place();
  test_refusal("map for writing what may be read", test_map_grant(place, test_own_domain(), g.ref).status,
               GNTST_general_error);
  test_equal("flags then", g.flags(), GTF_permit_access | GTF_readonly);
  const GrantMapping m = test_map_grant(place, test_own_domain(), g.ref, GNTMAP_host_map | GNTMAP_readonly);
  test_status("map it for reading", m.status, GNTST_okay);
  test_equal("flags", g.flags(), GTF_permit_access | GTF_readonly | GTF_reading);
  test_equal("what it shows", static_cast<s64>(touch_read(m.va).value), 0x600d);
  test_status("unmap it", test_unmap_grant(m), GNTST_okay);
  end_grant(g);
}

// Lists, in which one element fails and the others do not.
void check_list() {
  constexpr unsigned count = 6;
  const OwnGrant g = grant_to_self();
  gnttab_map_grant_ref_t maps[count] = {};
  gnttab_unmap_grant_ref_t unmaps[count] = {};
  for (auto& map : maps) {
    const GrantPlace place = test_grant_place();
    map = {place.address,
           GNTMAP_host_map | place.flags,
           g.ref,
           static_cast<domid_t>(test_own_domain()),
           0,
           0,
           0};
  }
  maps[2].ref = g.ref + 1;  // free
  test_equal("a list of maps", hypercall_grant_table_op(GNTTABOP_map_grant_ref, maps, count), 0);
  for (unsigned i = 0; i < count; i++) {
    test_status("one of the list", maps[i].status, i == 2 ? GNTST_general_error : GNTST_okay);
    unmaps[i].host_addr = maps[i].host_addr;
    unmaps[i].handle = i == 2 ? no_handle : maps[i].handle;
  }
  test_equal("a list of unmaps", hypercall_grant_table_op(GNTTABOP_unmap_grant_ref, unmaps, count), 0);
  for (unsigned i = 0; i < count; i++)
    test_status("one of the list", unmaps[i].status, i == 2 ? GNTST_bad_handle : GNTST_okay);
  test_equal("flags after all", g.flags(), GTF_permit_access);
  end_grant(g);
}
}  // namespace

void test_main() {
  test_grant_table();
  check_uses();
  check_frame_stays();
  check_readonly();
  check_list();
  check_map_refusals();
  check_unmap_refusals();
  check_operation_refusals();
  check_copies();
  check_transfers();
  check_moves();
  check_given_back();
  check_replaced();
  check_model();
  check_growth();
}
