#include "guests/tests/grants-foreign/foreign.h"
#include "hypervisor/abi/grants.h"

// A frame of ours for one of its own, both ways in one step.
void check_exchange(Child& child) {
  if (!test_on_this_hypervisor()) return;
  constexpr unsigned offered = 5;
  const Pfn page = test_spare_frames(1);
  *static_cast<volatile u64*>(test_va(page)) = 0xe4c4;
  u64 number = test_machine(page);
  const s64 theirs = pages_of(child.domain), ours = test_pages();
  const grant_ref_t ref =
      child.write(GTF_accept_transfer | XS_GTF_EXCHANGE, child.frames[offered], test_own_domain());
  test_let_go(page);
  test_status("exchange", test_move(XS_GNTTABOP_exchange, number, child.domain, ref), GNTST_okay);
  test_equal("its frames", pages_of(child.domain), theirs);
  test_equal("frames of our own", test_pages(), ours);
  test_equal("what we have got", static_cast<s64>(touch_read(test_take_in(page, number)).value), 0);
  const grant_ref_t back = child.write(GTF_permit_access, child.entry(ref).frame, test_own_domain());
  const GrantMapping m = test_map_grant(test_grant_place(), child.domain, back);
  test_status("map what it has got", m.status, GNTST_okay);
  test_equal("what it holds", static_cast<s64>(touch_read(m.va).value), 0xe4c4);
  test_status("unmap it", test_unmap_grant(m), GNTST_okay);
  const grant_ref_t bad = child.write(GTF_accept_transfer | XS_GTF_EXCHANGE, 0xfffffff0, test_own_domain());
  test_let_go(page);
  test_status("exchange for nothing", test_move(XS_GNTTABOP_exchange, number, child.domain, bad),
              GNTST_bad_gntref);
  test_status("donation to nobody who asks", test_move(XS_GNTTABOP_donate, number, child.domain, ref),
              GNTST_bad_gntref);
  test_check(!touch_read(test_take_in(page, number)).faulted, "what was refused has gone");
}
