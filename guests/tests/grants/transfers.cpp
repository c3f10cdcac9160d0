#include "guests/tests/grants/grants.h"

namespace {
constexpr u64 no_frame = 0x3fffffffff;

void check_bad_pages(const OwnGrant& g) {
  const u32 own = test_own_domain();
  const GrantMapping m = test_map_grant(test_grant_place(), own, g.ref);
  test_status("map", m.status, GNTST_okay);
  const long before = test_pages();
  test_refusal("transfer of no frame", test_transfer(no_frame, own, g.ref), GNTST_bad_page);
  test_refusal("transfer of shared_info", test_transfer(boot_info->shared_info / page_bytes, own, g.ref),
               GNTST_bad_page);
  test_refusal("transfer of what others use", test_transfer(g.machine(), own, g.ref), GNTST_bad_page);
  test_equal("current_reservation", test_pages(), before);
  test_equal("what the frame holds", static_cast<s64>(g.word()), 0x600d);
  test_equal("what is mapped", static_cast<s64>(touch_read(m.va).value), 0x600d);
  test_status("unmap", test_unmap_grant(m), GNTST_okay);
}

// Whose frame could not be delivered has lost it all the same.
void check_lost(const char* what, u32 domain, grant_ref_t ref, int expected) {
  const Pfn page = test_spare_frames(1);
  *static_cast<volatile u64*>(test_va(page)) = 0x1057;
  const u64 frame = test_machine(page);
  const long before = test_pages();
  test_let_go(page);
  test_refusal(what, test_transfer(frame, domain, ref), expected);
  const bool replaced = test_transfer_replaces();
  test_equal("current_reservation", test_pages(), replaced ? before : before - 1);
  if (replaced)
    test_equal("what is there instead", static_cast<s64>(touch_read(test_va(page)).value), 0);
  else
    test_check(touch_read(test_va(page)).faulted, "%s: the frame is still there", what);
  if (!replaced) test_get_again(page);
}

void check_delivered() {
  const Pfn page = test_spare_frames(3), place = page + 1, room = page + 2;
  *static_cast<volatile u64*>(test_va(page)) = 0xde11;
  const u64 frame = test_machine(page);
  const long before = test_pages();
  test_give_back(place);
  test_give_back(room);  // until the transfer is over the domain has a frame more
  const grant_ref_t ref =
      grant_transfer_ref(static_cast<domid_t>(test_own_domain()), guest_is_translated() ? place : 0);
  test_check(ref != no_grant, "no reference for a transfer");
  volatile grant_entry_v1_t& entry = grant_entry(ref);
  test_let_go(page);
  test_status("transfer", test_transfer(frame, test_own_domain(), ref), GNTST_okay);
  test_equal("flags", entry.flags, GTF_accept_transfer | GTF_transfer_committed | GTF_transfer_completed);
  const u64 got = grant_end_transfer(ref);
  test_equal("the frame's number", static_cast<s64>(got), guest_is_translated() ? place : frame);
  test_equal("flags of an ended entry", entry.flags, 0);
  void* const va = test_take_in(place, got);
  test_equal("what the frame holds", static_cast<s64>(touch_read(va).value), 0xde11);
  if (guest_is_translated() && !test_transfer_replaces())
    test_check(touch_read(test_va(page)).faulted, "the frame is in its old place");
  if (test_transfer_replaces())
    test_equal("its old place", static_cast<s64>(touch_read(test_va(page)).value), 0);
  if (!test_transfer_replaces()) test_get_again(page);
  test_get_again(room);
  test_equal("current_reservation", test_pages(),
             test_grant_model() == GrantModel::identity ? before - 2 : before);
}
}  // namespace

void check_transfers() {
  const OwnGrant g = grant_to_self();
  check_bad_pages(g);
  check_lost("transfer to no domain", test_no_such_domain, g.ref, GNTST_bad_domain);
  check_lost("transfer to DOMID_SELF", DOMID_SELF, g.ref, GNTST_bad_domain);
  check_delivered();
  const grant_ref_t unused = grant_transfer_ref(static_cast<domid_t>(test_own_domain()), 0);
  test_equal("the end of an entry that got nothing", static_cast<s64>(grant_end_transfer(unused)), -1);
  end_grant(g);
}
