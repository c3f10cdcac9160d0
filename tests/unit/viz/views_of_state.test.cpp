// What the views are drawn from: curves, lanes, maps, P2Ms.
#include <catch2/catch.hpp>
#include <random>

#include "viz/model/balloon_target.h"
#include "viz/model/curve.h"
#include "viz/model/frame_map.h"
#include "viz/model/links.h"
#include "viz/model/p2m.h"
#include "viz/model/timeline.h"

using namespace xs;
using namespace xs::viz;

namespace {

constexpr u64 base = 0xf2d40000;

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
  CHECK(p2m.against_m2p.empty());
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
  CHECK(p2m.against_m2p == std::vector<u64>{0x202});
  CHECK(p2m.contradicted(0x202, 0x203) == 1);
  CHECK(p2m.contradicted(0x203, 0x1000) == 0);
  CHECK(p2m.gfn(base + 0x900) == 0x300);
  CHECK(p2m.gfn(base + 0x7ff) == 0x5ff);
  CHECK(p2m.gfn(base + 0x500) == invalid_frame);
  const auto [all, count] = p2m_difference(before, p2m, 100);
  REQUIRE(count == 3);
  CHECK(all[0].gfn == 0x300);
  CHECK(all[0].before == base + 0x500);
  CHECK(all[0].now == base + 0x900);
  CHECK(all[1].now == invalid_frame);
  CHECK(all[2].before == invalid_frame);
  const P2mDifferences few = p2m_difference(before, p2m, 2);
  CHECK(few.list.size() == 2);
  CHECK(few.count == 3);

  const auto uses = uses_of(state, base + 0x900);
  REQUIRE(uses.size() == 1);
  CHECK(uses[0].domid == 1);
  CHECK(uses[0].gfn == 0x300);
  CHECK(mfndump_text(p2m).starts_with("pfn=0x200 ==> mfn=0xf2d40400\npfn=0x201 ==> mfn=0xf2d40401\n"));
}

TEST_CASE("colours of owners differ from each other and from what is nobody's") {
  for (const bool dark : {true, false}) {
    const FramePalette palette(dark);
    std::vector<Colour> all = {palette.owner(XS_OWNER_FREE, XS_FRAME_NONE),
                               palette.owner(XS_OWNER_NONE, XS_FRAME_NONE),
                               palette.owner(XS_OWNER_XEN, XS_FRAME_NONE),
                               palette.owner(XS_OWNER_XEN, XS_FRAME_SHARED), palette.granted()};
    for (u32 domid = 0; domid < 15; ++domid) all.push_back(palette.owner(domid, XS_FRAME_WRITABLE));
    for (std::size_t i = 0; i < all.size(); ++i) {
      CHECK(all[i] >> 24 == 255);
      for (std::size_t k = 0; k < i; ++k) CHECK(all[i] != all[k]);
    }
  }
}

TEST_CASE("a P2M that names another domain's frames is linked to it, what lies together once") {
  using observe::EventKind;
  observe::TraceState state = state_of_ram(4096);
  for (const u64 domid : {0, 1})
    state.apply(event(EventKind::domain_created, domid, base, XS_MODEL_TRANSLATED));
  for (u64 i = 0; i < 64; ++i) {
    const u64 mfn = base + 0x100 + i;
    state.apply(event(EventKind::frame_owner, mfn, XS_OWNER_NONE, 1));
    if (i != 40) state.apply(event(EventKind::m2p, mfn, XS_M2P_INVALID, 0x20 + i));
  }
  for (u64 i = 0; i < 8; ++i) {
    state.apply(event(EventKind::p2m, 0, 0x9000 + i, invalid_frame, base + 0x110 + i));
    state.apply(event(EventKind::p2m, 1, 0x20 + i, invalid_frame, base + 0x100 + i));  // its own
  }
  state.apply(event(EventKind::p2m, 0, 0x9800, invalid_frame, base + 0x128));  // of no GFN
  state.apply(event(EventKind::p2m, 0, 0x9900, invalid_frame, base + 0x800));  // nobody's
  state.apply(event(EventKind::p2m, 0, 0x9901, invalid_frame, 0xfee00));       // no RAM
  const auto links = foreign_entries(state);
  REQUIRE(links.size() == 2);
  CHECK(links[0].from == 1);
  CHECK(links[0].to == 0);
  CHECK(links[0].from_gfn == 0x30);
  CHECK(links[0].to_gfn == 0x9000);
  CHECK(links[0].mfn == base + 0x110);
  CHECK(links[0].count == 8);
  CHECK(links[1].from_gfn == invalid_frame);
  CHECK(links[1].count == 1);
}

TEST_CASE("what the operator wants a domain to own is what was asked for and not refused") {
  BalloonTargets targets;
  const auto said = [&](std::initializer_list<const char*> lines) {
    std::string out;
    for (const char* line : lines)
      if (const auto t = targets.line(line)) out += t->domain + ":" + std::to_string(t->frames) + " ";
    return out;
  };
  CHECK(said({"xl> create name=web kernel=kernel memory=64", "domain 1 web", "= 0"}) == "1:16384 ");
  CHECK(said({"xl> mem-set web 32", "= 0", "= 0"}) == "web:8192 ");
  CHECK(said({"xl> mem-set web 3200", "= EINVAL maxmem of domain 1 is 64 MiB", "= 0"}).empty());
  CHECK(said({"xl> create name=web kernel=kernel memory=64", "= ENOMEM not enough free memory"}).empty());
  CHECK(said({"xl> mem-set web", "= 0", "xl> mem-set web x", "= 0", "xl> mem-max web 3", "= 0"}).empty());
  CHECK(
      said({"xl> mem-set web 99999999999999999999", "= 0", "xl> mem-set web 32", "xl> list", "= 0"}).empty());
}
