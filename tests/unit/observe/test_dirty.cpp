// The monitor of log-dirty: what has changed since the last report must be in the next one.
#include <catch2/catch.hpp>

#include "fake_grants.h"

using namespace xs;
using namespace xs::observe;
using namespace xs::test;

namespace {

constexpr u64 bits = 0x20, first = 0x63, second = 0x64, first_gfn = 100, second_gfn = 40'000;

struct Logged : Grants {
  Logged() {
    m.give(user, first, first_gfn);
    m.give(user, second, second_gfn);
    tell(XS_LOG_DIRTY_ENABLE, 0, 0, 0);
  }
  void tell(u32 what, u64 group, u64 b, u64 c) {
    m.mark(XS_MARK_LOG_DIRTY, user | u64{what} << XS_LOG_DIRTY_WHAT_SHIFT | group << XS_LOG_DIRTY_GROUP_SHIFT,
           b, c);
  }
  void write(u64 mfn) { m.memory.word(mfn, 77)++; }
  /// Violations so far, behind a report of the group that tells of these pages of it.
  u64 report(u64 group, std::set<u64> pages, bool clean = true, u64 count = XS_LOG_DIRTY_PAGES_PER_GROUP) {
    for (u64 word = 0; word < 512; ++word) m.memory.word(bits, word) = 0;
    for (u64 page : pages) m.memory.word(bits, page / 64) |= u64{1} << page % 64;
    tell(clean ? XS_LOG_DIRTY_CLEANED_GROUP : XS_LOG_DIRTY_PEEKED_GROUP, group, bits, count);
    return counters().isolation_violations;
  }
  u64 peek(u64 group, std::set<u64> pages) { return report(group, std::move(pages), false); }
};

}  // namespace

TEST_CASE("a page that changed is told of, once") {
  Logged l;
  CHECK(l.report(0, {}) == 0);
  l.write(first);
  CHECK(l.peek(0, {first_gfn}) == 0);
  CHECK(l.report(0, {first_gfn}) == 0);
  CHECK(l.report(0, {}) == 0);
  CHECK(l.report(0, {first_gfn, 5}) == 0);  // more than that may be told
  CHECK(l.counters().log_dirty_changed == 1);
}

TEST_CASE("one that is not told of is a violation, in a report and in a look") {
  Logged l;
  l.write(first);
  CHECK(l.peek(0, {first_gfn + 1}) == 1);
  CHECK(l.m.observer->isolation_violations()[0].which == Invariant::dirty);
  CHECK(l.m.observer->isolation_violations()[0].text.starts_with(
      "page 0x64 of dom2, frame 0x63, has changed since log-dirty was last asked, and is not reported; CPU "
      "0, "
      "PC "));
  CHECK(l.report(0, {}) == 2);
  CHECK(l.report(0, {}) == 2);  // it is as it was then
}

TEST_CASE("groups are each other's no affair, and pages beyond those that are meant are nobody's") {
  Logged l;
  l.write(second);
  CHECK(l.report(0, {}) == 0);
  CHECK(l.report(1, {}, true, 100) == 0);
  CHECK(l.report(1, {second_gfn % XS_LOG_DIRTY_PAGES_PER_GROUP}) == 0);
  l.write(second);
  CHECK(l.report(1, {}) == 1);
}

TEST_CASE("a page that has come is to be told of, one that has gone is not") {
  Logged l;
  l.m.give(user, 0x65, 7);
  CHECK(l.peek(0, {}) == 1);
  CHECK(l.m.observer->isolation_violations()[0].text.starts_with(
      "page 0x7 of dom2, frame 0x65, has come since"));
  CHECK(l.report(0, {7}) == 1);
  l.m.release(0x65);
  CHECK(l.report(0, {}) == 1);
  l.m.give(user, 0x66, 7);  // again, in another frame
  CHECK(l.report(0, {}) == 2);
}

TEST_CASE("pages of the hypervisor's are not a domain's memory") {
  Logged l;
  l.m.set_type(first, FakeMachine::type(XS_FRAME_SHARED, 1));
  l.write(first);
  CHECK(l.report(0, {}) == 0);
}

TEST_CASE("on again begins anew; off, and a domain's end, are the end of it") {
  Logged l;
  l.write(first);
  l.tell(XS_LOG_DIRTY_ENABLE, 0, 0, 0);
  CHECK(l.report(0, {}) == 0);
  l.tell(XS_LOG_DIRTY_CLEAN, 0, 12, 50'000);
  l.tell(XS_LOG_DIRTY_PEEK, 0, 3, 50'000);
  CHECK(l.counters().log_dirty_reports == 2);
  CHECK(l.counters().log_dirty_pages == 12);
  const u64 rejected = l.counters().rejected;
  l.tell(XS_LOG_DIRTY_OFF, 0, 0, 0);
  l.write(first);
  CHECK(l.report(0, {}) == 0);
  CHECK(l.counters().rejected == rejected + 1);
  l.tell(17, 0, 0, 0);
  CHECK(l.counters().rejected == rejected + 2);
}
