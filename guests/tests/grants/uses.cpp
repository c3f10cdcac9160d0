#include "guests/tests/grants/grants.h"

namespace {
GrantMapping mapped(const OwnGrant& g, u32 flags = GNTMAP_host_map) {
  const GrantMapping m = test_map_grant(test_grant_place(), test_own_domain(), g.ref, flags);
  test_status("map", m.status, GNTST_okay);
  return m;
}

long decrease(xen_pfn_t frame) { return test_reserve(XENMEM_decrease_reservation, frame); }

long place_shared_info(Pfn at) {
  xen_add_to_physmap_t request{};
  request.domid = DOMID_SELF;
  request.space = XENMAPSPACE_shared_info;
  request.gpfn = at;
  return hypercall_memory_op(XENMEM_add_to_physmap, &request);
}
}  // namespace

// Its owner may give it back: it is the domain's until nobody uses it any more.
void check_given_back() {
  const OwnGrant g = grant_to_self();
  const GrantMapping m = mapped(g);
  const u64 frame = g.machine();
  test_let_go(g.page);
  test_equal("give a granted frame back", decrease(frame), 1);
  test_equal("what its mapping shows", static_cast<s64>(touch_read(m.va).value), 0x600d);
  test_status("unmap", test_unmap_grant(m), GNTST_okay);
  test_check(touch_read(m.va).faulted, "a frame that is nobody's can be read");
  test_refusal("map what was given back", test_map_grant(test_grant_place(), test_own_domain(), g.ref).status,
               GNTST_general_error);
  test_get_again(g.page);
  end_grant(g);
}

// A device needs the machine's address. Mapped for devices and for the processor, each part ends by itself.
void check_devices() {
  const OwnGrant g = grant_to_self();
  const u64 machine = g.machine() * page_bytes;
  constexpr u32 both = GNTMAP_host_map | GNTMAP_device_map;
  GrantMapping m = mapped(g, both);
  test_equal("address for devices", static_cast<s64>(m.device_address), static_cast<s64>(machine));
  test_status("unmap for the processor", test_unmap_grant(m), GNTST_okay);
  test_equal("flags", g.flags(), GTF_permit_access | in_use);
  test_refusal("unmap at another address", test_unmap_grant(m.handle, 0, machine + page_bytes),
               GNTST_bad_dev_addr);
  test_status("unmap for devices", test_unmap_grant(m.handle, 0, machine), GNTST_okay);
  test_equal("flags then", g.flags(), GTF_permit_access);
  test_status("unmap again", test_unmap_grant(m.handle, 0, machine), GNTST_bad_handle);
  m = mapped(g, GNTMAP_device_map | GNTMAP_readonly);
  test_equal("flags of what a device reads", g.flags(), GTF_permit_access | GTF_reading);
  test_status("unmap that", test_unmap_grant(m.handle, 0, machine), GNTST_okay);
  m = mapped(g, both);
  gnttab_unmap_grant_ref_t parts[] = {{m.address, 0, m.handle, 0}, {0, machine, m.handle, 0}};
  test_equal("unmap both parts by one list",
             hypercall_grant_table_op(GNTTABOP_unmap_grant_ref, parts, count_of(parts)), 0);
  for (const auto& part : parts) test_check(part.status <= 0, "a part: status %d", part.status);
  if (g.flags() != GTF_permit_access) test_unmap_grant(m.handle, m.address, machine);
  test_equal("flags at last", g.flags(), GTF_permit_access);
  end_grant(g);
}

void check_replaced() {
  const OwnGrant g = grant_to_self();
  const Pfn other = test_spare_frames(1);
  *static_cast<volatile u64*>(test_va(other)) = 0x4e3;
  const GrantMapping m = mapped(g);
  const u64 from = guest_is_translated() ? other * page_bytes : hypercall_arg(test_va(other));
  gnttab_unmap_and_replace_t op{m.address, hypercall_arg(test_unmapped), m.handle, 0};
  test_check(test_grant_op(GNTTABOP_unmap_and_replace, op) < 0, "replaced by what is not there");
  test_equal("what it shows", static_cast<s64>(touch_read(m.va).value), 0x600d);
  op = {m.address, from, m.handle, 0};
  if (test_grant_model() == GrantModel::identity) {
    test_refusal("replace", test_grant_op(GNTTABOP_unmap_and_replace, op), GNTST_general_error);
    test_status("unmap", test_unmap_grant(m), GNTST_okay);
    return end_grant(g);
  }
  test_status("replace", test_grant_op(GNTTABOP_unmap_and_replace, op), GNTST_okay);
  test_equal("what is there instead", static_cast<s64>(touch_read(m.va).value), 0x4e3);
  test_check(touch_read(test_va(other)).faulted, "it is still where it was, too");
  test_check(!touch_write(m.va, 0x4e4).faulted, "it cannot be written there");
  test_equal("flags", g.flags(), GTF_permit_access);
  test_status("unmap what was replaced", test_unmap_grant(m), GNTST_bad_handle);
  end_grant(g);
}

// What a grant has put into the P2M only the grant's end takes out.
void check_translated() {
  const OwnGrant g = grant_to_self();
  const GrantMapping m = mapped(g);
  const Pfn number = m.address / page_bytes;
  xen_remove_from_physmap_t remove{DOMID_SELF, number};
  test_check(hypercall_memory_op(XENMEM_remove_from_physmap, &remove) < 0,
             "remove_from_physmap of a mapping");
  test_equal("decrease of a mapping", decrease(number), 0);
  xen_pfn_t frame = number;
  test_equal("populate over a mapping", test_reserve(XENMEM_populate_physmap, frame), 0);
  test_check(place_shared_info(number) < 0, "shared_info over a mapping");
  test_equal("what it shows", static_cast<s64>(touch_read(m.va).value), 0x600d);
  test_equal("flags", g.flags(), GTF_permit_access | in_use);
  test_status("unmap", test_unmap_grant(m), GNTST_okay);
  test_equal("decrease of what is not there", decrease(number), 0);
  end_grant(g);
}
