// The monitor of grants: frames that change hands by a transfer, or are exchanged.
#include <catch2/catch.hpp>

#include "fake_grants.h"
#include "hypervisor/abi/grants.h"

using namespace xs;
using namespace xs::observe;
using namespace xs::test;

TEST_CASE("a transfer: the receiver owns the frame, and has asked for it") {
  Grants w;
  constexpr unsigned committed = GTF_accept_transfer | GTF_transfer_committed;
  w.m.set_owner(0x63, granter);
  SECTION("so it is") {
    w.entry(committed, user, 0);
    w.use(XS_GRANT_TRANSFER, 0, user, 0x63);
    CHECK(w.found().empty());
    CHECK(w.counters().grant_transfers == 1);
    CHECK(w.counters().grant_active == 0);
  }
  SECTION("by a reference that its owner has rewritten while it is mapped") {
    w.map(false);
    w.entry(committed, user, 0);
    w.use(XS_GRANT_TRANSFER, 0, user, 0x63);
    CHECK(w.found().empty());
  }
  SECTION("not the receiver's") {
    w.m.set_owner(0x63, user);
    w.entry(committed, user, 0);
    w.use(XS_GRANT_TRANSFER, 0, user, 0x63);
    CHECK(w.found() == "dom2 gives frame 0x63 for reference 9 of dom1, but the frame is of dom2");
  }
  SECTION("not asked for") {
    w.entry(GTF_permit_access, user, 0);
    w.use(XS_GRANT_TRANSFER, 0, user, 0x63);
    CHECK(w.found() ==
          "dom2 gives frame 0x63 for reference 9 of dom1, whose entry does not allow it: flags 0x1");
  }
  SECTION("asked of somebody else") {
    w.entry(committed, other, 0);
    w.use(XS_GRANT_TRANSFER, 0, user, 0x63);
    CHECK(w.found() == "dom2 gives frame 0x63 for reference 9 of dom1, whose entry is for dom3");
  }
  SECTION("not announced") {
    w.entry(GTF_accept_transfer, user, 0);
    w.use(XS_GRANT_TRANSFER, 0, user, 0x63);
    CHECK(w.found() ==
          "dom2 gives frame 0x63 for reference 9 of dom1, whose entry tells nothing of it: flags 0x2");
  }
}

TEST_CASE("an exchange: each has got the other's frame, and the receiver has offered its own") {
  Grants w;
  constexpr unsigned offered = GTF_accept_transfer | XS_GTF_EXCHANGE,
                     committed = offered | GTF_transfer_committed;
  constexpr u64 given = 0x63, returned = 0x64;
  w.m.set_owner(given, granter);
  w.m.set_owner(returned, user);
  SECTION("so it is") {
    w.entry(committed, user, returned);
    w.use(XS_GRANT_EXCHANGE_TO, 0, user, given);
    w.use(XS_GRANT_EXCHANGE_FROM, 0, user, returned);
    CHECK(w.found().empty());
    CHECK(w.counters().grant_exchanged == 2);
    CHECK(w.counters().grant_transfers == 0);
    CHECK(w.counters().grant_active == 0);
  }
  SECTION("the frame that is given has not become the receiver's") {
    w.m.set_owner(given, user);
    w.entry(committed, user, returned);
    w.use(XS_GRANT_EXCHANGE_TO, 0, user, given);
    CHECK(w.found() == "dom2 gives frame 0x63 in exchange for reference 9 of dom1, but the frame is of dom2");
  }
  SECTION("the receiver still has its own") {
    w.m.set_owner(returned, granter);
    w.entry(committed, user, returned);
    w.use(XS_GRANT_EXCHANGE_FROM, 0, user, returned);
    CHECK(w.found() == "dom2 gets frame 0x64 in exchange by reference 9 of dom1, but the frame is of dom1");
  }
  SECTION("another one of the receiver's than it has offered") {
    w.entry(committed, user, 0x65);
    w.use(XS_GRANT_EXCHANGE_FROM, 0, user, returned);
    CHECK(w.found() ==
          "dom2 gets frame 0x64 in exchange by reference 9 of dom1, whose entry names frame 0x65");
  }
  SECTION("by an entry that is for a transfer, and the other way round") {
    w.entry(GTF_accept_transfer | GTF_transfer_committed, user, returned);
    w.use(XS_GRANT_EXCHANGE_TO, 0, user, given);
    CHECK(w.found() ==
          "dom2 gives frame 0x63 in exchange for reference 9 of dom1, whose entry is for a transfer");
  }
  SECTION("a transfer by an entry that is for an exchange") {
    w.entry(committed, user, returned);
    w.use(XS_GRANT_TRANSFER, 0, user, given);
    CHECK(w.found() == "dom2 gives frame 0x63 for reference 9 of dom1, whose entry is for an exchange");
  }
  SECTION("offered to somebody else") {
    w.entry(committed, other, returned);
    w.use(XS_GRANT_EXCHANGE_FROM, 0, user, returned);
    CHECK(w.found() == "dom2 gets frame 0x64 in exchange by reference 9 of dom1, whose entry is for dom3");
  }
  SECTION("not announced") {
    w.entry(offered, user, returned);
    w.use(XS_GRANT_EXCHANGE_TO, 0, user, given);
    CHECK(w.found().find("whose entry tells nothing of it") != std::string::npos);
  }
}

TEST_CASE("in the middle of a move the domains that it may be for are not judged") {
  const u64 moves = GENERATE(u64{XS_GNTTABOP_donate}, u64{XS_GNTTABOP_exchange}, u64{GNTTABOP_transfer});
  Grants w;
  w.m.give(granter, 0x63, 30);  // a frame that its P2M has not
  w.g.settle();
  CHECK_FALSE(w.m.observer->check_invariants().ok());
  w.m.begin(dv(user), u64{__HYPERVISOR_grant_table_op} << 32 | moves);
  CHECK(w.m.observer->check_invariants().ok());
  w.m.end(dv(user), u64{__HYPERVISOR_grant_table_op} << 32 | moves);
  CHECK_FALSE(w.m.observer->check_invariants().ok());
}
