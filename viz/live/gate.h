// Where the simulation's thread meets the user's: the one waits here, the other says when it may go on.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "sim/observe/event.h"
#include "viz/model/machine_image.h"

namespace xs::viz {

class Gate {
 public:
  // The user's thread.
  void pause();
  void run(double speed);
  void step(RunStep what);
  void set_breakpoints(std::vector<Breakpoint> breakpoints);
  void type(const std::string& line);
  void wish(const ImageWish& wish);
  void end();  ///< the run shall end: whoever waits goes on
  RunStatus status() const;
  MachineImage image() const;
  /// The image stays what it is now, however the run goes on.
  void keep_image();

  // The simulation's thread.
  using Look = std::function<MachineImage(const ImageWish&, bool still)>;
  /// `look` makes an image of the machine, which is still when it will not go on by itself; `flush` brings
  /// the recording into its file.
  void serve(Look look, std::function<void()> flush);
  /// Often, between instructions: keeps the user's side up to date, waits for the user's speed. True when the
  /// core shall stop.
  bool breathe(u64 now_ps);
  /// Waits until the user lets it go on, and tells how: an instruction step or not.
  bool hold(const std::string& why);
  /// True when the event is one that the run shall be held at; `why` tells.
  bool stops_at(const observe::EventHead& head, const observe::EventFields& fields, std::string& why);
  bool ending() const { return ending_; }
  /// The oldest line that has been typed and not taken; empty: none.
  std::string take_line();
  /// The machine as it was left, while it is still there.
  void look_last();
  void ended(const std::string& text, int exit_code);

 private:
  using Clock = std::chrono::steady_clock;
  void let_go();
  void find_next_stop();
  void refresh(std::unique_lock<std::mutex>& lock, bool still);
  void keep_speed(std::unique_lock<std::mutex>& lock, u64 now_ps);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  RunStatus status_{RunState::running, "", 0};
  std::vector<Breakpoint> breakpoints_;
  std::deque<std::string> typed_;
  ImageWish wish_;
  MachineImage image_;
  bool paused_ = false, step_instruction_ = false, kept_ = false;
  double speed_ = 0;
  u64 speed_from_ps_ = 0;
  Clock::time_point speed_from_{}, refreshed_{};
  bool speed_new_ = true;
  Look look_;
  std::function<void()> flush_;
  std::atomic<bool> attention_{false}, ending_{false};
  /// What an event is compared with, without a lock: 0 nothing, or a set of Watch.
  enum Watch : unsigned { watch_breakpoints = 1, watch_hypercall = 2, watch_change = 4 };
  std::atomic<unsigned> watch_{0};
  std::atomic<u64> stop_at_ps_{~u64{0}};  ///< the earliest time that is a breakpoint and has not passed
  std::optional<u64> passed_ps_;
  u64 steps_ended_ = 0;  ///< the simulation's thread alone counts
};

}  // namespace xs::viz
