// The whole interface from the outside: by mouse and keyboard, each control and each key.
#include <imgui_internal.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <random>

#include "tests/support/temp_directory.h"
#include "tests/unit/viz/tour/grants_trace.h"
#include "tests/unit/viz/tour/tour.h"
#include "viz/draw/keys.h"

using namespace xs;
using namespace xs::test;
using viz::RunState;

namespace {

/// What there was and nobody used: a new control needs a step in one of tests/unit/viz/tour/*_tour.cpp.
std::string unused(const Hand& hand) {
  std::string out;
  for (const std::string& kind : hand.seen())
    if (!hand.used().contains(kind)) out += "\n  " + kind;
  return out;
}

void go_everywhere(Stage& s, Kind kind) {
  for (const Tour& tour : tours(kind)) {
    INFO("tour of " << tour.what);
    tour.go(s);
  }
}

}  // namespace

TEST_CASE("a tour through a recording uses each control there is, and each does what it says") {
  const std::string architecture = GENERATE(as<std::string>{}, "x86_64", "ia64");
  INFO(architecture);
  Stage s({small_trace(architecture)}, Kind::replay);
  go_everywhere(s, Kind::replay);
  CHECK(unused(s.hand()) == "");
}

TEST_CASE("a tour through a live run uses each control there is") {
  Stage s({small_trace("x86_64")}, Kind::live);
  go_everywhere(s, Kind::live);
  CHECK(unused(s.hand()) == "");
}

TEST_CASE("what domains have of each other by grants leads to its frames") {
  const TempDirectory dir;
  const std::string trace = (dir.path / "grants.trace").string();
  write_grants_trace(trace);
  Stage s({trace}, Kind::replay);
  tour_grants(s);
}

TEST_CASE("of two machines the one whose map is clicked comes to the front") {
  Stage s({small_trace("x86_64"), small_trace("ia64")}, Kind::replay);
  s.hand().click("map/map1", 0.2F, 0.2F);
  CHECK(s.choice().machine == 1);
  s.hand().click("map/map0", 0.2F, 0.2F);
  CHECK(s.choice().machine == 0);
}

// --- keys

namespace {

struct Shortcut {
  const char* name;  ///< as docs/visualizer.md says it
  void (*check)(Stage&);
};

void check_space(Stage& s) {
  s.go(0);
  s.hand().press(' ');
  CHECK(s.machine().transport.playing());
  s.hand().press(' ');
  CHECK_FALSE(s.machine().transport.playing());
}

void check_arrows(Stage& s) {
  const viz::Recording& r = s.machine().recording;
  const viz::Transport& t = s.machine().transport;
  const u64 middle = r.events() / 2;
  const auto after = [&](int key, Held held) {
    s.go(middle);
    s.hand().press(key, held);
    return t.moment();
  };
  CHECK(after(viz::key::right, {}) == r.next_change(middle));
  CHECK(after(viz::key::left, {}) == r.previous_change(middle));
  const auto is_call = [&](u64 moment) {
    return std::any_of(r.activities().begin(), r.activities().end(), [&](const viz::Activity& a) {
      return a.kind == viz::ActivityKind::hypercall && a.event + u64{1} == moment;
    });
  };
  const auto is_step = [&](u64 moment) {
    return std::any_of(r.steps().begin(), r.steps().end(),
                       [&](const auto& it) { return it.first_event + u64{1} == moment; });
  };
  for (const int key : {viz::key::right, viz::key::left}) {
    const bool forward = key == viz::key::right;
    const u64 call = after(key, {.ctrl = false, .shift = true}),
              step = after(key, {.ctrl = true, .shift = false});
    CHECK(is_call(call));
    CHECK(is_step(step));
    CHECK((call > middle) == forward);
    CHECK((step > middle) == forward);
  }
}

void check_home_end(Stage& s) {
  s.hand().press(viz::key::home);
  CHECK(s.machine().transport.moment() == 0);
  s.hand().press(viz::key::end);
  CHECK(s.machine().transport.following());
  CHECK(s.machine().transport.moment() == s.machine().recording.events());
}

void check_f5(Stage& s) {
  s.run().set_state(RunState::running);
  s.hand().press(viz::key::f1 + 4);
  CHECK(s.run().take_order() == "pause");
  s.hand().press(viz::key::f1 + 4);
  CHECK(s.run().take_order() == "run 0");
}

void check_steps(Stage& s) {
  const std::map<int, std::string> orders = {{7, "change"}, {8, "hypercall"}, {9, "instruction"}};
  for (const auto& [f, what] : orders) {
    s.run().set_state(RunState::running);
    s.hand().press(viz::key::f1 + f);
    CHECK(s.run().take_order().empty());  // what runs is not stepped
    s.run().set_state(RunState::paused);
    s.hand().press(viz::key::f1 + f);
    CHECK(s.run().take_order() == "step " + what);
  }
}

void check_looks(Stage& s) {
  s.hand().press(viz::key::f1 + 1);
  CHECK_FALSE(s.choice().look.dark);
  s.hand().press(viz::key::f1 + 1);
  CHECK(s.choice().look.dark);
  for (const auto& [smaller, larger] :
       {std::pair<int, int>{'-', '='}, {viz::key::keypad_minus, viz::key::keypad_plus}}) {
    s.hand().press(larger, {.ctrl = true, .shift = false});
    CHECK(s.choice().font_scale == Approx(1.1));
    s.hand().press(smaller, {.ctrl = true, .shift = false});
    CHECK(s.choice().font_scale == Approx(1));
  }
}

void check_restart(Stage& s) {
  s.hand().press('R');
  CHECK_FALSE(s.choice().restart);
  s.hand().press('R', {.ctrl = true, .shift = false});
  CHECK(s.choice().restart);
}

void check_f6(Stage& s) {
  for (const bool walking : {true, false}) {
    s.hand().press(viz::key::f1 + 5);
    CHECK(s.choice().walking == walking);
    CHECK(((ImGui::GetIO().ConfigFlags & ImGuiConfigFlags_NavEnableKeyboard) != 0) == walking);
  }
}

constexpr Shortcut shortcuts[] = {{"space", check_space},
                                  {"← →", check_arrows},
                                  {"Home, End", check_home_end},
                                  {"F5", check_f5},
                                  {"F6", check_f6},
                                  {"F8, F9, F10", check_steps},
                                  {"Ctrl R", check_restart},
                                  {"F2, Ctrl -, Ctrl +", check_looks}};

/// First column of the table of keys in docs/visualizer.md.
std::set<std::string> documented() {
  std::ifstream in(XS_SOURCE_DIR "/docs/visualizer.md");
  std::set<std::string> out;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line == "| key | does |")
      inside = true;
    else if (inside && line.empty())
      break;
    else if (inside && line.find("---") == line.npos)
      out.insert(line.substr(2, line.find(" |", 2) - 2));
  }
  return out;
}

}  // namespace

TEST_CASE("each key that is documented does what is said, and no other is tested") {
  Stage s({small_trace("x86_64")}, Kind::live);
  std::set<std::string> tested;
  for (const Shortcut& shortcut : shortcuts) {
    INFO(shortcut.name);
    shortcut.check(s);
    tested.insert(shortcut.name);
  }
  CHECK(tested == documented());
}

TEST_CASE("keys that are typed into a field are text") {
  Stage s({small_trace("x86_64")}, Kind::live);
  s.go(s.machine().recording.events() / 2);
  s.open_tab("consoles");
  s.hand().click("consoles/##input");
  for (const int key : {int{' '}, viz::key::left, viz::key::home}) s.hand().press(key);
  CHECK(s.machine().transport.moment() == s.machine().recording.events() / 2);
  CHECK_FALSE(s.machine().transport.playing());
}

// --- the keyboard alone

namespace {

/// Where ImGui's navigation stands; null: at none of the interface's controls.
const Item* navigated() {
  const ImGuiID id = ImGui::GetCurrentContext()->NavId;
  const auto at = std::find_if(items().begin(), items().end(), [&](const Item& i) { return i.id == id; });
  return id == 0 || at == items().end() ? nullptr : &*at;
}

/// Each control that the arrows lead to, one from another, each way from each. Back to one that was reached
/// the test goes at once: the way there is known.
std::set<std::string> reached_by_arrows(Stage& s) {
  s.hand().press(viz::key::down);
  REQUIRE(navigated());
  std::map<ImGuiID, Item> reached{{navigated()->id, *navigated()}};
  std::vector<Item> next{*navigated()};
  while (!next.empty()) {
    const Item from = next.back();
    next.pop_back();
    for (const int way : {viz::key::right, viz::key::down, viz::key::left, viz::key::up}) {
      ImGui::SetFocusID(from.id, from.window);
      ImGui::GetCurrentContext()->NavDisableHighlight = false;
      s.hand().frames();
      s.hand().press(way);
      if (!navigated()) s.hand().press(' ');  // a table, which is entered
      for (int titles = 0; titles < 4 && !navigated(); ++titles) s.hand().press(viz::key::down);
      const Item* to = navigated();
      if (to && reached.emplace(to->id, *to).second) next.push_back(*to);
    }
  }
  std::set<std::string> names;
  for (const auto& [id, item] : reached) names.insert(item.name());
  return names;
}

}  // namespace

TEST_CASE("the keyboard alone reaches the controls and works them") {
  Stage s({small_trace("x86_64")}, Kind::live);
  s.go(s.machine().recording.events() / 2);
  s.hand().press(viz::key::f1 + 5);
  REQUIRE(s.choice().walking);
  const std::set<std::string> reached = reached_by_arrows(s);
  for (const Item& item : items()) {
    if (item.id == 0) continue;
    INFO(item.name());
    CHECK(reached.contains(item.name()));
  }
  const Item light = s.hand().find("Light");
  ImGui::SetFocusID(light.id, light.window);
  s.hand().frames();
  s.hand().press(' ');
  CHECK_FALSE(s.choice().look.dark);
  CHECK(s.machine().transport.moment() ==
        s.machine().recording.events() / 2);  // the arrows were not the recording's
  s.hand().press(viz::key::f1 + 5);
  s.hand().press(viz::key::home);
  CHECK(s.machine().transport.moment() == 0);
  s.hand().press(viz::key::f1 + 5);
  s.hand().click("Dark");
  CHECK_FALSE(s.choice().walking);  // who takes the mouse has the keys for the recording again
}
