#include "guests/tests/lib/grants.h"

bool test_on_this_hypervisor() {
  static const bool answer = [] {
    xen_extraversion_t extra;
    return hypercall_xen_version(XENVER_extraversion, extra) == 0 && strstr(extra, "xenoscope");
  }();
  return answer;
}

// Behind shared_info, and behind the table's pages (guests/lib/grant.cpp).
Pfn test_free_number() {
  static Pfn taken;
  return boot_info->shared_info / page_bytes + 2 * grant_most_pages + taken++;
}

GrantMapping test_map_grant(const GrantPlace& place, u32 domain, grant_ref_t ref, u32 flags) {
  gnttab_map_grant_ref_t op{};
  op.host_addr = place.address;
  op.flags = flags | place.flags;
  op.ref = ref;
  op.dom = static_cast<domid_t>(domain);
  const int status = test_grant_op(GNTTABOP_map_grant_ref, op);
  return {status, op.handle, op.host_addr, op.dev_bus_addr,
          place.va ? place.va : test_grant_va(op.host_addr)};
}

int test_unmap_grant(grant_handle_t handle, u64 address, u64 device_address) {
  gnttab_unmap_grant_ref_t op{};
  op.host_addr = address;
  op.dev_bus_addr = device_address;
  op.handle = handle;
  return test_grant_op(GNTTABOP_unmap_grant_ref, op);
}

void test_status(const char* what, int found, int expected) {
  test_check(found == expected, "%s: status %d, expected %d", what, found, expected);
}

void test_refusal(const char* what, int found, int expected) {
  if (test_on_this_hypervisor() || found >= 0) test_status(what, found, expected);
}

// A port for a partner of one's own tells who that is.
u32 test_own_domain() {
  static u32 own = DOMID_INVALID;
  if (own != DOMID_INVALID) return own;
  const auto port = static_cast<EventPort>(event_alloc_unbound(DOMID_SELF, DOMID_SELF));
  evtchn_status_t status{};
  status.dom = DOMID_SELF;
  status.port = port;
  if (long error = hypercall_event_channel_op(EVTCHNOP_status, &status))
    test_error("EVTCHNOP_status: %s", errno_name(error));
  event_close(port);
  return own = status.u.unbound.dom;
}

void test_grant_table() {
  if (long error = grant_table_set_up(test_va(test_spare_frames(1)), 1))
    test_error("the grant table: %s", errno_name(error));
}

int test_transfer(u64 frame, u32 domain, grant_ref_t ref) {
  gnttab_transfer_t op{frame, static_cast<domid_t>(domain), ref, 0};
  return test_grant_op(GNTTABOP_transfer, op);
}

int test_move(unsigned operation, u64& frame, u32 domain, grant_ref_t ref) {
  gnttab_transfer_t op{frame, static_cast<domid_t>(domain), ref, 0};
  const int status = test_grant_op(operation, op);
  frame = op.mfn;
  return status;
}

long test_reserve(unsigned operation, xen_pfn_t& frame) {
  xen_pfn_t list[1] = {frame};
  xen_memory_reservation_t r{};
  set_xen_guest_handle(r.extent_start, list);
  r.nr_extents = 1;
  r.domid = DOMID_SELF;
  const long done = hypercall_memory_op(operation, &r);
  frame = list[0];
  return done;
}

void test_give_back(Pfn page) {
  xen_pfn_t frame = test_machine(page);
  test_let_go(page);
  test_equal("decrease", test_reserve(XENMEM_decrease_reservation, frame), 1);
}

void test_get_again(Pfn page) {
  if (test_grant_model() == GrantModel::identity) return;  // what was given back is gone there
  xen_pfn_t frame = page;
  test_equal("populate", test_reserve(XENMEM_populate_physmap, frame), 1);
  test_take_in(page, frame);
}

long test_pages() {
  domid_t self = DOMID_SELF;
  return hypercall_memory_op(XENMEM_current_reservation, &self);
}
