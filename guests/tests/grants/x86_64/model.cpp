// Model direct: mappings are entries of the domain's own page tables, and those it changes by other calls,
// too.
#include "guests/tests/grants/grants.h"

namespace {
constexpr unsigned available_bits = 5;
bool is_direct() { return test_grant_model() == GrantModel::direct; }

// The machine address of the entry that maps a page.
u64 entry_address(const void* va) {
  const u64 at = hypercall_arg(va);
  return test_machine(test_table(at, 1)) * page_bytes + table_index(at, 1) * sizeof(u64);
}

void check_contains_pte() {
  const OwnGrant g = grant_to_self();
  const GrantPlace place = test_grant_place();
  const u64 va = hypercall_arg(place.va);
  constexpr u32 flags = GNTMAP_host_map | GNTMAP_contains_pte;
  const GrantPlace entry{entry_address(place.va), available_bits << _GNTMAP_guest_avail0, place.va};
  const u64 no_entries[] = {entry.address + 4, g.machine() * page_bytes, 0xfee00000, u64{1} << 60};
  for (u64 wrong : no_entries)
    test_refusal("map by what is no page-table entry",
                 test_map_grant({wrong, 0, place.va}, test_own_domain(), g.ref, flags).status,
                 GNTST_general_error);
  const GrantMapping m = test_map_grant(entry, test_own_domain(), g.ref, flags);
  test_status("map by an entry's address", m.status, GNTST_okay);
  test_equal("frame in the entry", static_cast<s64>(pte_frame(test_entry(va, 1))),
             static_cast<s64>(g.machine()));
  test_equal("available bits in the entry", test_entry(va, 1) >> 9 & 7, available_bits);
  test_equal("what it maps", static_cast<s64>(touch_read(place.va).value), 0x600d);
  test_status("unmap by the entry's address", test_unmap_grant(m), GNTST_okay);
  test_equal("the entry", static_cast<s64>(test_entry(va, 1)), 0);
  end_grant(g);
}

// A mapping that ends by another call is not the grant's end. Its entry may even be made again, by hand.
void check_implicit_end() {
  const OwnGrant g = grant_to_self();
  const GrantMapping m = test_map_grant(test_grant_place(), test_own_domain(), g.ref);
  test_status("map", m.status, GNTST_okay);
  test_equal("clear the entry", boot_map(m.va, 0), 0);
  test_equal("flags", g.flags(), GTF_permit_access | in_use);
  test_refusal("unmap what has gone", test_unmap_grant(m), GNTST_general_error);
  test_check(!grant_end_access(g.ref), "a grant with an open handle was ended");
  test_equal("map the frame there by hand", boot_map(m.va, make_pte(g.machine(), pte_kernel)), 0);
  test_status("unmap that", test_unmap_grant(m), GNTST_okay);
  test_check(touch_read(m.va).faulted, "it is still mapped");
  test_equal("the frame", static_cast<s64>(g.word()), 0x600d);
  end_grant(g);
}

// What is mapped where a grant goes is replaced, another grant, too.
void check_overwritten() {
  const OwnGrant a = grant_to_self(), b = grant_to_self();
  b.word() = 0xb;
  const GrantPlace place = test_grant_place();
  const GrantMapping first = test_map_grant(place, test_own_domain(), a.ref);
  const GrantMapping second = test_map_grant(place, test_own_domain(), b.ref);
  test_status("map", first.status, GNTST_okay);
  test_status("map at the same address", second.status, GNTST_okay);
  mmuext_simple(MMUEXT_INVLPG_LOCAL, hypercall_arg(place.va));
  test_equal("what is mapped", static_cast<s64>(touch_read(place.va).value), 0xb);
  test_refusal("unmap the first", test_unmap_grant(first), GNTST_general_error);
  test_status("unmap the second", test_unmap_grant(second), GNTST_okay);
  test_equal("flags of the second", b.flags(), GTF_permit_access);
  end_grant(b);
}

// Never a table and writable, by whomever.
void check_types() {
  const OwnGrant g = grant_to_self();
  g.word() = 0;
  const Mfn frame = g.machine();
  const u32 own = test_own_domain();
  const GrantPlace place = test_grant_place();
  test_equal("unmap the page", test_unmap(g.page), 0);
  const GrantMapping writable = test_map_grant(place, own, g.ref);
  test_status("map for writing", writable.status, GNTST_okay);
  test_check(mmuext_simple(MMUEXT_PIN_L1_TABLE, frame) < 0, "a frame that a grant maps writable was pinned");
  test_status("unmap", test_unmap_grant(writable), GNTST_okay);
  test_equal("pin it", mmuext_simple(MMUEXT_PIN_L1_TABLE, frame), 0);
  test_refusal("map a page table for writing", test_map_grant(place, own, g.ref).status, GNTST_general_error);
  const GrantMapping readable = test_map_grant(place, own, g.ref, GNTMAP_host_map | GNTMAP_readonly);
  test_status("map a page table for reading", readable.status, GNTST_okay);
  test_status("unmap it", test_unmap_grant(readable), GNTST_okay);
  test_equal("unpin it", mmuext_simple(MMUEXT_UNPIN_TABLE, frame), 0);
  test_equal("map the page", test_map(g.page, pte_kernel), 0);
  end_grant(g);
}

// Frames that a copy must not write, and a transfer must not take.
void check_tables_are_safe() {
  const Pfn page = test_spare_frames(1), table = test_table(test_virt_base, 1);
  const u64 entry = test_entry(test_virt_base, 1);
  gnttab_copy_t copy{};
  copy.source.u.gmfn = test_machine(page);
  copy.dest.u.gmfn = test_machine(table);
  copy.source.domid = copy.dest.domid = DOMID_SELF;
  copy.len = sizeof entry;
  test_refusal("copy to a page table", test_grant_op(GNTTABOP_copy, copy), GNTST_bad_page);
  test_equal("its first entry", static_cast<s64>(test_entry(test_virt_base, 1)), static_cast<s64>(entry));
  const auto self = static_cast<domid_t>(test_own_domain());
  const Pfn in_use_otherwise[] = {table, page};  // the latter mapped
  for (Pfn pfn : in_use_otherwise) {
    gnttab_transfer_t transfer{test_machine(pfn), self, 0, 0};
    test_refusal("transfer of what is in use", test_grant_op(GNTTABOP_transfer, transfer), GNTST_bad_page);
  }
}
}  // namespace

void check_model() {
  if (!is_direct()) return check_translated();
  check_devices();
  check_contains_pte();
  check_implicit_end();
  check_overwritten();
  check_types();
  check_tables_are_safe();
}
