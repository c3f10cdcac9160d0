// The machine at one moment of its recording: what all views show.
//
//     Recording ──show(moment)──> Scene { state; last change of each frame }
//                                   └──take_changed()──> which frames a map has to paint anew
//
// Forwards it applies the events between; backwards it begins at a keyframe.
#pragma once
#include <memory>
#include <vector>

#include "viz/model/recording.h"

namespace xs::viz {

class Scene {
 public:
  explicit Scene(const Recording& recording);

  /// Throws Error: the file is damaged there.
  void show(u64 moment);
  u64 moment() const { return moment_; }
  u64 time_ps() const { return state_->time_ps(); }
  const observe::TraceState& state() const { return *state_; }
  const Recording& recording() const { return recording_; }

  /// Time of the frame's last change up to the moment; never: it has not changed.
  static constexpr u64 never = ~u64{0};
  u64 last_change_ps(u32 frame) const { return last_change_[frame]; }

  /// Frames that changed since this was last asked, each once; `all`: so many that each must be looked at.
  struct Changed {
    bool all = false;
    std::vector<u32> frames;
  };
  Changed take_changed();

  /// Domains by number: those that the moment knows.
  std::vector<observe::DomainInfo> domains() const;
  /// "dom1 (web)", "xen", "free".
  std::string owner_label(u32 owner) const { return state_->domain_label(owner); }

 private:
  void forward(u64 moment);
  void mark(u32 frame);

  const Recording& recording_;
  std::unique_ptr<observe::TraceState> state_;
  u64 moment_ = 0;  ///< events that the state has
  u64 noted_ = 0;   ///< events whose changes last_change_ has
  std::vector<u64> last_change_;
  std::vector<u32> changed_;
  std::vector<bool> is_changed_;
  bool all_changed_ = true;
};

}  // namespace xs::viz
