// Frames that are exchanged and donated (hypervisor/abi/grants.h): operations of this hypervisor alone.
#include "guests/tests/grants/grants.h"
#include "hypervisor/abi/grants.h"

namespace {
constexpr u64 first_word = 0xaaa1, second_word = 0xbbb2;

volatile u64& word_of(Pfn page) { return *static_cast<volatile u64*>(test_va(page)); }

struct Pair {
  Pfn given, offered;
  u64 given_number, offered_number;
};

// Two pages with contents, mapped nowhere.
Pair let_go_of_two() {
  const Pfn page = test_spare_frames(2);
  word_of(page) = first_word;
  word_of(page + 1) = second_word;
  const Pair p{page, page + 1, test_machine(page), test_machine(page + 1)};
  test_let_go(p.given);
  test_let_go(p.offered);
  return p;
}

grant_ref_t offer(u64 number, u16 flags = XS_GTF_EXCHANGE) {
  const grant_ref_t ref = grant_transfer_ref(static_cast<domid_t>(test_own_domain()), number, flags);
  test_check(ref != no_grant, "no reference for an exchange");
  return ref;
}

int exchange(u64& number, u32 domain, grant_ref_t ref) {
  return test_move(XS_GNTTABOP_exchange, number, domain, ref);
}

void check_exchanged() {
  const Pair p = let_go_of_two();
  const long before = test_pages();
  const grant_ref_t ref = offer(p.offered_number);
  u64 got = p.given_number;
  test_status("exchange", exchange(got, test_own_domain(), ref), GNTST_okay);
  test_equal("flags", grant_entry(ref).flags,
             GTF_accept_transfer | XS_GTF_EXCHANGE | GTF_transfer_committed | GTF_transfer_completed);
  u64 again = p.given_number;
  test_refusal("exchange by the same entry", exchange(again, test_own_domain(), ref), GNTST_bad_gntref);
  const u64 came = grant_end_transfer(ref);
  const bool named = !guest_is_translated();
  test_equal("what the caller has got", static_cast<s64>(got),
             static_cast<s64>(named ? p.offered_number : p.given_number));
  test_equal("what the receiver has got", static_cast<s64>(came),
             static_cast<s64>(named ? p.given_number : p.offered_number));
  test_equal("what the caller's page holds", static_cast<s64>(touch_read(test_take_in(p.given, got)).value),
             second_word);
  test_equal("and the receiver's", static_cast<s64>(touch_read(test_take_in(p.offered, came)).value),
             first_word);
  test_equal("current_reservation", test_pages(), before);
}

// Whatever is refused stays where it is.
void check_refused() {
  const Pair p = let_go_of_two();
  const u32 own = test_own_domain();
  const auto refused = [&](const char* what, u64 number, u32 domain, grant_ref_t ref, int expected) {
    test_status(what, exchange(number, domain, ref), expected);
  };
  const long before = test_pages();
  const grant_ref_t good = offer(p.offered_number), plain = offer(p.offered_number, 0),
                    itself = offer(p.given_number), nothing = offer(0xfffffff0);
  refused("with no domain", p.given_number, test_no_such_domain, good, GNTST_bad_domain);
  refused("with DOMID_SELF", p.given_number, DOMID_SELF, good, GNTST_bad_domain);
  refused("by an entry beyond the table", p.given_number, own, 0xffffff, GNTST_bad_gntref);
  refused("by an entry for a transfer", p.given_number, own, plain, GNTST_bad_gntref);
  refused("of a frame for itself", p.given_number, own, itself, GNTST_bad_gntref);
  refused("for no frame", p.given_number, own, nothing, GNTST_bad_gntref);
  refused("of no frame", 0x3fffffffff, own, good, GNTST_bad_page);
  refused("of shared_info", boot_info->shared_info / page_bytes, own, good, GNTST_bad_page);
  u64 number = p.given_number;
  test_status("donation by an entry for an exchange", test_move(XS_GNTTABOP_donate, number, own, good),
              GNTST_bad_gntref);
  const OwnGrant g = grant_to_self();
  const GrantMapping m = test_map_grant(test_grant_place(), own, g.ref);
  test_status("map", m.status, GNTST_okay);
  refused("of what others use", g.machine(), own, good, GNTST_bad_page);
  const grant_ref_t used = offer(g.machine());
  refused("for what others use", p.given_number, own, used, GNTST_bad_gntref);
  test_status("unmap", test_unmap_grant(m), GNTST_okay);
  end_grant(g);
  const grant_ref_t all[] = {good, plain, itself, nothing, used};
  for (grant_ref_t ref : all)
    test_equal("what an entry that was refused has got", static_cast<s64>(grant_end_transfer(ref)), -1);
  test_equal("current_reservation", test_pages(), before);
  test_equal("what one page holds", static_cast<s64>(touch_read(test_take_in(p.given, p.given_number)).value),
             first_word);
  test_equal("and the other", static_cast<s64>(touch_read(test_take_in(p.offered, p.offered_number)).value),
             second_word);
}

// As a transfer, but a hole is left wherever the model has such.
void check_donated() {
  const Pfn page = test_spare_frames(2), place = page + 1;
  word_of(page) = first_word;
  u64 number = test_machine(page);
  test_give_back(place);
  const long before = test_pages();
  test_let_go(page);
  const grant_ref_t ref = offer(guest_is_translated() ? place : 0, 0);
  test_status("donate", test_move(XS_GNTTABOP_donate, number, test_own_domain(), ref), GNTST_okay);
  const u64 got = grant_end_transfer(ref);
  test_equal("what it holds", static_cast<s64>(touch_read(test_take_in(place, got)).value), first_word);
  test_equal("current_reservation", test_pages(), before);
  if (guest_is_translated()) test_check(touch_read(test_va(page)).faulted, "there is no hole");
  test_get_again(page);
}
}  // namespace

void check_moves() {
  if (!test_on_this_hypervisor()) return;
  check_exchanged();
  check_refused();
  if (test_grant_model() != GrantModel::identity) check_donated();
}
