// The monitors of grants and of isolation: who may see a granted frame, and what TLBs have of it.
#include <catch2/catch.hpp>

#include "fake_grants.h"

using namespace xs;
using namespace xs::observe;
using namespace xs::test;

TEST_CASE("when the last mapping has ended, no TLB has it for the user") {
  Grants w;
  w.map(true);
  w.tlb = {{0, granted}};
  SECTION("not flushed") {
    w.unmap(true);
    CHECK(
        w.found() ==
        "dom2 unmaps frame 0x60, for writing, by reference 9 of dom1, but the TLB of CPU 0 still maps it for "
        "guest code");
  }
  SECTION("flushed") {
    w.tlb.clear();
    w.unmap(true);
    CHECK(w.found().empty());
  }
  SECTION("there is another mapping of the frame") {
    w.entry(GTF_permit_access | GTF_reading, user, granted, ref + 1);
    w.m.begin(dv(user), op_grant_map);
    w.m.grant(XS_GRANT_MAP, granter, user, ref + 1, granted);
    w.m.end(dv(user), op_grant_map);
    w.unmap(true);
    CHECK(w.found().empty());
  }
  SECTION("one that is held for devices shows nothing") {
    w.use(XS_GRANT_MAP, XS_GRANT_WRITE | XS_GRANT_HELD);
    w.unmap(true, GTF_permit_access | GTF_reading | GTF_writing);
    CHECK_FALSE(w.found().empty());
  }
  SECTION("a TLB that somebody else uses") {
    w.tlb = {{1, granted}};
    w.unmap(true);
    CHECK(w.found().empty());
  }
}

TEST_CASE("who may see the frame anyway must not see it by what the tables do not have") {
  Grants w;
  const bool privileged = GENERATE(true, false);
  const u32 who = privileged ? 0 : granter;
  bool outlives = true;
  w.m.observer->watch_outlived([&](unsigned cpu, u64 mfn) { return cpu == 0 && mfn == granted && outlives; });
  w.entry(GTF_permit_access | GTF_reading, who);
  w.m.mark(XS_MARK_SWITCH, dv(user), dv(who));
  w.tlb = {{0, granted}};
  const std::string text =
      "unmaps frame 0x60, for reading, by reference 9 of dom1, but the TLB of CPU 0 still "
      "maps it for guest code";
  SECTION("it does") {
    w.use(XS_GRANT_MAP, 0, who);
    w.unmap(false, GTF_permit_access, who);
    CHECK(w.found() == (privileged ? "dom0 " : "dom1 ") + text);
  }
  SECTION("it sees it by what they have") {
    outlives = false;
    w.use(XS_GRANT_MAP, 0, who);
    w.unmap(false, GTF_permit_access, who);
    CHECK(w.found().empty());
  }
  SECTION("nothing was shown, nothing flushed") {
    w.use(XS_GRANT_MAP, XS_GRANT_HELD, who);
    w.use(XS_GRANT_UNMAP, XS_GRANT_HELD, who);
    w.m.begin(dv(who), op_grant_map);
    w.m.grant(XS_GRANT_MAP, granter, who, ref, granted);
    w.m.grant(XS_GRANT_UNMAP, granter, who, ref, granted);
    w.entry(GTF_permit_access, who);
    w.m.end(dv(who), op_grant_map);
    // The entry is still told of after the use that was held: not what this is about.
    for (const Violation& v : w.m.observer->isolation_violations())
      CHECK(v.text.find("TLB") == std::string::npos);
  }
  SECTION("on another core, where it goes on running") {
    for (const xs_grant_use use : {XS_GRANT_MAP, XS_GRANT_UNMAP}) {
      w.m.begin(dv(who, 1), op_grant_map, 0, 1);
      w.m.grant(use, granter, who, ref, granted, 0, 1);
      w.entry(GTF_permit_access, who);
      w.m.end(dv(who, 1), op_grant_map, 0, 1);
      w.entry(GTF_permit_access | GTF_reading, who);
    }
    CHECK(w.found().empty());
  }
}

TEST_CASE("with tags, a TLB is asked for what the running one reaches") {
  Grants w("ia64");
  std::vector<ReachablePage> pages;
  w.m.observer->watch_tags([&](unsigned cpu) { return cpu == 0 ? pages : std::vector<ReachablePage>(); });
  w.tlb = {{0, granted}};  // the granter's own, from before
  w.map(false);
  SECTION("by no tag of its own") {
    pages = {{0x4000, (granted + 1) << 12, 0x4000, false}};
    w.m.set_owner(granted + 1, user), w.m.set_owner(granted + 2, user);
    w.m.set_owner(granted + 3, user), w.m.set_owner(granted + 4, user);
    w.unmap(false);
    CHECK(w.found().empty());
  }
  SECTION("within a large page") {
    pages = {{0x4000, 0x5c << 12, 0x10000, false}};
    w.m.begin(dv(user), op_grant_unmap);
    w.m.grant(XS_GRANT_UNMAP, granter, user, ref, granted);
    CHECK(
        w.found() ==
        "dom2 unmaps frame 0x60, for reading, by reference 9 of dom1, but the TLB of CPU 0 still maps it for "
        "guest code");
  }
}

TEST_CASE("a domain sees what it has mapped by a grant, and as it has") {
  Grants w;
  CHECK(w.fill(granted, false) == 1);
  w.map(false);
  CHECK(w.fill(granted, false) == 1);
  CHECK(w.fill(granted, true) == 2);
  w.map(true);
  CHECK(w.fill(granted, true) == 2);
  w.unmap(true, GTF_permit_access | GTF_reading);
  w.unmap(false);
  CHECK(w.fill(granted, false) == 3);
  w.allow_and_announce(true);
  w.use(XS_GRANT_MAP, XS_GRANT_WRITE | XS_GRANT_HELD);
  CHECK(w.fill(granted, false) == 4);  // for devices
}

TEST_CASE("where there are no tables, the grant itself shows the frame") {
  Grants w;
  w.m.set_owner(0x75, 4);
  w.m.mark(XS_MARK_DOMAIN_CREATED, 4, 0x75, XS_MODEL_IDENTITY);
  w.entry(GTF_permit_access | GTF_reading, 4);
  w.use(XS_GRANT_MAP, XS_GRANT_HELD, 4);
  w.m.mark(XS_MARK_SWITCH, dv(user), dv(4));
  CHECK(w.fill(granted, false) == 0);
  CHECK(w.fill(granted, true) == 1);
}
