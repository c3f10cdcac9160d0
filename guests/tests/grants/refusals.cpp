#include "guests/tests/grants/grants.h"
#include "hypervisor/abi/grants.h"

namespace {
constexpr u32 nowhere = 0xfffffffe;

void check_map_refused(const char* what, u32 domain, grant_ref_t ref, u32 flags, int expected) {
  const GrantPlace place = test_grant_place();
  const GrantMapping m = test_map_grant(place, domain, ref, flags);
  test_refusal(what, m.status, expected);
  if (m.status == GNTST_okay) test_unmap_grant(m);
  if (place.va) test_check(touch_read(place.va).faulted, "%s: something is there", what);
}

// An entry that does not say what it should, and cannot be used therefore.
void check_entry_refused(const char* what, u16 flags, u32 domain, u32 frame) {
  constexpr grant_ref_t ref = GNTTAB_NR_RESERVED_ENTRIES - 1;
  volatile grant_entry_v1_t& entry = grant_entry(ref);
  entry.domid = static_cast<domid_t>(domain);
  entry.frame = frame;
  __atomic_store_n(&entry.flags, flags, __ATOMIC_RELEASE);
  check_map_refused(what, test_own_domain(), ref, GNTMAP_host_map, GNTST_general_error);
  check_map_refused(what, test_own_domain(), ref, GNTMAP_host_map | GNTMAP_readonly, GNTST_general_error);
  test_equal("flags of the entry", entry.flags, flags);
  __atomic_store_n(&entry.flags, u16{0}, __ATOMIC_RELEASE);
}

void check_entries(const OwnGrant& g) {
  const u32 own = test_own_domain();
  const auto frame = static_cast<u32>(g.machine());
  check_entry_refused("an invalid entry", GTF_invalid, own, frame);
  check_entry_refused("an entry for a transfer", GTF_accept_transfer, own, frame);
  check_entry_refused("a transitive entry", GTF_transitive, own, frame);
  check_entry_refused("an entry for another domain", GTF_permit_access, own + 1, frame);
  check_entry_refused("an entry for DOMID_SELF", GTF_permit_access, DOMID_SELF, frame);
  check_entry_refused("an entry of no frame", GTF_permit_access, own, nowhere);
}

void check_place_refused(const char* what, u64 address, const OwnGrant& g, int expected) {
  const GrantMapping m = test_map_grant({address, 0, test_va(g.page)}, test_own_domain(), g.ref);
  test_refusal(what, m.status, expected);
  if (m.status == GNTST_okay) test_unmap_grant(m);
}

// Each model has its own idea of what cannot be a place.
void check_places(const OwnGrant& g) {
  const u64 far = u64{1} << 60;
  switch (test_grant_model()) {
    case GrantModel::direct:
      check_place_refused("at an address without tables", hypercall_arg(test_unmapped), g,
                          GNTST_bad_virt_addr);
      check_place_refused("at no canonical address", far, g, GNTST_bad_virt_addr);
      break;
    case GrantModel::translated:
      check_place_refused("where memory is", g.page * page_bytes, g, GNTST_bad_virt_addr);
      check_place_refused("at no frame number", far, g, GNTST_bad_virt_addr);
      break;
    case GrantModel::identity:
      check_place_refused("where it is not", (g.page + 1) * page_bytes, g, GNTST_bad_virt_addr);
      check_place_refused("at no address", far, g, GNTST_bad_virt_addr);
  }
}

void check_flags(const OwnGrant& g) {
  const u32 own = test_own_domain();
  check_map_refused("mapped in no way", own, g.ref, 0, GNTST_bad_gntref);
  check_map_refused("mapped for reading in no way", own, g.ref, GNTMAP_readonly, GNTST_bad_gntref);
  if (test_grant_model() == GrantModel::translated)
    check_map_refused("for devices", own, g.ref, GNTMAP_host_map | GNTMAP_device_map, GNTST_general_error);
  if (test_grant_model() != GrantModel::direct)
    check_map_refused("by a page-table entry", own, g.ref, GNTMAP_host_map | GNTMAP_contains_pte,
                      GNTST_general_error);
}
}  // namespace

void check_map_refusals() {
  const OwnGrant g = grant_to_self();
  const u32 own = test_own_domain();
  constexpr u32 map = GNTMAP_host_map;
  check_map_refused("of no domain", test_no_such_domain, g.ref, map, GNTST_bad_domain);
  check_map_refused("of DOMID_SELF", DOMID_SELF, g.ref, map, GNTST_bad_domain);
  check_map_refused("of DOMID_XEN", DOMID_XEN, g.ref, map, GNTST_bad_domain);
  const grant_ref_t beyond[] = {grants_per_page * grant_most_pages * 2, grant_ref_t{1} << 31, no_grant};
  for (grant_ref_t ref : beyond)
    check_map_refused("a reference beyond the table", own, ref, map, GNTST_bad_gntref);
  check_entries(g);
  check_places(g);
  check_flags(g);
  test_equal("flags after refusals", g.flags(), GTF_permit_access);
  end_grant(g);
}

void check_unmap_refusals() {
  const OwnGrant g = grant_to_self();
  const GrantPlace other = test_grant_place();
  const GrantMapping m = test_map_grant(test_grant_place(), test_own_domain(), g.ref);
  test_status("map", m.status, GNTST_okay);
  const grant_handle_t none[] = {m.handle + 1, 0x100000, no_handle, ~0u};
  for (grant_handle_t handle : none)
    test_status("unmap by a handle that is none", test_unmap_grant(handle, m.address), GNTST_bad_handle);
  const u64 elsewhere = other.address ? other.address : m.address + page_bytes;
  test_check(test_unmap_grant(m.handle, elsewhere) < 0, "unmapped at another address");
  test_check(test_unmap_grant(m.handle, hypercall_arg(test_unmapped)) < 0, "unmapped where nothing is");
  test_status("unmap nothing of it", test_unmap_grant(m.handle, 0), GNTST_okay);
  test_equal("what it shows after all that", static_cast<s64>(touch_read(m.va).value), 0x600d);
  test_equal("flags", g.flags(), GTF_permit_access | in_use);
  test_status("unmap", test_unmap_grant(m), GNTST_okay);
  test_status("unmap twice", test_unmap_grant(m), GNTST_bad_handle);
  gnttab_unmap_and_replace_t replace{m.address, 0, m.handle, 0};
  test_status("replace what is not mapped", test_grant_op(GNTTABOP_unmap_and_replace, replace),
              GNTST_bad_handle);
  test_equal("flags then", g.flags(), GTF_permit_access);
  end_grant(g);
}

namespace {
void check_calls() {
  constexpr unsigned operations[] = {
      GNTTABOP_map_grant_ref, GNTTABOP_unmap_grant_ref, GNTTABOP_setup_table, GNTTABOP_transfer,
      GNTTABOP_copy,          GNTTABOP_query_size,      GNTTABOP_set_version, GNTTABOP_get_version,
      GNTTABOP_swap_grant_ref};
  constexpr unsigned own[] = {XS_GNTTABOP_donate, XS_GNTTABOP_exchange};
  for (unsigned op : own)
    if (test_on_this_hypervisor())
      test_equal("arguments in unmapped memory", hypercall_grant_table_op(op, test_unmapped, 1), -XEN_EFAULT);
  for (unsigned op : operations)
    test_equal("arguments in unmapped memory", hypercall_grant_table_op(op, test_unmapped, 1), -XEN_EFAULT);
  constexpr unsigned lists[] = {GNTTABOP_map_grant_ref, GNTTABOP_unmap_grant_ref, GNTTABOP_transfer,
                                GNTTABOP_copy};
  constexpr unsigned counts[] = {0x7fffffff, 0x80000000, ~0u};
  for (unsigned op : lists) {
    test_equal("an empty list", hypercall_grant_table_op(op, test_unmapped, 0), 0);
    for (unsigned count : counts) {
      const long result = hypercall_grant_table_op(op, test_unmapped, count);
      test_check(result == -XEN_EFAULT || result == -XEN_EINVAL, "operation %u, count 0x%x: %ld", op, count,
                 result);
    }
  }
  test_equal("operation 99", hypercall_grant_table_op(99, test_unmapped, 1), -XEN_ENOSYS);
}

// Of others only dom0 learns something.
template <typename T>
void check_domains(const char* what, unsigned operation) {
  T op{};
  op.dom = test_no_such_domain;
  test_refusal(what, test_grant_op(operation, op), GNTST_bad_domain);
  if (test_is_privileged()) return;
  op = {};
  test_refusal(what, test_grant_op(operation, op), GNTST_permission_denied);
}

void check_versions() {
  gnttab_set_version_t set{};
  gnttab_get_version_t get{};
  constexpr u32 known[] = {2, 1}, unknown[] = {0, 3, ~0u};
  for (u32 version : known) {
    set.version = version;
    const long result = hypercall_grant_table_op(GNTTABOP_set_version, &set, 1);
    test_check(result == 0 || (version == 2 && result == -XEN_ENOSYS), "version %u: %ld", version, result);
  }
  for (u32 version : unknown) {
    set.version = version;
    test_equal("a version that is none", hypercall_grant_table_op(GNTTABOP_set_version, &set, 1),
               -XEN_EINVAL);
  }
  get.dom = DOMID_SELF;
  test_equal("get_version", hypercall_grant_table_op(GNTTABOP_get_version, &get, 1), 0);
  test_equal("the version", get.version, 1);
  get.dom = test_no_such_domain;
  test_equal("get_version of no domain", hypercall_grant_table_op(GNTTABOP_get_version, &get, 1), -XEN_ESRCH);
}

int swap(grant_ref_t a, grant_ref_t b) {
  gnttab_swap_grant_ref_t op{a, b, 0};
  return test_grant_op(GNTTABOP_swap_grant_ref, op);
}

void check_swaps() {
  const OwnGrant a = grant_to_self(), b = grant_to_self(true);
  test_status("swap", swap(a.ref, b.ref), GNTST_okay);
  test_equal("flags of the one", a.flags(), GTF_permit_access | GTF_readonly);
  test_equal("frame of the one", grant_entry(a.ref).frame, static_cast<u32>(b.machine()));
  test_equal("flags of the other", b.flags(), GTF_permit_access);
  test_equal("frame of the other", grant_entry(b.ref).frame, static_cast<u32>(a.machine()));
  test_status("swap with itself", swap(a.ref, a.ref), GNTST_okay);
  test_refusal("swap with one beyond the table", swap(a.ref, no_grant), GNTST_bad_gntref);
  const GrantMapping m = test_map_grant(test_grant_place(), test_own_domain(), b.ref);
  test_status("map the swapped one", m.status, GNTST_okay);
  test_refusal("swap one in use", swap(a.ref, b.ref), GNTST_eagain);
  test_status("unmap it", test_unmap_grant(m), GNTST_okay);
  end_grant(a);
  end_grant(b);
}
}  // namespace

void check_operation_refusals() {
  check_calls();
  check_domains<gnttab_query_size_t>("query_size", GNTTABOP_query_size);
  check_domains<gnttab_setup_table_t>("setup_table", GNTTABOP_setup_table);
  if (test_on_this_hypervisor())  // others have no such operation any more
    check_domains<gnttab_dump_table_t>("dump_table", GNTTABOP_dump_table);
  check_versions();
  check_swaps();
}
