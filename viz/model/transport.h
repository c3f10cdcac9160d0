// Where in a recording the user looks, and how that goes on by itself.
//
//     following   the newest event, as the run writes it
//     playing     from the moment on, `speed` simulated seconds a second
//     standing    at a moment, until it is moved
#pragma once
#include <algorithm>

#include "viz/model/recording.h"

namespace xs::viz {

/// One of them; backwards with `forward` false.
enum class Stride : u8 { event, change, hypercall, step };

class Transport {
 public:
  explicit Transport(const Recording& recording) : recording_(recording), moment_(recording.events()) {}

  u64 moment() const { return moment_; }
  bool playing() const { return playing_; }
  bool following() const { return following_; }
  /// Simulated seconds a second.
  double speed() const { return speed_; }
  static constexpr double least_speed = 1e-5, greatest_speed = 1;
  void set_speed(double speed) { speed_ = std::clamp(speed, least_speed, greatest_speed); }

  void stand() { playing_ = following_ = false; }
  void play();
  void follow() { playing_ = false, following_ = true; }
  /// Stands there then.
  void go(u64 moment);
  void go_to_time(u64 time_ps) { go(recording_.moment_at(time_ps)); }
  void stride(Stride what, bool forward);
  /// `seconds` of the user's time have passed.
  void advance(double seconds);

 private:
  u64 next_hypercall(bool forward) const;
  u64 next_step(bool forward) const;

  const Recording& recording_;
  u64 moment_;
  bool playing_ = false, following_ = true;
  double speed_ = 0.02;
  double play_ps_ = 0;  ///< the playing time
};

}  // namespace xs::viz
