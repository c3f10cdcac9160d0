#include <catch2/catch.hpp>

#include "tests/unit/viz/tour/tour.h"

namespace xs::test {

using viz::Breakpoint;
using viz::RunState;

void tour_run_control(Stage& s) {
  Hand& hand = s.hand();
  hand.click("Pause");
  CHECK(s.run().take_order() == "pause");
  hand.click("+1 instruction");
  CHECK(s.run().take_order() == "step instruction");
  hand.click("+1 hypercall");
  CHECK(s.run().take_order() == "step hypercall");
  hand.click("+1 change");
  CHECK(s.run().take_order() == "step change");
  hand.click("Slow");
  CHECK(s.run().take_order() == "run 0.001");
  CHECK_FALSE(hand.there("Run"));
  hand.click("Pause");
  s.run().take_order();
  hand.click("Run");
  CHECK(s.run().take_order() == "run 0");
  s.run().set_state(RunState::ended, "done");
  hand.frames();
  for (const char* gone : {"Pause", "Run", "Slow", "+1 instruction"}) CHECK_FALSE(hand.there(gone));
  s.run().set_state(RunState::running);
  hand.frames();
}

void tour_cpus(Stage& s) {
  s.open_tab("cpus");
  CHECK(s.run().wished.cpus);
  for (const u32 cpu : {1u, 0u}) {
    s.hand().click("cpus/CPU " + std::to_string(cpu));
    CHECK(s.choice().cpu == cpu);
  }
}

namespace {

void add_of_each_kind(Stage& s) {
  Hand& hand = s.hand();
  const auto added = [&]() -> const Breakpoint& {
    hand.click("breakpoints/Add");
    REQUIRE(!s.choice().breakpoints.empty());
    CHECK(s.run().breakpoints == s.choice().breakpoints);
    return s.choice().breakpoints.back();
  };
  hand.choose("breakpoints/##kind", "frame changes owner");
  hand.enter("breakpoints/##number", "1f");
  hand.enter("breakpoints/##domid", "2");
  CHECK(added() == Breakpoint{Breakpoint::On::frame_owner, 0x1f, 2, true});
  hand.choose("breakpoints/##kind", "P2M entry changes");
  hand.enter("breakpoints/##number", "20");
  CHECK(added() == Breakpoint{Breakpoint::On::p2m_entry, 0x20, std::nullopt, true});
  hand.choose("breakpoints/##kind", "domain enters state");
  hand.click("breakpoints/##state");
  const auto states = hand.all("##Combo_00");
  REQUIRE(states.size() >= 4);
  hand.click(states[2]);
  CHECK(added() == Breakpoint{Breakpoint::On::domain_state, 2, std::nullopt, true});
  hand.choose("breakpoints/##kind", "domain enters state");
  for (const Item& state : states) {  // each of them can be chosen
    hand.click("breakpoints/##state");
    hand.click(state);
  }
  hand.choose("breakpoints/##kind", "a caption is shown");
  CHECK(added().on == Breakpoint::On::caption);
}

}  // namespace

void tour_breakpoints(Stage& s) {
  s.open_tab("breakpoints");
  s.choice().breakpoints.clear();
  add_of_each_kind(s);
  Hand& hand = s.hand();
  REQUIRE(s.choice().breakpoints.size() == 4);
  std::vector<Item> boxes;
  for (const Item& i : hand.all("breakpoints"))
    if (i.id != 0 && i.label != "Add" && i.label != "Remove" && i.label[0] != '#') boxes.push_back(i);
  REQUIRE(boxes.size() == 4);
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    hand.click(boxes[i], 0.02F);
    CHECK_FALSE(s.choice().breakpoints[i].enabled);
    CHECK(s.run().breakpoints == s.choice().breakpoints);
  }
  for (std::size_t left = 4; left-- > 0;) {
    const Breakpoint second = s.choice().breakpoints.back();
    hand.click("breakpoints/Remove");
    REQUIRE(s.choice().breakpoints.size() == left);
    if (left > 0) CHECK(s.choice().breakpoints.back() == second);
    CHECK(s.run().breakpoints == s.choice().breakpoints);
  }
}

void tour_operator(Stage& s) {
  s.open_tab("consoles");
  s.hand().enter("consoles/##input", "list");
  CHECK(s.run().typed == std::vector<std::string>{"list"});
  CHECK(s.choice().typing.empty());
}

}  // namespace xs::test
