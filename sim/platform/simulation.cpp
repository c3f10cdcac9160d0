// sc_start runs the simulation in slices; the reasons to stop are collected here.
#include "sim/platform/simulation.h"

#include <algorithm>
#include <systemc>
#include <vector>

#include "sim/core/error.h"
#include "sim/platform/machine.h"
#include "sim/platform/network/network.h"

namespace xs::platform {
namespace {

// Deadlock is looked for at multiples of this, so that where a caller puts its deadlines changes nothing.
constexpr u64 slice_ps = 1'000'000'000;

}  // namespace

struct Simulation::Impl {
  struct Member {
    Participant* machine;
    bool told = false;  ///< that it has ended
  };

  StopReason run_until(u64 deadline_ps);
  void begin_run();
  void run_slice(u64 end_ps);
  std::optional<StopReason> end_to_tell();
  bool somebody_ended() const;
  bool deadlocked() const;
  void interrupt() const {
    if (running) sc_core::sc_pause();
  }

  std::vector<Member> members;
  bool begun = false, running = false, pausing = false;
  StopReason last_end = StopReason::paused;
};

void Simulation::Impl::begin_run() {
  if (members.empty()) throw Error("the simulation has no machine to run");
  for (const Member& m : members) m.machine->begin_run();
  begun = true;
  pausing = false;
}

void Simulation::Impl::run_slice(u64 end_ps) {
  running = true;
  try {
    sc_core::sc_start(sc_core::sc_time::from_value(end_ps - sc_core::sc_time_stamp().value()),
                      sc_core::SC_RUN_TO_TIME);
  } catch (const sc_core::sc_report& report) {
    running = false;
    throw Error(report.get_msg());
  }
  running = false;
  for (const Member& m : members) m.machine->run_stands();
}

/// One end at a time, in the order of the machines; when all have been told, the last one again.
std::optional<StopReason> Simulation::Impl::end_to_tell() {
  for (Member& m : members) {
    const auto end = m.told ? std::nullopt : m.machine->ended();
    if (!end) continue;
    m.told = true;
    return last_end = *end;
  }
  const bool all = std::all_of(members.begin(), members.end(), [](const Member& m) { return m.told; });
  return all ? std::optional(last_end) : std::nullopt;
}

bool Simulation::Impl::somebody_ended() const {
  return std::any_of(members.begin(), members.end(),
                     [](const Member& m) { return !m.told && m.machine->ended(); });
}

bool Simulation::Impl::deadlocked() const {
  return std::all_of(members.begin(), members.end(),
                     [](const Member& m) { return m.machine->ended() || m.machine->deadlocked(); });
}

StopReason Simulation::Impl::run_until(u64 deadline_ps) {
  begin_run();
  while (true) {
    if (const auto end = end_to_tell()) return *end;
    if (pausing) return StopReason::paused;
    const u64 now = sc_core::sc_time_stamp().value();
    if (now >= deadline_ps) return StopReason::deadline;
    const u64 boundary = (now / slice_ps + 1) * slice_ps;
    run_slice(std::min(boundary, deadline_ps));
    const bool at_boundary = sc_core::sc_time_stamp().value() == boundary;
    if (at_boundary && !somebody_ended() && !pausing && deadlocked()) return StopReason::deadlock;
  }
}

Simulation::Simulation() : impl_(std::make_unique<Impl>()) {
  static bool there_is_one = false;
  if (there_is_one) throw Error("one process can run one simulation");
  there_is_one = true;
}

Simulation::~Simulation() = default;

StopReason Simulation::run_until(u64 deadline_ps) { return impl_->run_until(deadline_ps); }

void Simulation::pause() {
  impl_->pausing = true;
  impl_->interrupt();
}

u64 Simulation::now_ps() const { return sc_core::sc_time_stamp().value(); }

void Simulation::join(Machine& a, Machine& b, const LinkSettings& link) {
  if (impl_->begun) throw Error("wires are laid before the simulation runs");
  if (&a == &b) throw Error("a wire joins two machines");
  Network::join(a.network(), b.network(), link);
}

void Simulation::enter(Participant& machine) {
  if (impl_->begun) throw Error("machines are made before the simulation runs");
  for (const Impl::Member& m : impl_->members)
    if (m.machine->name() == machine.name())
      throw Error("two machines of the simulation have the name \"" + machine.name() + "\"");
  impl_->members.push_back({&machine});
}

void Simulation::leave(Participant& machine) {
  std::erase_if(impl_->members, [&](const Impl::Member& m) { return m.machine == &machine; });
}

void Simulation::machine_ended() { impl_->interrupt(); }

}  // namespace xs::platform
