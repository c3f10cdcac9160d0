#include "viz/app/speed.h"

#include <imgui.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <functional>
#include <thread>

#include "viz/app/interface.h"
#include "viz/live/simulation.h"

namespace xs::viz {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point from) {
  return std::chrono::duration<double>(Clock::now() - from).count();
}

double cpu_s() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

/// Frames at the pace of a screen, for so long or until `over`.
SpeedRow measure(const std::string& what, Interface& interface, double seconds,
                 const std::function<void(u64)>& move, const std::function<bool()>& over) {
  SpeedRow row{what, 0, 0, 0, 0};
  const auto begin = Clock::now();
  const double cpu = cpu_s();
  for (auto due = begin; seconds_since(begin) < seconds && !over(); ++row.frames) {
    const auto frame_begin = Clock::now();
    move(row.frames);
    interface.frame(1 / Speed::pace);
    row.worst_ms = std::max(row.worst_ms, seconds_since(frame_begin) * 1e3);
    due += std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / Speed::pace));
    due = std::max(due, Clock::now());  // what is late is lost, as on a screen
    std::this_thread::sleep_until(due);
  }
  row.wall_s = seconds_since(begin);
  row.cpu_ms = (cpu_s() - cpu) * 1e3 / double(std::max<u64>(row.frames, 1));
  return row;
}

/// Over the map, a step each frame: what is told beside it is another frame's.
void move_mouse(u64 frame) {
  ImGuiIO& io = ImGui::GetIO();
  io.MousePos = {io.DisplaySize.x * (0.1F + 0.3F * float(frame % 97) / 97),
                 io.DisplaySize.y * (0.2F + 0.3F * float(frame % 61) / 61)};
}

}  // namespace

Speed measure_speed(const SpeedOptions& o) {
  SimulationOptions options{o.arch, o.work_directory + "/run.trace", o.work_directory, false, true, {}};
  Simulation simulation(o.scenario, options);
  Workspace workspace;
  workspace.open(o.scenario.name, options.trace_file);
  workspace.machine().run = &simulation;
  const auto canvas = open_offscreen(o.width, o.height);
  Interface interface(workspace, *canvas, nullptr);
  Speed speed;
  speed.machine_frames = workspace.machine().recording.header().ram.frames();
  const auto still = [](u64) {};
  const auto ended = [&] { return simulation.wait(0); };
  const auto never = [] { return false; };
  speed.rows.push_back(measure("the simulation runs", interface, o.seconds, still, ended));
  simulation.pause();
  while (simulation.status().state == RunState::running)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  speed.rows.push_back(measure("paused", interface, o.seconds, still, never));
  speed.rows.push_back(measure("paused, the mouse moves", interface, o.seconds, move_mouse, never));
  return speed;
}

}  // namespace xs::viz
