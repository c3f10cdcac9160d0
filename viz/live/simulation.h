// A scenario that runs in a thread of its own, and can be stopped and looked at.
//
//     the user's thread ── pause, run, step, breakpoints, wish ──> [Gate] <── the simulation's thread
//                       <── status, image ────────────────────────  │      asks at each quantum's end and
//                       event <── trace file, followed ─────────────────  └ and waits there while paused
//
// Waiting costs the host's time alone, so a run that is looked at takes the course of one that is not: the
// trace hash is the same. SystemC simulates one machine in a process, once.
#pragma once
#include <memory>
#include <string>

#include "sim/scenario/result.h"
#include "sim/scenario/scenario.h"
#include "viz/model/machine_image.h"

namespace xs::viz {

struct SimulationOptions {
  std::string arch = "x86_64";
  std::string trace_file;      ///< the recording; must not be empty
  std::string work_directory;  ///< existing
  bool paused = false;         ///< before its first instruction
  bool patient = true;         ///< a user thinks as long as he likes: the scenario's wall_s does not hold
  std::vector<Breakpoint> breakpoints = {};
};

class Simulation : public RunControl {
 public:
  /// Loads all images and returns when the trace has begun. Throws Error.
  Simulation(scenario::Scenario scenario, const SimulationOptions& options);
  /// Ends the run where it stands.
  ~Simulation() override;
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  RunStatus status() const override;
  void pause() override;
  void run(double speed) override;
  void step(RunStep what) override;
  void set_breakpoints(std::vector<Breakpoint> breakpoints) override;
  void type(const std::string& line) override;
  void wish(const ImageWish& wish) override;
  MachineImage image() const override;
  /// The image stays what it is now, however the run goes on.
  void keep_image();

  /// Waits for the end of the run, or of `seconds`; true when it has ended.
  bool wait(double seconds);
  /// Of an ended run.
  const scenario::RunResult& result() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xs::viz
