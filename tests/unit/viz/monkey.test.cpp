// Random hands on the interface: whatever is done to it, it stands, and what it shows is of the recording.
// XS_MONKEY_SECONDS=N goes on with ever new seeds for so long; XS_MONKEY_SEED=S plays one alone.
#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <random>

#include "tests/unit/viz/tour/stage.h"
#include "viz/draw/keys.h"

using namespace xs;
using namespace xs::test;
using viz::RunState;

namespace {

class Monkey {
 public:
  Monkey(Stage& stage, u64 seed) : s_(stage), random_(seed) {}

  /// One event, and the frame that follows.
  void act() {
    ImGuiIO& io = ImGui::GetIO();
    switch (below(12)) {
      case 0:
      case 1:
        io.MousePos = {float(below(s_.show().width + 40)) - 20, float(below(s_.show().height + 40)) - 20};
        break;
      case 2:
      case 3:
      case 4:
        aim();
        break;
      case 5:
      case 6:
      case 7:
        io.MouseDown[below(8) == 0 ? 1 : 0] ^= true;
        break;
      case 8:
        io.MouseWheel = float(below(9)) - 4;
        break;
      case 9:
        press();
        break;
      case 10:
        io.AddInputCharacter(below(4) == 0 ? below(0x10ffff) : '0' + below(75));
        break;
      default:
        change_run();
    }
    s_.hand().frames();
  }

 private:
  u32 below(u32 end) { return static_cast<u32>(random_() % end); }

  /// At some control that is there.
  void aim() {
    if (items().empty()) return;
    const Item& item = items()[below(static_cast<u32>(items().size()))];
    ImGui::GetIO().MousePos = item.at(float(below(100)) / 100, float(below(100)) / 100);
  }

  void press() {
    using namespace viz::key;
    static constexpr int keys[] = {' ',  '-',     '=',    'A',    'C',    'V',    left,   right,
                                   home, end,     up,     down,   tab,    enter,  escape, backspace,
                                   del,  page_up, f1 + 1, f1 + 4, f1 + 5, f1 + 7, f1 + 8, f1 + 9};
    ImGuiIO& io = ImGui::GetIO();
    io.KeyCtrl = below(4) == 0, io.KeyShift = below(4) == 0;
    io.KeysDown[keys[below(static_cast<u32>(std::size(keys)))]] ^= true;
  }

  /// A run goes its own way meanwhile.
  void change_run() {
    if (!s_.machine().run) return;
    static constexpr RunState states[] = {RunState::running, RunState::paused, RunState::ended};
    s_.run().set_state(states[below(8) == 0 ? 2 : below(2)], "for a reason");
  }

  Stage& s_;
  std::mt19937_64 random_;
};

void check(Stage& s) {
  const viz::Choice& c = s.choice();
  REQUIRE(c.machine < s.workspace().machines().size());
  for (const auto& m : s.workspace().machines()) {
    REQUIRE(m->transport.moment() <= m->recording.events());
    REQUIRE(m->scene.moment() <= m->recording.events());
  }
  if (c.frame) REQUIRE(*c.frame < s.machine().recording.header().ram.frames());
  if (c.reference) REQUIRE(c.reference->moment <= s.machine().recording.events());
  REQUIRE((c.window.end_ps == 0 || c.window.end_ps > c.window.begin_ps));
  REQUIRE((std::isfinite(c.place.pixels) && c.place.pixels >= 0 && c.place.pixels <= 64));
  REQUIRE((std::isfinite(c.place.column) && std::isfinite(c.place.row)));
  for (const double share : {c.map_share, c.above_share}) REQUIRE((share >= 0.15 && share <= 0.85));
  REQUIRE((s.machine().transport.speed() > 0 && s.machine().transport.speed() <= 1));
  REQUIRE(viz::find_view(c.tab.empty() ? "map" : c.tab));
}

void play(u64 seed, unsigned events) {
  const Kind kind = seed % 2 == 0 ? Kind::replay : Kind::live;
  Stage s({small_trace(seed % 3 == 0 ? "ia64" : "x86_64"), small_trace("ia64")}, kind);
  Monkey monkey(s, seed);
  for (unsigned i = 0; i < events; ++i) {
    INFO("seed " << seed << ", event " << i);
    monkey.act();
    check(s);
  }
}

u64 number(const char* variable) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : 0;
}

}  // namespace

TEST_CASE("whatever is done to the interface, it stands") {
  constexpr unsigned events = 700;
  if (const u64 seed = number("XS_MONKEY_SEED")) return play(seed, events);
  constexpr u64 always = 4;  // seeds
  for (u64 seed = 1; seed <= always; ++seed) play(seed, events);
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::seconds(number("XS_MONKEY_SECONDS"));
  for (u64 seed = always + 1; Clock::now() < end; ++seed) play(seed, events);
}
