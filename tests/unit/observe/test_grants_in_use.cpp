// Grants in use: what invariants say of them after a step.
#include <catch2/catch.hpp>

#include "fake_grants.h"

using namespace xs;
using namespace xs::observe;
using namespace xs::test;

TEST_CASE("page tables show others' frames as often as they are mapped by grants") {
  Grants w;
  w.map(false);
  w.show(7, false, 0, 1);
  CHECK(w.m.observer->check_invariants().ok());
  SECTION("once more") {
    w.show(8, false, 0, 2);
    CHECK(w.violation(Invariant::foreign_map) ==
          "frame 0x60 of dom1 is mapped by slot 8 of L1 table 0x72 of dom2, which is more than by grants: 1 "
          "for "
          "reading");
    w.map(false);
    CHECK(w.m.observer->check_invariants().ok());
  }
  SECTION("writable") {
    w.show(7, true, 1, 1);
    CHECK(w.violation(Invariant::foreign_map) ==
          "frame 0x60 of dom1 is mapped writable by slot 7 of L1 table 0x72 of dom2, which is more than by "
          "grants: "
          "1 for reading");
    w.map(true);
    CHECK(w.m.observer->check_invariants().ok());
  }
  SECTION("no more") {
    w.unmap(false);
    CHECK(w.violation(Invariant::foreign_map) ==
          "frame 0x60 of dom1 is mapped by slot 7 of L1 table 0x72 of dom2");
  }
  SECTION("held mappings show nothing") {
    w.unmap(false);
    w.allow_and_announce(false);
    w.use(XS_GRANT_MAP, XS_GRANT_HELD);
    w.m.set_count(granted, XS_COUNT_ALLOCATED | 3);
    CHECK(w.violation(Invariant::foreign_map) ==
          "frame 0x60 of dom1 is mapped by slot 7 of L1 table 0x72 of dom2, which is more than by grants: 1 "
          "for "
          "reading (1 held)");
  }
}

TEST_CASE("references that grants hold themselves are counted") {
  Grants w;
  w.allow_and_announce(true);
  w.use(XS_GRANT_MAP, XS_GRANT_WRITE | XS_GRANT_HELD);
  w.use(XS_GRANT_MAP, XS_GRANT_HELD);
  CHECK(w.violation(Invariant::type_count) ==
        "frame 0x60 of dom1, type none, has 0 type references, but 1 uses are found");
  w.m.set_type(granted, FakeMachine::type(XS_FRAME_WRITABLE, 1));
  CHECK(w.violation(Invariant::type_count) ==
        "frame 0x60 of dom1 has 1 general references, but 3 uses are found");
  w.m.set_count(granted, XS_COUNT_ALLOCATED | 3);
  CHECK(w.m.observer->check_invariants().ok());
}

TEST_CASE("a P2M that the hypervisor holds shows by grants what is mapped so") {
  Grants w;
  constexpr u64 leaf = 0x90, low_window = 0xffff818000000000;
  w.m.set_owner(leaf, XS_OWNER_XEN);
  w.m.set_type(leaf, FakeMachine::type(XS_FRAME_P2M, 0));
  w.m.create(4, 0x75);
  w.m.mark(XS_MARK_DOMAIN_CREATED, 4, 0x75, XS_MODEL_TRANSLATED);
  w.m.mark(XS_MARK_P2M_PAGE, u64{1} << 32 | 4, leaf, 0);
  const auto put = [&](u64 gfn, u64 mfn, u64 bits) {
    const u64 raw = mfn << XS_P2M_MFN_SHIFT | XS_P2M_PRESENT | bits;
    w.m.store64(low_window + (leaf << 12) + gfn * 8, raw);
    w.m.memory.word(leaf, gfn) = raw;
  };
  const auto place = [&](u64 gfn, u64 bits) { put(gfn, granted, XS_P2M_FOREIGN | XS_P2M_GRANTED | bits); };
  w.entry(GTF_permit_access | GTF_reading, 4);
  w.use(XS_GRANT_MAP, 0, 4);
  place(5, 0);
  w.m.set_count(granted, XS_COUNT_ALLOCATED | 2);
  CHECK(w.m.observer->check_invariants().ok());
  SECTION("twice") {
    place(6, 0);
    w.m.set_count(granted, XS_COUNT_ALLOCATED | 3);
    CHECK(w.violation(Invariant::p2m) ==
          "P2M of dom4: GFN 0x6 shows frame 0x60 by a grant, but in use are 1 for reading");
  }
  SECTION("writable") {
    place(5, XS_P2M_WRITABLE);
    w.m.set_type(granted, FakeMachine::type(XS_FRAME_WRITABLE, 1));
    CHECK(w.violation(Invariant::p2m) ==
          "P2M of dom4: GFN 0x5 shows frame 0x60 writable by a grant, but in use are 1 for reading");
  }
  SECTION("when it is over") {
    w.unmap(false, GTF_permit_access, 4);
    const CheckReport r = w.m.observer->check_invariants();
    REQUIRE(r.violation_count == 2);
    CHECK(r.violations[0].text.starts_with("P2M of dom4: GFN 0x5 names frame 0x60, which dom1 owns"));
    CHECK(r.violations[1].text.starts_with(
        "P2M of dom4: GFN 0x5 shows frame 0x60 by a grant, but none of the frame is in use"));
  }
  SECTION("its own frame, at another place than its own") {
    w.m.give(4, 0x63, 8);
    w.m.set_count(0x63, XS_COUNT_ALLOCATED | 2);
    w.m.grant(XS_GRANT_MAP, 4, 4, ref, 0x63);
    put(8, 0x63, 0);
    put(9, 0x63, XS_P2M_FOREIGN | XS_P2M_GRANTED);
    CHECK(w.m.observer->check_invariants().ok());
  }
}

TEST_CASE("a user that overwrites its entry has let go of the frame") {
  Grants w;
  w.map(false);
  w.m.release(granted);
  w.m.memory.word(FakeGuest::p2m, 20) = invalid_frame;
  CHECK(w.m.observer->check_invariants().ok());
  CHECK(w.fill(granted, false) == 1);
  w.m.give(other, granted, 1);
  CHECK(w.fill(granted, false) == 2);
  w.show(7, false, 0, 1);
  CHECK(w.violation(Invariant::foreign_map) ==
        "frame 0x60 of dom3 is mapped by slot 7 of L1 table 0x72 of dom2");
}

TEST_CASE("what a grant holds itself stays the granter's") {
  Grants w;
  w.allow_and_announce(false);
  w.use(XS_GRANT_MAP, XS_GRANT_HELD);
  w.m.memory.word(FakeGuest::p2m, 20) = invalid_frame;
  w.m.set_owner(granted, other);
  w.m.set_count(granted, XS_COUNT_ALLOCATED | 2);
  CHECK(w.violation(Invariant::grant) == "frame 0x60 of dom3 is held by dom2 by reference 9 of dom1");
}

TEST_CASE("tables of grants are their domains'") {
  Grants w;
  w.m.set_type(table, FakeMachine::type(XS_FRAME_NONE, 0));
  CHECK(w.violation(Invariant::grant) ==
        "page 0 of the grant table of dom1 is frame 0x50 of dom1, which has type none");
  w.m.set_type(table, FakeMachine::type(XS_FRAME_SHARED, 1));
  w.m.mark(XS_MARK_GRANT_TABLE, other, 0, table);
  CHECK(w.violation(Invariant::grant) ==
        "page 0 of the grant table of dom3 is frame 0x50 of dom1, which has type shared");
}

TEST_CASE("frames of a granter are in motion when those are who use them") {
  Grants w;
  w.map(false);
  w.show(7, false, 0, 1);
  w.m.set_count(granted, XS_COUNT_ALLOCATED | 3);  // taken, and its entry not made
  CHECK_FALSE(w.m.observer->check_invariants().ok());
  SECTION("by an operation that has told of it") {
    w.m.begin(dv(user), op_decrease);
    CHECK(w.m.observer->check_invariants().ok());
  }
  SECTION("by one that has not yet") {
    w.m.begin(dv(other), op_grant_map, 0, 1);
    CHECK(w.m.observer->check_invariants().ok());
  }
  SECTION("not by anybody else's") {
    w.m.begin(dv(other), op_decrease, 0, 1);
    CHECK_FALSE(w.m.observer->check_invariants().ok());
  }
}
