#include <catch2/catch.hpp>

#include "tests/unit/viz/tour/tour.h"
#include "viz/draw/keys.h"

namespace xs::test {

using viz::Transport;

namespace {

void strides(Stage& s) {
  const viz::Recording& r = s.machine().recording;
  const Transport& t = s.machine().transport;
  Hand& hand = s.hand();
  const u64 middle = r.events() / 2;
  s.go(middle);
  hand.click(">");
  CHECK(t.moment() == r.next_change(middle));
  CHECK(t.moment() > middle);
  const u64 before = t.moment();
  hand.click("<");
  CHECK(t.moment() == r.previous_change(before));
  CHECK(t.moment() < before);
  s.go(middle);
  hand.click(">|");
  const u64 step = t.moment();
  CHECK(step > middle);
  CHECK(std::any_of(r.steps().begin(), r.steps().end(),
                    [&](const auto& it) { return it.first_event + 1 == step; }));
  hand.click("|<");
  CHECK(t.moment() < middle);
  CHECK_FALSE(t.following());
}

}  // namespace

void tour_toolbar(Stage& s) {
  strides(s);
  const Transport& t = s.machine().transport;
  Hand& hand = s.hand();
  s.go(0);
  hand.click("Play");
  CHECK(t.playing());
  hand.frames(5);
  CHECK(t.moment() > 0);
  hand.click("||");
  CHECK_FALSE(t.playing());
  const u64 stands = t.moment();
  hand.frames(3);
  CHECK(t.moment() == stands);
  hand.click("##speed", 0.99F, 0.5F);
  CHECK(t.speed() > 0.5);
  hand.click("##speed", 0.01F, 0.5F);
  CHECK(t.speed() < 1e-4);
  for (const auto& [typed, speed] : {std::pair{"0.5", 0.5}, {"-7", Transport::least_speed}, {"1e9", 1.0}}) {
    ImGui::GetIO().KeyCtrl = true;  // a number can be typed, too
    hand.click("##speed");
    ImGui::GetIO().KeyCtrl = false;
    hand.press('A', {.ctrl = true, .shift = false});
    hand.type(typed);
    hand.press(viz::key::enter);
    CHECK(t.speed() == Approx(speed));
  }
  hand.click("Newest");
  CHECK(t.following());
  CHECK(t.moment() == s.machine().recording.events());
  CHECK_FALSE(hand.there("Newest"));
}

void tour_looks(Stage& s) {
  Hand& hand = s.hand();
  REQUIRE(s.choice().look.dark);
  hand.click("Light");
  CHECK_FALSE(s.choice().look.dark);
  hand.click("Dark");
  CHECK(s.choice().look.dark);
  hand.click("A+");
  CHECK(s.choice().font_scale == Approx(1.1));
  hand.click("A-");
  hand.click("A-");
  CHECK(s.choice().font_scale == Approx(1 / 1.1));
  hand.click("A+");
}

void tour_caption(Stage& s) {
  const viz::StepSpan& told =
      *std::find_if(s.machine().recording.steps().begin(), s.machine().recording.steps().end(),
                    [](const auto& step) { return step.view.find("tab=p2m") == 0; });
  s.go(told.last_event);
  Hand& hand = s.hand();
  hand.click("caption/Guide me");
  CHECK(s.choice().guided);
  s.go(0);
  hand.click("Domains");
  s.go(told.last_event);
  CHECK(hand.there("p2m/##domain"));  // the step's view has come to the front by itself
  hand.click("caption/Guide me");
  CHECK_FALSE(s.choice().guided);
}

void tour_splitters(Stage& s) {
  Hand& hand = s.hand();
  const viz::Choice before = s.choice();
  hand.drag(hand.find("|"), {0.5F, 0.5F}, {-100, 0});
  CHECK(s.choice().map_share == Approx(before.map_share - 100.0 / s.show().width).margin(0.005));
  hand.drag(hand.find("-"), {0.5F, 0.5F}, {0, 60});
  CHECK(s.choice().above_share == Approx(before.above_share + 60.0 / s.show().height).margin(0.02));
  hand.drag(hand.find("|"), {0.5F, 0.5F}, {3000, 0});
  CHECK(s.choice().map_share == 0.85);  // something of both is always there
  s.choice().map_share = before.map_share, s.choice().above_share = before.above_share;
  hand.frames(2);
}

void tour_tabs(Stage& s) {
  for (const viz::View& view : viz::views()) {
    if (view.draw == viz::draw_map || view.draw == viz::draw_timeline) continue;
    s.open_tab(view.name);
    INFO(view.name);
    const auto in_it = [&](const Item& i) {
      return i.place == view.name || i.place.find(view.name + std::string("/")) == 0;
    };
    CHECK(std::any_of(items().begin(), items().end(), in_it));
  }
}

}  // namespace xs::test
