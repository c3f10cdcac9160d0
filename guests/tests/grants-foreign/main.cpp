// Grants of another domain: mapped, copied, transferred to, and outliving it.
//
// The other domain is one that dom0 makes and that never runs: dom0 writes its grant table for it, as a
// toolstack writes the entries for console and store. So both ends of a grant are in one hand: what is
// allowed is known to the word, and dom0 as user gets that and nothing else: not another domain's grant, not
// a frame that is not the granter's, not for writing what may be read. Frames given to it arrive with their
// contents, and once. When it dies, what dom0 has mapped stays as it is until dom0 unmaps it, nothing new can
// be begun, and at last all of its memory is free again. As an ordinary domain the test checks that others'
// tables are out of reach, and that a frame given to somebody who did not ask is lost.
#include "guests/tests/grants-foreign/foreign.h"
#include "hypervisor/abi/grants.h"

const char test_name[] = "grants-foreign";

s64 pages_of(u32 domain) {
  xen_domctl_getdomaininfo info{};
  test_equal("getdomaininfo", domain_info(domain, info), 0);
  return static_cast<s64>(info.tot_pages);
}

namespace {
constexpr u64 most_frames = 32;
constexpr unsigned table_pages = 2;  // at most
constexpr Pfn table_place = 0x1000, transfer_place = 40;
constexpr u16 in_use = GTF_reading | GTF_writing;

u64 free_pages() {
  xen_sysctl_physinfo info{};
  test_equal("physinfo", physical_info(info), 0);
  return info.free_pages;
}

int set_up(u32 domain, u32 pages, xen_pfn_t* numbers) {
  gnttab_setup_table_t op{};
  op.dom = static_cast<domid_t>(domain);
  op.nr_frames = pages;
  set_xen_guest_handle(op.frame_list, numbers);
  return test_grant_op(GNTTABOP_setup_table, op);
}

void check_table(u32 domain) {
  xen_pfn_t numbers[table_pages + 1];
  test_refusal("setup_table beyond its limit", set_up(domain, table_pages + 1, numbers), GNTST_general_error);
  gnttab_query_size_t size{};
  size.dom = static_cast<domid_t>(domain);
  test_status("query_size", test_grant_op(GNTTABOP_query_size, size), GNTST_okay);
  test_equal("most pages", size.max_nr_frames, table_pages);
  gnttab_get_version_t version{static_cast<domid_t>(domain), 0, 0};
  test_equal("get_version", hypercall_grant_table_op(GNTTABOP_get_version, &version, 1), 0);
  test_equal("version", version.version, 1);
}

void show_table(Child& child) {
  if (child_translated) {
    xen_add_to_physmap_t request{};
    request.domid = static_cast<domid_t>(child.domain);
    request.space = XENMAPSPACE_grant_table;
    request.gpfn = table_place;
    test_equal("place its table", hypercall_memory_op(XENMEM_add_to_physmap, &request), 0);
  }
  xen_pfn_t number;
  test_status("setup_table for it", set_up(child.domain, 1, &number), GNTST_okay);
  child.place = test_grant_place();
  if (long error = show_foreign(child.domain, number, child.place))
    test_error("its grant table cannot be mapped: %s", errno_name(error));
  child.next = GNTTAB_NR_RESERVED_ENTRIES;
}

void check_mappings(Child& child) {
  const grant_ref_t ref = child.grant(0);
  const GrantMapping w = test_map_grant(test_grant_place(), child.domain, ref);
  test_status("map", w.status, GNTST_okay);
  test_equal("what it holds", static_cast<s64>(touch_read(w.va).value), 0);
  test_check(!touch_write(w.va, 0x77).faulted, "it cannot be written");
  test_equal("flags", child.entry(ref).flags, GTF_permit_access | in_use);
  const grant_ref_t readonly = child.grant(0, GTF_permit_access | GTF_readonly);
  const GrantPlace place = test_grant_place();
  test_refusal("map for writing what may be read", test_map_grant(place, child.domain, readonly).status,
               GNTST_general_error);
  const GrantMapping r = test_map_grant(place, child.domain, readonly, GNTMAP_host_map | GNTMAP_readonly);
  test_status("map for reading", r.status, GNTST_okay);
  test_equal("what was written", static_cast<s64>(touch_read(r.va).value), 0x77);
  test_check(touch_write(r.va, 1).faulted, "what may be read was written");
  test_status("unmap", test_unmap_grant(w), GNTST_okay);
  test_status("unmap the other", test_unmap_grant(r), GNTST_okay);
  test_check(touch_read(w.va).faulted && touch_read(r.va).faulted, "what was unmapped is still there");
  test_equal("flags at last", child.entry(ref).flags, GTF_permit_access);
}

void check_not_allowed(Child& child, Pfn own_page) {
  const GrantPlace place = test_grant_place();
  const auto refused = [&](const char* what, grant_ref_t ref, int expected) {
    test_refusal(what, test_map_grant(place, child.domain, ref).status, expected);
    test_check(touch_read(place.va).faulted, "%s: something is there", what);
  };
  refused("an entry for another domain",
          child.write(GTF_permit_access, child.frames[1], test_own_domain() + 5), GNTST_general_error);
  refused("an entry for the granter", child.write(GTF_permit_access, child.frames[1], child.domain),
          GNTST_general_error);
  const u64 foreign = child_translated ? frame_count : test_machine(own_page);
  refused("a frame that is not the granter's", child.write(GTF_permit_access, foreign, test_own_domain()),
          GNTST_general_error);
  refused("an unused entry", child.next, GNTST_general_error);
  refused("an entry beyond the table", grants_per_page * table_pages, GNTST_bad_gntref);
}

int copy(u32 domain, grant_ref_t ref, Pfn page, bool to_page) {
  gnttab_copy_t op{};
  auto &granted = to_page ? op.source : op.dest, &own = to_page ? op.dest : op.source;
  granted.u.ref = ref;
  granted.domid = static_cast<domid_t>(domain);
  granted.offset = 128;
  own.u.gmfn = test_machine(page);
  own.domid = DOMID_SELF;
  own.offset = 8;
  op.len = sizeof(u64);
  op.flags = to_page ? GNTCOPY_source_gref : GNTCOPY_dest_gref;
  return test_grant_op(GNTTABOP_copy, op);
}

void check_copies(Child& child, Pfn page) {
  auto* const word = static_cast<volatile u64*>(test_va(page)) + 1;
  const grant_ref_t ref = child.grant(2), readonly = child.grant(2, GTF_permit_access | GTF_readonly);
  *word = 0xc0;
  test_status("copy to it", copy(child.domain, ref, page, false), GNTST_okay);
  *word = 0;
  test_status("copy from it", copy(child.domain, readonly, page, true), GNTST_okay);
  test_equal("what came back", static_cast<s64>(*word), 0xc0);
  test_refusal("copy to what may be read", copy(child.domain, readonly, page, false), GNTST_general_error);
  test_refusal("copy from another's grant",
               copy(child.domain, child.write(GTF_permit_access, child.frames[1], child.domain), page, true),
               GNTST_general_error);
  test_equal("flags", child.entry(ref).flags, GTF_permit_access);
}

// What the frame holds once it is the domain's, by a grant of it.
void check_arrived(Child& child, grant_ref_t ref, u64 number) {
  const u64 frame = child_translated ? transfer_place : child.entry(ref).frame;
  if (!child_translated && !guest_is_translated())
    test_equal("the frame's number", static_cast<s64>(frame), static_cast<s64>(number));
  const grant_ref_t back = child.write(GTF_permit_access, frame, test_own_domain());
  const GrantMapping m = test_map_grant(test_grant_place(), child.domain, back);
  test_status("map what was given", m.status, GNTST_okay);
  test_equal("what it holds", static_cast<s64>(touch_read(m.va).value), 0x5e4d);
  test_status("unmap it", test_unmap_grant(m), GNTST_okay);
}

void check_transfer(Child& child) {
  const Pfn page = test_spare_frames(1);
  *static_cast<volatile u64*>(test_va(page)) = 0x5e4d;
  const u64 number = test_machine(page);
  const s64 theirs = pages_of(child.domain);
  const grant_ref_t ref =
      child.write(GTF_accept_transfer, child_translated ? transfer_place : 0, test_own_domain());
  test_let_go(page);
  test_status("transfer", test_transfer(number, child.domain, ref), GNTST_okay);
  test_equal("flags", child.entry(ref).flags,
             GTF_accept_transfer | GTF_transfer_committed | GTF_transfer_completed);
  test_equal("its frames", pages_of(child.domain), theirs + 1);
  check_arrived(child, ref, number);
  if (!test_transfer_replaces()) test_get_again(page);
  const u64 again = test_machine(page);
  const long before = test_pages();
  test_let_go(page);
  test_refusal("transfer by the same entry", test_transfer(again, child.domain, ref), GNTST_bad_gntref);
  test_equal("its frames then", pages_of(child.domain), theirs + 1);
  test_equal("frames that are left", test_pages(), test_transfer_replaces() ? before : before - 1);
  if (!test_transfer_replaces()) test_get_again(page);
}

// Xen lets a use begin as long as another one keeps the dead domain's number.
void check_nothing_begins(const Child& child, grant_ref_t ref, Pfn page) {
  if (!test_on_this_hypervisor()) return;
  test_status("map then", test_map_grant(test_grant_place(), child.domain, ref).status, GNTST_bad_domain);
  test_status("copy then", copy(child.domain, ref, page, true), GNTST_bad_domain);
}

// Whoever uses its frames keeps them, and only them.
void check_death(Child& child, Pfn page) {
  const grant_ref_t ref = child.grant(3), readonly = child.grant(4, GTF_permit_access | GTF_readonly);
  const GrantMapping w = test_map_grant(test_grant_place(), child.domain, ref);
  const GrantMapping again = test_map_grant(test_grant_place(), child.domain, ref);
  const GrantMapping r =
      test_map_grant(test_grant_place(), child.domain, readonly, GNTMAP_host_map | GNTMAP_readonly);
  test_check(w.status == 0 && again.status == 0 && r.status == 0, "map: status %d, %d, %d", w.status,
             again.status, r.status);
  touch_write(w.va, 0xdead);
  end_foreign(child.place);
  test_destroy_domain(child.domain);
  test_equal("what it leaves", static_cast<s64>(touch_read(again.va).value), 0xdead);
  test_check(!touch_write(w.va, 0xd1ed).faulted, "what it leaves cannot be written");
  test_check(!touch_read(r.va).faulted && touch_write(r.va, 1).faulted, "what may be read, when it is dead");
  check_nothing_begins(child, ref, page);
  test_check(set_up(child.domain, 1, nullptr) < 0, "a dead domain has got a table");
  test_status("unmap", test_unmap_grant(w), GNTST_okay);
  test_equal("what is left", static_cast<s64>(touch_read(again.va).value), 0xd1ed);
  test_status("unmap the second", test_unmap_grant(again), GNTST_okay);
  test_status("unmap the third", test_unmap_grant(r), GNTST_okay);
}

void check_as_dom0() {
  const Pfn page = test_spare_frames(1);
  // What the hypervisor makes when it is first asked is there before anything is counted.
  const GrantPlace place = test_grant_place();
  const grant_ref_t own = grant_access(static_cast<domid_t>(test_own_domain()), test_machine(page), false);
  test_status("map a frame of its own", test_unmap_grant(test_map_grant(place, test_own_domain(), own)),
              GNTST_okay);
  const Pfn moved = test_spare_frames(1);  // ... and the table for single frames where these lie
  test_give_back(moved);
  test_get_again(moved);
  const u64 before = free_pages();
  static Child child;
  child.domain = test_make_domain(1, most_frames * page_bytes / KiB, table_pages);
  test_equal("populate_physmap", test_populate(child.domain, 0, frame_count, child.frames), frame_count);
  check_table(child.domain);
  show_table(child);
  check_mappings(child);
  check_not_allowed(child, page);
  check_copies(child, page);
  check_transfer(child);
  check_exchange(child);
  check_death(child, page);
  test_refusal("map at last", test_map_grant(place, child.domain, child.next).status, GNTST_bad_domain);
  test_equal("free memory after it all", static_cast<s64>(free_pages()), static_cast<s64>(before));
}

// dom0's references are guessed, its frames named; nothing of it is there.
void check_as_domain() {
  const Pfn page = test_spare_frames(1);
  auto* const word = static_cast<volatile u64*>(test_va(page)) + 1;
  *word = 0x11;
  for (grant_ref_t ref = 0; ref < 2 * GNTTAB_NR_RESERVED_ENTRIES; ref++) {
    const GrantMapping m = test_map_grant(test_grant_place(), 0, ref);
    test_check(m.status < 0, "a grant of dom0's was mapped: reference %u", ref);
    test_check(copy(0, ref, page, true) < 0, "a grant of dom0's was copied from: reference %u", ref);
    test_check(copy(0, ref, page, false) < 0, "a grant of dom0's was copied to: reference %u", ref);
  }
  xen_pfn_t number;
  test_refusal("setup_table for dom0", set_up(0, 1, &number), GNTST_permission_denied);
  gnttab_get_version_t version{};
  test_equal("get_version of dom0", hypercall_grant_table_op(GNTTABOP_get_version, &version, 1), -XEN_EPERM);
  test_equal("what the page holds", static_cast<s64>(*word), 0x11);
  u64 frame = test_machine(page);
  const long before = test_pages();
  test_let_go(page);
  constexpr unsigned moves[] = {XS_GNTTABOP_exchange, XS_GNTTABOP_donate};
  for (unsigned op : moves)
    test_check(!test_on_this_hypervisor() || test_move(op, frame, 0, GNTTAB_NR_RESERVED_ENTRIES) < 0,
               "dom0 was given a frame, or one was had for it");
  test_equal("frames after the refusals", test_pages(), before);
  test_check(test_transfer(frame, 0, GNTTAB_NR_RESERVED_ENTRIES) < 0, "dom0 was given a frame");
  test_equal("frames that are left", test_pages(), test_transfer_replaces() ? before : before - 1);
}
}  // namespace

void test_main() {
  test_grant_table();
  if (!test_is_privileged()) return check_as_domain();
  if (test_grant_model() == GrantModel::identity)
    test_skip("this dom0's memory model shows it no other domain's grant table");
  check_as_dom0();
}
