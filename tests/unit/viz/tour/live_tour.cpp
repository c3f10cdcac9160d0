#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/unit/viz/tour/tour.h"
#include "viz/model/p2m.h"

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
  hand.click("Restart");
  CHECK(s.choice().restart);
  s.choice().restart = false;
  s.run().set_state(RunState::ended, "done");
  hand.frames();
  for (const char* gone : {"Pause", "Run", "Slow", "+1 instruction"}) CHECK_FALSE(hand.there(gone));
  s.run().set_state(RunState::running);
  hand.frames();
}

void tour_search_by_address(Stage& s) {
  s.go(s.machine().recording.events());
  s.open_tab("p2m");
  s.choice().domid = 1;
  Hand& hand = s.hand();
  hand.choose("p2m/##by", "VA");
  CHECK_FALSE(s.run().wished.translation);
  hand.enter("p2m/##search", "ffff800000001008");
  hand.frames(2);
  CHECK(s.run().wished.translation);
  s.choice().domid = 0;  // it was another domain's
  hand.frames(3);
  CHECK_FALSE(s.run().wished.translation);
  s.choice().domid = 1;
  hand.enter("p2m/##search", "ffff800000001008");
  hand.frames(2);
  REQUIRE(s.run().wished.translation);
  CHECK(s.run().wished.translation->va == 0xffff800000001008);
  CHECK(s.run().wished.translation->subject == viz::Subject{std::nullopt, 1u << 16});
  CHECK_FALSE(s.choice().gfn);  // the machine has not answered
  const viz::P2m p2m = viz::p2m_of(s.machine().scene.state(), 1);
  s.run().answer(p2m.runs.back().mfn);
  hand.frames(2);
  CHECK(s.choice().gfn == p2m.runs.back().gfn);
  hand.frames(2);
  CHECK_FALSE(s.run().wished.translation);  // it is asked no more
}

void tour_counts(Stage& s) {
  Hand& hand = s.hand();
  hand.click("map/map#", 0.25F, 0.3F);
  REQUIRE(s.choice().frame);
  hand.hover(hand.find("map/map#"), 0.25F, 0.3F);
  hand.frames(2);
  CHECK(s.run().wished.counts == s.machine().scene.state().ram().mfn(*s.choice().frame));
  hand.hover(hand.find("timeline/lanes"));
  hand.frames(2);
  CHECK_FALSE(s.run().wished.counts);
}

void tour_dirty(Stage& s) {
  Hand& hand = s.hand();
  const auto before = s.choice().look.colouring;
  CHECK_FALSE(s.run().wished.dirty);
  s.choice().look.colouring = viz::Colouring::dirty;
  hand.frames(2);
  CHECK(s.run().wished.dirty == 0u);
  s.run().set_state(RunState::running);
  hand.frames(2);
  CHECK_FALSE(hand.there("map/From now"));  // what runs has no moment to begin at
  s.run().set_state(RunState::paused);
  hand.frames(2);
  hand.click("map/From now");
  hand.frames();
  CHECK(s.run().wished.dirty == 1u);
  s.choice().look.colouring = before;
  hand.frames(2);
  CHECK_FALSE(s.run().wished.dirty);
  s.run().set_state(RunState::running);
}

void tour_cpus(Stage& s) {
  s.open_tab("cpus");
  CHECK(s.run().wished.cpus);
  for (const u32 cpu : {1u, 0u}) {
    s.hand().click("cpus/CPU " + std::to_string(cpu));
    CHECK(s.choice().cpu == cpu);
  }
}

void tour_content(Stage& s) {
  s.open_tab("frame");
  constexpr u64 mfn = 0x400;
  const u32 frame = s.machine().scene.state().ram().index(mfn);
  s.choice().frame = frame;
  Hand& hand = s.hand();
  hand.frames(2);
  CHECK(s.run().wished.frame == mfn);
  hand.click("frame/bytes");
  CHECK(hand.all("frame/entries").empty());
  hand.click("frame/entries");
  const std::vector<Item> shown = hand.all("frame/entries");
  const auto link =
      std::find_if(shown.begin(), shown.end(), [](const Item& i) { return i.id != 0 && i.whole; });
  REQUIRE(link != shown.end());
  s.choice().frame = frame + 1;  // of which nothing is known
  hand.frames();
  CHECK(hand.all("frame/entries").empty());
  s.choice().frame = frame;
  hand.frames(2);
  const auto entries = s.run().image().frame->entries;
  hand.click(*link);
  REQUIRE(s.choice().frame);
  const u64 chosen = s.machine().scene.state().ram().mfn(*s.choice().frame);
  CHECK(std::any_of(entries.begin(), entries.end(), [&](const auto& e) { return e.frame == chosen; }));
}

namespace {

/// The first that can be clicked, and be seen whole.
Item link_in(Hand& hand, const std::string& place, const std::string& end) {
  for (const Item& i : hand.all(place))
    if (i.id != 0 && i.whole && i.label.starts_with("0x") && i.label.ends_with(end)) return i;
  FAIL("there is no frame to be clicked in " << place);
  return {};
}

void choose_subjects(Stage& s) {
  Hand& hand = s.hand();
  const std::string guest = s.machine().scene.owner_label(1) + " vcpu0";
  const viz::TranslationWish& wish = s.choice().translation;
  hand.choose("translation/##subject", guest + ", runs");
  CHECK(wish.subject == viz::Subject{std::nullopt, 1u << 16});
  hand.choose("translation/##subject", s.machine().scene.owner_label(0) + " vcpu0, blocked");
  CHECK(wish.subject == viz::Subject{std::nullopt, 0});
  hand.choose("translation/##subject", "CPU 1: no VCPU");
  CHECK(wish.subject == viz::Subject{1, 0});
  hand.choose("translation/##subject", "CPU 0: " + guest);
  CHECK(wish.subject == viz::Subject{0, 0});
}

}  // namespace

void tour_translation(Stage& s) {
  CHECK_FALSE(s.run().wished.translation);  // it is not in sight
  s.open_tab("translation");
  Hand& hand = s.hand();
  hand.frames(2);
  REQUIRE(s.run().wished.translation);
  choose_subjects(s);
  const viz::TranslationWish& wish = s.choice().translation;
  for (const AddressUse use :
       {AddressUse::read, AddressUse::write, AddressUse::register_stack, AddressUse::fetch}) {
    hand.choose("translation/##use", viz::use_name(use));
    CHECK(wish.use == use);
  }
  for (const AddressPlace place :
       {AddressPlace::stack, AddressPlace::register_stack, AddressPlace::last_fault, AddressPlace::pc}) {
    hand.click(std::string("translation/") + viz::place_name(place));
    CHECK(wish.place == place);
    CHECK(wish.use == use_of(place));
  }
  hand.enter("translation/##va", "ffff800000001008");
  CHECK_FALSE(wish.place);
  CHECK(wish.va == 0xffff800000001008);
  constexpr std::pair<const char*, const char*> links[] = {{"translation/way", "##"},
                                                           {"translation/way", "##at"},
                                                           {"translation/way", "##to"},
                                                           {"translation/tlb", "##"}};
  for (const auto& [place, end] : links) {
    s.choice().frame.reset();
    hand.click(link_in(hand, place, end));
    CHECK(s.choice().frame);
  }
  const auto rows = [&] { return hand.all("translation/tlb").size(); };
  const std::size_t all = rows();
  hand.enter("translation/##filter", "82D080205000");
  CHECK(rows() < all);
  const auto& tlb = s.run().image().translation->tlb;
  const std::vector<Item> shown = hand.all("translation/tlb");
  const auto row =
      std::find_if(shown.begin(), shown.end(), [](const Item& i) { return i.label.starts_with("ffff"); });
  REQUIRE(row != shown.end());
  hand.click(*row);
  CHECK(wish.va == tlb.at(2).va);
  hand.enter("translation/##filter", " ");  // each has one
  CHECK(rows() == all);
  CHECK(s.run().wished.translation == wish);
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
  hand.choose("breakpoints/##kind", "a step ends");
  hand.enter("breakpoints/##number", "12");
  CHECK(added() == Breakpoint{Breakpoint::On::step_end, 12, std::nullopt, true});
  hand.choose("breakpoints/##kind", "a time is reached");
  hand.enter("breakpoints/##number", "1000000");
  CHECK(added() == Breakpoint{Breakpoint::On::time, 1'000'000, std::nullopt, true});
  hand.choose("breakpoints/##kind", "a grant is used");
  hand.enter("breakpoints/##number", "16");
  hand.enter("breakpoints/##domid", "1");
  CHECK(added() == Breakpoint{Breakpoint::On::grant, 16, 1, true});
  hand.choose("breakpoints/##kind", "a caption is shown");
  CHECK(added().on == Breakpoint::On::caption);
}

}  // namespace

void tour_breakpoints(Stage& s) {
  s.open_tab("breakpoints");
  s.choice().breakpoints.clear();
  add_of_each_kind(s);
  Hand& hand = s.hand();
  REQUIRE(s.choice().breakpoints.size() == 7);
  std::vector<Item> boxes;
  for (const Item& i : hand.all("breakpoints"))
    if (i.id != 0 && i.label != "Add" && i.label != "Remove" && i.label[0] != '#') boxes.push_back(i);
  REQUIRE(boxes.size() == 7);
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    hand.click(boxes[i], 0.02F);
    CHECK_FALSE(s.choice().breakpoints[i].enabled);
    CHECK(s.run().breakpoints == s.choice().breakpoints);
  }
  for (std::size_t left = boxes.size(); left-- > 0;) {
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
