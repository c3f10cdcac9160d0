// The monitor of grants: what it says of each use.
#include <catch2/catch.hpp>

#include "fake_grants.h"

using namespace xs;
using namespace xs::observe;
using namespace xs::test;

TEST_CASE("grants that are used as they were given: nothing is found, everything is counted") {
  Grants w;
  w.map(false);
  w.map(true);
  CHECK(w.counters().grant_active == 2);
  w.unmap(true, GTF_permit_access | GTF_reading);
  w.unmap(false);
  w.allow_and_announce(false);
  w.m.begin(dv(user), op_grant_map);
  w.m.grant(XS_GRANT_COPY_FROM, granter, user, ref, granted);
  w.entry(GTF_permit_access | GTF_reading | GTF_writing);
  w.m.grant(XS_GRANT_COPY_TO, granter, user, ref, granted);
  w.entry(GTF_permit_access);
  w.m.end(dv(user), op_grant_map);
  CHECK(w.found().empty());
  CHECK(w.counters().grant_maps == 2);
  CHECK(w.counters().grant_unmaps == 2);
  CHECK(w.counters().grant_copies == 2);
  CHECK(w.counters().grant_transfers == 0);
  CHECK(w.counters().grant_active == 0);
  CHECK(w.counters().grant_unjudged == 0);
  CHECK(w.counters().rejected == 0);
}

TEST_CASE("a use that was not granted so") {
  Grants w;
  SECTION("to another domain") {
    w.entry(GTF_permit_access | GTF_reading, other);
    w.use(XS_GRANT_MAP);
    CHECK(w.found() == "dom2 maps frame 0x60 for reading by reference 9 of dom1, whose entry is for dom3");
    CHECK(w.m.observer->isolation_violations()[0].text.ends_with(
        "; CPU 0, PC hv.elf: xs_mark_store+0x0, in dom2 vcpu0 grant_table_op.map_grant_ref"));
  }
  SECTION("for reading, not writing") {
    w.entry(GTF_permit_access | GTF_readonly | GTF_reading);
    w.use(XS_GRANT_MAP);
    CHECK(w.found().empty());
    w.entry(GTF_permit_access | GTF_readonly | GTF_reading | GTF_writing);
    w.use(XS_GRANT_MAP, XS_GRANT_WRITE);
    CHECK(w.found() ==
          "dom2 maps frame 0x60 for writing by reference 9 of dom1, whose entry is for reading only");
  }
  SECTION("copied to, though for reading") {
    w.entry(GTF_permit_access | GTF_readonly | GTF_reading | GTF_writing);
    w.use(XS_GRANT_COPY_TO);
    CHECK(w.found() == "dom2 copies to frame 0x60 by reference 9 of dom1, whose entry is for reading only");
  }
  SECTION("not at all") {
    w.entry(GTF_invalid);
    w.use(XS_GRANT_COPY_FROM);
    CHECK(w.found() ==
          "dom2 copies from frame 0x60 by reference 9 of dom1, whose entry does not allow it: flags 0x0");
  }
  SECTION("but not announced") {
    w.entry(GTF_permit_access | GTF_reading);
    w.use(XS_GRANT_MAP, XS_GRANT_WRITE);
    CHECK(w.found() ==
          "dom2 maps frame 0x60 for writing by reference 9 of dom1, whose entry tells nothing of it: flags "
          "0x9");
  }
  SECTION("another frame") {
    w.entry(GTF_permit_access | GTF_reading, user, 0x61);
    w.use(XS_GRANT_MAP);
    CHECK(w.found() ==
          "dom2 maps frame 0x60 for reading by reference 9 of dom1, whose entry names frame 0x61");
  }
  SECTION("another's frame") {
    w.entry(GTF_permit_access | GTF_reading, user, user_l1);
    w.use(XS_GRANT_MAP, 0, user, user_l1);
    CHECK(w.found() == "dom2 maps frame 0x72 for reading by reference 9 of dom1, but the frame is of dom2");
  }
  SECTION("no frame") {
    w.use(XS_GRANT_MAP, 0, user, 0x5000);
    CHECK(w.found() == "dom2 maps frame 0x5000 for reading by reference 9 of dom1, but the frame is of none");
    CHECK(w.counters().rejected == 1);
  }
  SECTION("by a table that is gone") {
    w.allow_and_announce(false);
    w.m.mark(XS_MARK_GRANT_TABLE, granter, 0, invalid_frame);
    w.use(XS_GRANT_MAP);
    CHECK(w.found() ==
          "dom2 maps frame 0x60 for reading by reference 9 of dom1, whose grant table has no such entry");
  }
  SECTION("by a page that was never told") {
    w.m.begin(dv(user), op_grant_map);
    w.m.grant(XS_GRANT_MAP, granter, user, 512, granted);
    CHECK(w.found() ==
          "dom2 maps frame 0x60 for reading by reference 512 of dom1, whose grant table has no such entry");
  }
}

TEST_CASE("a reference in use stays the frame that it was") {
  Grants w;
  w.m.give(granter, 0x61, 21);
  w.m.memory.word(FakeGuest::p2m, 21) = 0x61;
  w.map(false);
  w.entry(GTF_permit_access | GTF_reading, user, 0x61);
  w.use(XS_GRANT_MAP);
  CHECK(w.found().empty());
  w.use(XS_GRANT_MAP, 0, user, 0x61);
  CHECK(w.found() ==
        "dom2 maps frame 0x61 for reading by reference 9 of dom1, which is in use, for frame 0x60");
  CHECK(w.counters().rejected == 1);
}

TEST_CASE("a translated granter's entry names a GFN") {
  Grants w;
  constexpr u64 leaf = 0x90, frame = 0x62, low_window = 0xffff818000000000;
  w.m.set_owner(leaf, XS_OWNER_XEN);
  w.m.set_type(leaf, FakeMachine::type(XS_FRAME_P2M, 0));
  w.m.set_owner(0x75, 4);
  w.m.mark(XS_MARK_DOMAIN_CREATED, 4, 0x75, XS_MODEL_TRANSLATED);
  w.m.mark(XS_MARK_P2M_PAGE, u64{1} << 32 | 4, leaf, 0);
  w.m.give(4, frame, 5);
  w.m.store64(low_window + (leaf << 12) + 5 * 8, frame << XS_P2M_MFN_SHIFT | XS_P2M_PRESENT);
  w.m.mark(XS_MARK_GRANT_TABLE, 4, 0, table);
  const auto map = [&](u64 gfn) {
    w.entry(GTF_permit_access | GTF_reading, user, gfn);
    w.m.begin(dv(user), op_grant_map);
    w.m.grant(XS_GRANT_MAP, 4, user, ref, frame);
    w.m.end(dv(user), op_grant_map);
  };
  SECTION("right") {
    map(5);
    CHECK(w.found().empty());
  }
  SECTION("nothing there") {
    map(6);
    CHECK(
        w.found() ==
        "dom2 maps frame 0x62 for reading by reference 9 of dom4, whose entry names GFN 0x6, where it has no "
        "frame");
  }
}

TEST_CASE("the end of a mapping that there was not") {
  Grants w;
  SECTION("none") {
    w.unmap(false);
    CHECK(w.found() ==
          "dom2 unmaps frame 0x60, for reading, by reference 9 of dom1, which it has not mapped so");
  }
  SECTION("with other rights") {
    w.map(false);
    w.unmap(true, GTF_permit_access | GTF_reading);
    CHECK(w.found() ==
          "dom2 unmaps frame 0x60, for writing, by reference 9 of dom1, which it has not mapped so");
  }
  SECTION("another's") {
    w.map(false);
    w.unmap(false, GTF_permit_access | GTF_reading, other);
    CHECK(w.found() ==
          "dom3 unmaps frame 0x60, for reading, by reference 9 of dom1, which it has not mapped so");
  }
  SECTION("not held") {
    w.map(false);
    w.use(XS_GRANT_UNMAP, XS_GRANT_HELD);
    CHECK(w.found() ==
          "dom2 unmaps frame 0x60, for reading, by reference 9 of dom1, which it has not mapped so");
  }
  CHECK(w.counters().rejected == 1);
}

TEST_CASE("what was announced goes with the last use, and not before") {
  Grants w;
  SECTION("a copy leaves it") {
    w.allow_and_announce(false);
    w.use(XS_GRANT_COPY_FROM);
    CHECK(
        w.found() ==
        "dom2 copies from frame 0x60 by reference 9 of dom1, whose entry still tells of it afterwards: flags "
        "0x9");
  }
  SECTION("a mapping for writing leaves it") {
    w.map(true);
    w.unmap(true, GTF_permit_access | GTF_writing);
    CHECK(w.found() ==
          "dom2 unmaps frame 0x60, for writing, by reference 9 of dom1, whose entry still tells of it "
          "afterwards: flags 0x11");
  }
  SECTION("one of two takes it") {
    w.map(true), w.map(true);
    w.unmap(true);
    CHECK(w.found() ==
          "dom2 unmaps frame 0x60, for writing, by reference 9 of dom1, whose entry tells nothing of other "
          "uses "
          "any more: flags 0x1");
  }
  SECTION("several in one operation") {
    w.map(true), w.map(false);
    w.m.begin(dv(user), op_grant_unmap);
    w.m.grant(XS_GRANT_UNMAP, granter, user, ref, granted);
    w.m.grant(XS_GRANT_UNMAP, granter, user, ref, granted, XS_GRANT_WRITE);
    w.entry(GTF_permit_access);
    w.m.end(dv(user), op_grant_unmap);
    CHECK(w.found().empty());
  }
  SECTION("the operation never ends, and what its caller then does is its own affair") {
    w.map(false);
    w.m.begin(dv(user), op_grant_unmap);
    w.m.grant(XS_GRANT_UNMAP, granter, user, ref, granted);
    w.m.begin(dv(user), op_decrease);
    w.m.end(dv(user), op_decrease);
    CHECK(w.found().empty());
  }
}

TEST_CASE("nothing that a guest writes into its table is a fault of the hypervisor's") {
  Grants w;
  w.watch_quanta();
  SECTION("between operations") {
    w.map(true);
    for (unsigned flags :
         {0u, unsigned{GTF_accept_transfer | GTF_transfer_completed}, unsigned{GTF_transitive}}) {
      w.entry(flags, other, 0x5000);
      w.show(7, true, 1, 1);
      CHECK(w.m.observer->check_invariants().ok());
    }
    w.unmap(true, GTF_accept_transfer | GTF_transfer_completed);
    CHECK(w.found().empty());
  }
  SECTION("flags that it sets itself are not the hypervisor's to take back") {
    w.map(false);
    w.unmap(false, GTF_permit_access | GTF_writing);
    w.entry(GTF_permit_access | GTF_reading | GTF_writing, other);
    CHECK(w.found().empty());
    CHECK(w.m.observer->check_invariants().ok());
  }
  SECTION("by a list of operations that lies there, of grants to itself") {
    w.entry(GTF_permit_access | GTF_reading, granter);
    w.m.mark(XS_MARK_SWITCH, dv(user), dv(granter));
    w.use(XS_GRANT_MAP, 0, granter);
    w.unmap(false, GTF_permit_access | GTF_reading, granter);
    CHECK(w.found().empty());
  }
  SECTION("on another core, during the operation") {
    w.m.mark(XS_MARK_SWITCH, dv(other), dv(granter), 0, 1);
    w.m.begin(dv(user), op_grant_map);
    SECTION("which has run since") {
      ++w.quanta;
      w.entry(GTF_invalid);
      w.m.grant(XS_GRANT_MAP, granter, user, ref, granted);
      CHECK(w.found().empty());
      CHECK(w.counters().grant_unjudged == 1);
    }
    SECTION("which has run since, and left the core") {
      ++w.quanta;
      w.entry(GTF_invalid);
      w.m.mark(XS_MARK_SWITCH, dv(granter), idle_dv, 0, 1);
      w.m.grant(XS_GRANT_MAP, granter, user, ref, granted);
      CHECK(w.found().empty());
    }
    SECTION("which has not: that cannot be") {
      w.entry(GTF_invalid);
      w.m.grant(XS_GRANT_MAP, granter, user, ref, granted);
      CHECK_FALSE(w.found().empty());
    }
  }
  SECTION("another domain that ran meanwhile cannot write it") {
    w.m.begin(dv(user), op_grant_map);
    ++w.quanta;
    w.entry(GTF_invalid);
    w.m.grant(XS_GRANT_MAP, granter, user, ref, granted);
    CHECK_FALSE(w.found().empty());
  }
  SECTION("another domain's use of the same reference") {
    w.map(false);
    w.m.begin(dv(user), op_grant_unmap);
    w.m.grant(XS_GRANT_UNMAP, granter, user, ref, granted);
    ++w.quanta;
    w.m.begin(dv(other), op_grant_map, 0, 1);  // has announced, and not told
    w.m.end(dv(user), op_grant_unmap);
    CHECK(w.found().empty());
    CHECK(w.counters().grant_unjudged == 1);
  }
}

TEST_CASE("nobody dies with grants in use") {
  Grants w;
  w.map(false);
  SECTION("the user") {
    w.m.mark(XS_MARK_DOMAIN_STATE, user, XS_DOM_DEAD);
    CHECK(w.found() == "dom2 is dead, but dom2 maps frame 0x60 by reference 9 of dom1");
  }
  SECTION("the granter") {
    w.m.mark(XS_MARK_DOMAIN_STATE, granter, XS_DOM_DEAD);
    CHECK(w.found() == "dom1 is dead, but dom2 maps frame 0x60 by reference 9 of dom1");
  }
  SECTION("somebody else") {
    w.m.mark(XS_MARK_DOMAIN_STATE, other, XS_DOM_DEAD);
    CHECK(w.found().empty());
    CHECK(w.counters().grant_active == 1);
    return;
  }
  CHECK(w.counters().grant_active == 0);
}

TEST_CASE("a mark that cannot be is counted") {
  Grants w;
  w.m.mark(XS_MARK_GRANT, u64{granter} << 16 | user, u64{8} << XS_GRANT_USE_SHIFT | ref, granted);
  w.m.mark(XS_MARK_GRANT, u64{0x7ff1} << 16 | user, u64{XS_GRANT_MAP} << XS_GRANT_USE_SHIFT | ref, granted);
  w.m.mark(XS_MARK_GRANT, u64{granter} << 16 | user,
           u64{XS_GRANT_MAP} << XS_GRANT_USE_SHIFT | u64{1} << 42 | ref, granted);
  w.m.mark(XS_MARK_GRANT_TABLE, granter, 5000, table);
  w.m.mark(XS_MARK_GRANT_TABLE, granter, 0, 0x5000);
  CHECK(w.counters().rejected == 5);
  CHECK(w.counters().grant_maps == 0);
}
