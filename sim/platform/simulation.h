// The one simulation of this process: machines that run side by side in simulated time, and the wires between
// them. No SystemC type appears here, so that the runner and the command line compile without it.
//
//     Simulation ── run_until ──> Participant (Machine), Participant, …
//         └─ join ──> a wire between two machines' network devices
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "sim/core/types.h"
#include "sim/platform/network/network_config.h"

namespace xs::platform {

class Machine;

enum class StopReason {
  paused,    ///< somebody called pause()
  deadline,  ///< simulated time reached
  exited,    ///< the guest wrote the exit port; see exit_value()
  reset,     ///< the guest asked for a reset
  triple_fault,
  stuck,    ///< a core cannot go on: it loops on a fault, or runs where there is no code; see stop_text()
  deadlock  ///< every core halted for ever, no device event pending
};

/// A machine as its simulation knows it.
class Participant {
 public:
  virtual ~Participant() = default;
  virtual const std::string& name() const = 0;
  /// Before each run; throws Error when there is nothing to run.
  virtual void begin_run() = 0;
  /// sc_start has come back.
  virtual void run_stands() = 0;
  virtual std::optional<StopReason> ended() const = 0;
  /// Nothing will ever happen to it again by itself.
  virtual bool deadlocked() const = 0;
};

class Simulation {
 public:
  /// SystemC cannot be re-elaborated: one simulation per process, throws Error for a second one.
  Simulation();
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  /// Runs all machines until there is a reason to stop: one of them has just ended; the deadline; paused; all
  /// that have not ended are deadlocked. Callable again: a machine that has ended stands still, the others go
  /// on. When all have, says at once why the last one did.
  StopReason run_until(u64 deadline_ps);
  /// From a sink or an observer during the run: stop at the end of the current quantum, deterministically.
  void pause();
  u64 now_ps() const;

  /// Lays a wire between two machines' network devices, in place of the one that each has by itself, which may
  /// have no station. Before the first run; throws Error.
  void join(Machine& a, Machine& b, const LinkSettings& link);

  /// For Machine. Names differ; before the first run; throws Error.
  void enter(Participant& machine);
  void leave(Participant& machine);
  /// A machine has ended: whoever called run_until learns it.
  void machine_ended();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xs::platform
