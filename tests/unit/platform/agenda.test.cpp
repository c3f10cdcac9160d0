// A machine's agenda keeps the order in which SystemC's own queue brings what is due at the same time: a
// machine alone runs as if each of its timers were a SystemC event, and so does one beside another.
#include "sim/platform/bus/sim_agenda.h"

#include <array>
#include <random>

#include "sim/platform/bus/sim_host.h"
#include "tests/cosim/machine/child_machine.h"

using namespace xs;
using namespace xs::platform;

namespace {

constexpr unsigned timers = 12;
constexpr u64 tick = 1000;

/// The order in which timers fired.
struct Story {
  std::array<u32, 4000> fired{};
  std::size_t count = 0;
  u64 end_ps = 0;
};

/// An alarm as a SystemC event of its own.
class EventTimer final : public sc_core::sc_module, public Timer {
 public:
  EventTimer(const sc_core::sc_module_name& name, std::function<void()> expired)
      : sc_module(name), expired_(std::move(expired)) {
    SC_HAS_PROCESS(EventTimer);
    SC_METHOD(fire);
    sensitive << alarm_;
    dont_initialize();
  }
  void arm(u64 at_ps) override {
    const u64 now = sc_core::sc_time_stamp().value();
    alarm_.cancel();
    alarm_.notify(sc_core::sc_time::from_value(at_ps > now ? at_ps - now : 0));
  }
  void cancel() override { alarm_.cancel(); }
  bool armed() const override { return false; }

 private:
  void fire() { expired_(); }
  sc_core::sc_event alarm_;
  std::function<void()> expired_;
};

using MakeTimer = std::function<std::unique_ptr<Timer>(std::function<void()>)>;

/// Timers that set and call off one another, many of them for the same time.
class Players {
 public:
  Players(u32 seed, const MakeTimer& make) : random_(seed) {
    for (u32 i = 0; i < timers; ++i) timers_.push_back(make([this, i] { fired(i); }));
    for (auto& timer : timers_) timer->arm(tick * (1 + random_() % 3));
  }
  Story story;

  void meddle() {
    const u64 now = sc_core::sc_time_stamp().value();
    for (auto n = random_() % 3 + 1; n > 0; --n) {
      Timer& timer = *timers_[random_() % timers_.size()];
      const auto what = random_() % 8;
      if (what == 0)
        timer.cancel();
      else
        timer.arm(now + (what == 1 ? 0 : tick * (random_() % 4 + 1)));
    }
  }

 private:
  void fired(u32 i) {
    if (story.count == story.fired.size()) return;
    story.fired[story.count++] = i;
    timers_[i]->arm(sc_core::sc_time_stamp().value() + tick * (random_() % 5 + 1));
    meddle();
  }
  std::mt19937 random_;
  std::vector<std::unique_ptr<Timer>> timers_;
};

/// In slices, with a word from outside between two of them.
void play(const std::vector<Players*>& players, const std::function<void()>& stands) {
  for (int slice = 0; slice < 40; ++slice) {
    sc_core::sc_start(sc_core::sc_time::from_value(tick * 7), sc_core::SC_RUN_TO_TIME);
    stands();
    for (Players* p : players) p->meddle();
  }
  for (Players* p : players) p->story.end_ps = sc_core::sc_time_stamp().value();
}

Story by_events(u32 seed) {
  return test::in_child([=] {
    Players players(seed, [](std::function<void()> expired) {
      return std::make_unique<EventTimer>(sc_core::sc_gen_unique_name("timer"), std::move(expired));
    });
    play({&players}, [] {});
    return players.story;
  });
}

/// Beside as many others as that.
Story by_agenda(u32 seed, unsigned others) {
  return test::in_child([=] {
    std::vector<std::unique_ptr<SimAgenda>> agendas;
    std::vector<std::unique_ptr<SimHost>> hosts;
    std::vector<std::unique_ptr<Players>> players;
    std::vector<Players*> all;
    for (unsigned i = 0; i <= others; ++i) {
      agendas.push_back(std::make_unique<SimAgenda>(sc_core::sc_gen_unique_name("agenda")));
      hosts.push_back(std::make_unique<SimHost>(*agendas.back()));
      SimHost& host = *hosts.back();
      players.push_back(std::make_unique<Players>(
          seed + i, [&](std::function<void()> expired) { return host.make_timer(std::move(expired)); }));
      all.push_back(players.back().get());
    }
    play(all, [&] {
      for (const auto& agenda : agendas) agenda->collect();
    });
    return players.front()->story;
  });
}

}  // namespace

TEST_CASE("what is due at the same time comes as SystemC brings it, whoever else is there") {
  const u32 seed = GENERATE(range(1u, 30u));
  const Story events = by_events(seed), alone = by_agenda(seed, 0), beside = by_agenda(seed, 2);
  INFO("seed " << seed);
  CHECK(events.count > 500);
  CHECK(alone.count == events.count);
  CHECK(alone.fired == events.fired);
  CHECK(beside.count == events.count);
  CHECK(beside.fired == events.fired);
}

TEST_CASE("an agenda says what comes next, and nothing comes after it is closed") {
  struct Found {
    u64 nothing, first, called_off, at_once, fired;
  };
  const Found f = test::in_child([] {
    SimAgenda agenda("agenda");
    SimHost host(agenda);
    Found found{};
    const auto a = host.make_timer([&] { ++found.fired; }), b = host.make_timer([&] { ++found.fired; });
    found.nothing = agenda.next_ps();
    a->arm(5 * tick), b->arm(3 * tick);
    found.first = agenda.next_ps();
    b->cancel();
    found.called_off = agenda.next_ps();
    b->arm(0);
    found.at_once = agenda.next_ps();
    sc_core::sc_start(sc_core::sc_time::from_value(4 * tick), sc_core::SC_RUN_TO_TIME);
    agenda.close();
    sc_core::sc_start(sc_core::sc_time::from_value(4 * tick), sc_core::SC_RUN_TO_TIME);
    return found;
  });
  CHECK(f.nothing == Agenda::never);
  CHECK(f.first == 3 * tick);
  CHECK(f.called_off == 5 * tick);
  CHECK(f.at_once == 0);
  CHECK(f.fired == 1);
}
