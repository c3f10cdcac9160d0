// What the views are drawn from: curves, lanes, maps, P2Ms.
#include <catch2/catch.hpp>
#include <random>

#include "viz/model/curve.h"
#include "viz/model/frame_map.h"
#include "viz/model/p2m.h"
#include "viz/model/timeline.h"

using namespace xs;
using namespace xs::viz;

namespace {

constexpr u64 base = 0x102d40000;

observe::TraceState state_of_ram(u64 frames) {
  observe::RamMap ram;
  ram.add(base, frames);
  return observe::TraceState(ram);
}

observe::Event event(observe::EventKind kind, u64 a, u64 b, u64 c, u64 d = 0) {
  observe::Event e;
  e.kind = kind;
  e.a = a, e.b = b, e.c = c, e.d = d;
  return e;
}

}  // namespace

TEST_CASE("a curve of few points is exact, one of many is near and bounded") {
  Curve few;
  for (u64 i = 1; i <= 1000; ++i) few.add(i * 10'000'000, i);
  for (u64 i = 1; i <= 1000; ++i) {
    CHECK(few.at(i * 10'000'000) == i);
    CHECK(few.at(i * 10'000'000 + 9'999'999) == i);
  }
  CHECK(few.at(0) == 0);
  CHECK(few.greatest() == 1000);

  Curve many;
  constexpr u64 n = 300'000;
  for (u64 i = 1; i <= n; ++i) many.add(i * 1'500'000, i);
  CHECK(many.points().size() <= Curve::most_points);
  CHECK(many.last() == n);
  u64 last = 0;
  for (const CurvePoint& p : many.points()) {
    CHECK(p.time_ps > last);
    CHECK(p.least <= p.value);
    CHECK(p.value == p.time_ps / 1'500'000);  // the value at its time
    last = p.time_ps;
  }
  // Between two points the answer is the earlier one's: no further off than the points are apart.
  const u64 apart = many.points()[1].time_ps - many.points()[0].time_ps;
  for (u64 i = n / 10; i < n; i += 997) CHECK(i - many.at(i * 1'500'000) <= 2 * apart / 1'500'000);
}

TEST_CASE("axis steps are round, times are short") {
  CHECK(axis_step(1) == 1);
  CHECK(axis_step(3) == 5);
  CHECK(axis_step(10) == 10);
  CHECK(axis_step(11) == 20);
  CHECK(axis_step(51'000'000) == 100'000'000);
  CHECK(short_time(0) == "0");
  CHECK(short_time(1500) == "1.5 ns");
  CHECK(short_time(20'000'000'000) == "20 ms");
  CHECK(short_time(1'234'567'890'123) == "1.23457 s");
}

TEST_CASE("a P2M is told in runs, superpages and contradictions") {
  using observe::EventKind;
  observe::TraceState state = state_of_ram(4096);
  state.apply(event(EventKind::domain_created, 1, base, XS_MODEL_TRANSLATED));
  // GFNs 0x200 to 0x5ff lead to frames that lie together: one superpage is aligned on both sides when 0x200
  // is.
  for (u64 i = 0; i < 0x400; ++i) {
    const u64 gfn = 0x200 + i, mfn = base + 0x400 + i;
    state.apply(event(EventKind::p2m, 1, gfn, invalid_frame, mfn));
    state.apply(event(EventKind::frame_owner, mfn, XS_OWNER_NONE, 1));
    state.apply(event(EventKind::m2p, mfn, XS_M2P_INVALID, gfn));
  }
  P2m p2m = p2m_of(state, 1);
  CHECK(p2m.recorded);
  REQUIRE(p2m.runs.size() == 1);
  CHECK(p2m.entries == 0x400);
  CHECK(p2m.superpages == 2);
  CHECK(p2m.inconsistent == 0);
  CHECK(p2m.mfn(0x200) == base + 0x400);
  CHECK(p2m.mfn(0x5ff) == base + 0x7ff);
  CHECK(p2m.mfn(0x1ff) == invalid_frame);
  CHECK(p2m.mfn(0x600) == invalid_frame);

  const P2m before = p2m;
  state.apply(event(EventKind::p2m, 1, 0x300, base + 0x500, base + 0x900));  // a flip
  state.apply(event(EventKind::p2m, 1, 0x301, base + 0x501, invalid_frame));
  state.apply(event(EventKind::p2m, 1, 0x700, invalid_frame, base + 0x901));
  state.apply(event(EventKind::m2p, base + 0x402, 0x202, 0x999));
  p2m = p2m_of(state, 1);
  CHECK(p2m.runs.size() == 4);
  CHECK(p2m.superpages == 1);
  CHECK(p2m.inconsistent == 1);
  u64 count = 0;
  const auto all = p2m_difference(before, p2m, 100, count);
  REQUIRE(count == 3);
  CHECK(all[0].gfn == 0x300);
  CHECK(all[0].before == base + 0x500);
  CHECK(all[0].now == base + 0x900);
  CHECK(all[1].now == invalid_frame);
  CHECK(all[2].before == invalid_frame);
  CHECK(p2m_difference(before, p2m, 2, count).size() == 2);
  CHECK(count == 3);

  const auto uses = uses_of(state, base + 0x900);
  REQUIRE(uses.size() == 1);
  CHECK(uses[0].domid == 1);
  CHECK(uses[0].gfn == 0x300);
  CHECK(mfndump_text(p2m).starts_with("pfn=0x200 ==> mfn=0x102d40400\npfn=0x201 ==> mfn=0x102d40401\n"));
}

TEST_CASE("colours of owners differ from each other and from what is nobody's") {
  for (const bool dark : {true, false}) {
    const FramePalette palette(dark);
    std::vector<Colour> all = {
        palette.owner(XS_OWNER_FREE, XS_FRAME_NONE), palette.owner(XS_OWNER_NONE, XS_FRAME_NONE),
        palette.owner(XS_OWNER_XEN, XS_FRAME_NONE), palette.owner(XS_OWNER_XEN, XS_FRAME_SHARED)};
    for (u32 domid = 0; domid < 15; ++domid) all.push_back(palette.owner(domid, XS_FRAME_WRITABLE));
    for (std::size_t i = 0; i < all.size(); ++i) {
      CHECK(all[i] >> 24 == 255);
      for (std::size_t k = 0; k < i; ++k) CHECK(all[i] != all[k]);
    }
  }
}
