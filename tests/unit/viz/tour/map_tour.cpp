#include <catch2/catch.hpp>
#include <cmath>

#include "tests/unit/viz/tour/tour.h"

namespace xs::test {

namespace {

/// Of the whole map in a place of that size: pixels of a frame.
double fitting(const viz::FrameMap& map, const Item& at) {
  return std::min(double(at.to.x - at.from.x) / map.columns(), double(at.to.y - at.from.y) / map.rows());
}

void colours(Stage& s) {
  for (unsigned i = viz::colourings; i-- > 0;) {  // the first one stays
    const auto colouring = static_cast<viz::Colouring>(i);
    s.hand().choose("map/##colouring", viz::colouring_name(colouring));
    CHECK(s.choice().look.colouring == colouring);
  }
}

void pins(Stage& s, float x, float y) {
  Hand& hand = s.hand();
  const Item map = hand.find("map/map#");
  hand.click(map, x, y);
  const ImVec2 at = ImGui::GetIO().MousePos;
  const double pixels = fitting(s.machine().map, map);
  const u32 frame = s.machine().map.frame_at(static_cast<u32>((at.x - map.from.x) / pixels),
                                             static_cast<u32>((at.y - map.from.y) / pixels));
  REQUIRE(s.choice().frame);
  CHECK(*s.choice().frame == frame);
  CHECK(hand.there("frame/##mfn"));  // its view has come to the front
}

}  // namespace

void tour_map(Stage& s) {
  colours(s);
  Hand& hand = s.hand();
  hand.click("Domains");
  pins(s, 0.25F, 0.3F);
  pins(s, 0.5F, 0.2F);
  const u32 pinned = *s.choice().frame;
  const Item map = hand.find("map/map#");
  hand.wheel(map, 0.4F, 0.4F, 3);
  const viz::MapPlace near = s.choice().place;
  const double fit = fitting(s.machine().map, map);
  CHECK(near.pixels == Approx(fit * std::pow(1.25, 3)));
  // What was under the mouse still is.
  const double x = (map.to.x - map.from.x) * 0.4;
  CHECK(near.column + x / near.pixels == Approx(x / fit).margin(0.5));
  hand.drag(map, {0.6F, 0.6F}, {-40, -20});
  CHECK(s.choice().place.column == Approx(near.column + 40 / near.pixels).margin(0.01));
  CHECK(s.choice().place.row == Approx(near.row + 20 / near.pixels).margin(0.01));
  CHECK(*s.choice().frame == pinned);  // to move the map pins nothing
  const viz::MapPlace moved = s.choice().place;
  hand.drag(map, {0.5F, 0.5F}, {30, 30}, Button::right);
  CHECK(s.choice().place.column == moved.column);
  CHECK(s.choice().place.row == moved.row);
  hand.wheel(map, 0.5F, 0.5F, 30);
  CHECK(s.choice().place.pixels == 64);
  hand.wheel(map, 0.5F, 0.5F, -60);
  CHECK(s.choice().place.pixels == 0);
}

void tour_timeline(Stage& s) {
  Hand& hand = s.hand();
  const viz::Recording& r = s.machine().recording;
  const Item lanes = hand.find("timeline/lanes");
  const float left = lanes.from.x + ImGui::GetFontSize() * 6, width = lanes.to.x - left;
  const auto part = [&](float of) {
    return (left + width * of - lanes.from.x) / (lanes.to.x - lanes.from.x);
  };
  const auto check_time = [&](float of) {  // to a pixel
    const double time = double(r.last_ps()) * double(of), pixel = double(r.last_ps()) / double(width);
    CHECK(s.machine().transport.moment() >= r.moment_at(u64(time - pixel)));
    CHECK(s.machine().transport.moment() <= r.moment_at(u64(time + pixel)));
    CHECK_FALSE(s.machine().transport.following());
  };
  for (const float of : {0.75F, 0.25F}) {
    hand.click(lanes, part(of), 0.5F);
    check_time(of);
  }
  hand.drag(lanes, {part(0.2F), 0.5F}, {width * 0.4F, 0});
  check_time(0.6F);
  hand.wheel(lanes, part(0.5F), 0.5F, 4);
  const viz::TimeWindow near = s.choice().window;
  CHECK(double(near.end_ps - near.begin_ps) == Approx(double(r.last_ps()) * std::pow(0.8, 4)).epsilon(0.01));
  CHECK(double(near.end_ps + near.begin_ps) / 2 == Approx(double(r.last_ps()) * 0.5).epsilon(0.01));
  hand.drag(lanes, {part(0.5F), 0.5F}, {-width * 0.1F, 0}, Button::right);
  const double span = double(near.end_ps - near.begin_ps);
  CHECK(double(s.choice().window.begin_ps) == Approx(double(near.begin_ps) + span * 0.1).epsilon(0.01));
  CHECK(double(s.choice().window.end_ps - s.choice().window.begin_ps) == Approx(span));
  hand.wheel(lanes, part(0.5F), 0.5F, -40);
  CHECK(s.choice().window.end_ps == 0);
}

}  // namespace xs::test
