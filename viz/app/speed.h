// How fast pictures of a run are made, drawn into memory at a window's pace.
#pragma once
#include <string>
#include <vector>

#include "sim/scenario/scenario.h"

namespace xs::viz {

struct SpeedOptions {
  scenario::Scenario scenario;  ///< must run for longer than `seconds`
  std::string arch = "x86_64";
  std::string work_directory;
  double seconds = 5;  ///< of each row
  u32 width = 1280, height = 800;
};

struct SpeedRow {
  std::string what;
  u64 frames = 0;       ///< of the interface
  double wall_s = 0;    ///< never more than `pace` frames a second
  double cpu_ms = 0;    ///< of this process, a frame; while the simulation runs, with what that takes
  double worst_ms = 0;  ///< longest frame, wall
};

struct Speed {
  static constexpr double pace = 60;  ///< frames a second, as a screen asks for
  u64 machine_frames = 0;
  std::vector<SpeedRow> rows;
};

/// Throws Error.
Speed measure_speed(const SpeedOptions& options);

}  // namespace xs::viz
