// Grants as the model of the views has them.
#include "viz/model/grants.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/temp_directory.h"
#include "tests/unit/viz/tour/grants_trace.h"
#include "viz/model/frame_detail.h"
#include "viz/model/frame_map.h"
#include "viz/model/links.h"
#include "viz/model/scene.h"

using namespace xs;
using namespace xs::viz;
using namespace xs::test;

namespace {

struct Told {
  TempDirectory dir;
  Recording recording{[this] {
    const std::string file = (dir.path / "grants.trace").string();
    write_grants_trace(file);
    return file;
  }()};
  Scene scene{recording};
  u32 index(u64 mfn) const { return recording.header().ram.index(mfn); }
};

}  // namespace

TEST_CASE("a frame that another domain has mapped by a grant is painted so, as long as that lasts") {
  Told t;
  FrameMap map(t.recording.header().ram.frames());
  const FramePalette palette(true);
  const u32 frame = t.index(grants_frame(1, 0x20)), plain = t.index(grants_frame(1, 0x60));
  const auto colour = [&](u32 of) {
    map.paint(t.scene, {}, 0);
    map.paint(t.scene, {}, 10);  // flashes have faded
    return map.raster().level(0)[of];
  };
  t.scene.show(t.recording.events());
  CHECK(colour(frame) == palette.granted());
  CHECK(colour(plain) == palette.owner(1, XS_FRAME_NONE));
  CHECK(is_granted(t.scene.state(), frame));
  CHECK_FALSE(is_granted(t.scene.state(), plain));
  u64 first = 0;  // moment behind the first mapping
  for (const Change& c : t.recording.changes())
    if (c.frame == frame && first == 0 && c.cause != Change::none) first = c.event + u64{1};
  t.scene.show(first - 1);
  CHECK(colour(frame) == palette.owner(1, XS_FRAME_NONE));
  t.scene.show(first);  // the one frame that is painted anew
  CHECK(colour(frame) == palette.granted());
  CHECK(t.scene.last_change_ps(frame) == t.scene.time_ps());
  MapLook types;
  types.colouring = Colouring::type;
  map.paint(t.scene, types, 20);
  CHECK(map.raster().level(0)[frame] == palette.type(XS_FRAME_NONE));
}

namespace {

using Vector = std::array<double, 3>;

/// Linear RGB as somebody without one of the three kinds of cones sees it (Machado, Oliveira and Fernandes,
/// "A Physiologically-based Model for Simulation of Color Vision Deficiency", 2009, severity 1).
constexpr std::array<std::array<Vector, 3>, 4> eyes = {{
    {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
    {{{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}},
    {{{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}},
    {{{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}},
}};

Vector times(const std::array<Vector, 3>& matrix, const Vector& v) {
  Vector out{};
  for (std::size_t row = 0; row < 3; ++row)
    for (std::size_t i = 0; i < 3; ++i) out[row] += matrix[row][i] * v[i];
  return out;
}

/// CIE 1976 L*a*b* of sRGB, D65.
Vector seen(Colour colour, const std::array<Vector, 3>& eye) {
  Vector linear;
  for (unsigned i = 0; i < 3; ++i) {
    const double c = double(colour >> 8 * i & 0xff) / 255;
    linear[i] = c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  }
  linear = times(eye, linear);
  for (double& c : linear) c = std::clamp(c, 0.0, 1.0);
  constexpr std::array<Vector, 3> xyz = {
      {{0.4339, 0.3762, 0.1899}, {0.2126, 0.7152, 0.0722}, {0.0177, 0.1095, 0.8730}}};
  Vector f = times(xyz, linear);
  for (double& t : f) t = t > 0.008856 ? std::cbrt(t) : 7.787 * t + 16.0 / 116;
  return {116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])};
}

double difference(Colour a, Colour b, const std::array<Vector, 3>& eye) {
  const Vector x = seen(a, eye), y = seen(b, eye);
  return std::hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2]);
}

}  // namespace

TEST_CASE("granted frames look like no owner's, whatever colours one can see") {
  constexpr double plain_to_see = 20;  // 2.3 is just noticeable
  for (const bool dark : {true, false}) {
    const FramePalette palette(dark);
    std::vector<Colour> others = {
        palette.owner(XS_OWNER_FREE, XS_FRAME_NONE), palette.owner(XS_OWNER_NONE, XS_FRAME_NONE),
        palette.owner(XS_OWNER_XEN, XS_FRAME_NONE), palette.owner(XS_OWNER_XEN, XS_FRAME_SHARED)};
    for (u32 domid = 0; domid < 15; ++domid) others.push_back(palette.owner(domid, XS_FRAME_NONE));
    for (const auto& eye : eyes)
      for (const Colour other : others) CHECK(difference(palette.granted(), other, eye) > plain_to_see);
  }
  CHECK(difference(rgb(0xcc79a7), rgb(0x8a8f98), eyes[2]) < 5);  // what this is for
}

TEST_CASE("who maps a frame, and what a domain gives and has") {
  Told t;
  t.scene.show(t.recording.events());
  const observe::TraceState& state = t.scene.state();
  CHECK(grant_texts(state, grants_frame(1, 0x20)) ==
        std::vector<std::string>{
            "mapped by dom0 (Domain-0), reference 8 of dom1 (web): 1 for reading, 1 for writing"});
  CHECK(grant_texts(state, grants_frame(2, 0x11)) ==
        std::vector<std::string>{
            "mapped by dom0 (Domain-0), reference 10 of dom2 (db): 1 for writing (1 held)"});
  CHECK(grant_texts(state, grants_frame(1, 0x60)).empty());
  const auto web = grants_of(state, 1);
  REQUIRE(web.size() == 41);
  CHECK(web[0].given);
  CHECK(web[0].other == 0);
  CHECK(web[0].ref == 8);
  CHECK(web[39].ref == 107);
  CHECK_FALSE(web[40].given);
  CHECK(web[40].other == 2);
  CHECK(web[40].grant.mfn == grants_frame(2, 0x10));
  CHECK(grants_of(state, 0).size() == 33);
  CHECK(grants_of(state, 7).empty());
}

TEST_CASE("frames that are mapped by grants are linked to their users, what lies together once") {
  Told t;
  t.scene.show(t.recording.events());
  const auto links = granted_frames(t.scene.state());
  REQUIRE(links.size() == 4);  // the first of 32 is mapped for reading besides
  CHECK(links[0].kind == Link::Kind::grant);
  CHECK(links[0].from == 1);
  CHECK(links[0].to == 0);
  CHECK(links[0].from_gfn == 0x20);
  CHECK(links[0].to_gfn == invalid_frame);
  CHECK(links[0].reference == 8);
  CHECK(links[0].count == 32);
  CHECK(links[0].write);
  CHECK(links[1].to == 2);
  CHECK(links[1].to_gfn == 0x400);
  CHECK(links[1].count == 8);
  CHECK_FALSE(links[1].write);
  CHECK(links[2].reference == 9);
  CHECK(links[3].reference == 10);
  CHECK(foreign_entries(t.scene.state()).empty());  // db's P2M names web's frames, by grants
}

TEST_CASE("a transfer is a flip that knows its reference") {
  Told t;
  const auto flips = flips_between(t.recording, 0, t.recording.events());
  REQUIRE(flips.size() == 1);
  CHECK(flips[0].count == 6);
  CHECK(flips[0].reference == 200);
  CHECK(flips[0].from == 1);
  CHECK(flips[0].to_gfn == 0x200);
}

TEST_CASE("a frame's history tells of its mappings, not of other uses") {
  Told t;
  const auto history = frame_history(t.recording, t.index(grants_frame(1, 0x20)));
  REQUIRE(history.size() == 5);  // owner, owner, M2P, two mappings
  CHECK(history[3].what == "map for writing: dom0 (Domain-0), reference 8 of dom1 (web)");
  CHECK(history[3].cause == "dom0 (Domain-0) vcpu0 grant_table_op.map_grant_ref");
  CHECK(history[4].what == "map for reading: dom0 (Domain-0), reference 8 of dom1 (web)");
  CHECK(frame_history(t.recording, t.index(grants_frame(1, 0xc0))).back().what == "M2P 0xc0 → 0x200");
}
