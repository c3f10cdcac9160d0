// A run as its trace tells it, indexed for looking: what changed when, who did what, how many frames whom.
// It can grow: a run that goes on writes the file, and follow() takes in what has been added.
//
//     trace file ──follow()──> Recording ─┬─ changes    frame and time of each change      → history, ages
//                                         ├─ activities hypercalls, faults, events, ...    → timeline
//                                         ├─ curves     frames by owner, rates             → dashboards
//                                         ├─ lines      consoles                           → consoles
//                                         ├─ steps      of the scenario                    → toolbar,
//                                         captions └─ newest     state behind the last event
//
// Moments are numbers of events: "after n events". Times are simulated, in ps, and ordered like events only
// to the precision of a quantum; the moment of a time is before the first event that is later
// (docs/trace.md).
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "sim/observe/trace_reader.h"
#include "viz/model/balloon_target.h"
#include "viz/model/curve.h"

namespace xs::viz {

/// A frame's owner, type, M2P entry changed, or a P2M entry that names it, or who maps it by a grant.
struct Change {
  u64 time_ps = 0;
  u32 event = 0;  ///< its number
  u32 frame = 0;  ///< dense index (observe::RamMap)
  static constexpr u32 none = ~u32{0};
  u32 cause = none;  ///< index of the hypercall in Recording::activities(); none: boot, fault, interrupt
};

enum class ActivityKind : u8 {
  hypercall,
  fault,
  interrupt,
  event,
  bounce,
  flush,
  shadow,
  flip,
  life,
  balloon
};
inline constexpr unsigned activity_kinds = 10;
const char* activity_name(ActivityKind kind);

/// Something a VCPU did or met. A point when it took no time.
struct Activity {
  u64 begin_ps = 0, end_ps = 0;
  u64 what =
      0;       ///< operation; vector; port; address; enum xs_shadow_event; domain state; frames more or less
  u32 dv = 0;  ///< VCPU: domid << 16 | number
  u32 event = 0;
  ActivityKind kind = ActivityKind::hypercall;
  u8 cpu = 0;
  u8 depth = 0;  ///< of a hypercall within multicalls
};

/// A frame that went from one domain to another at once.
struct Flip {
  u64 time_ps = 0;
  u32 event = 0;
  u32 from = 0, to = 0;  ///< domids
  u64 mfn = 0;
  u64 from_gfn = invalid_frame, to_gfn = invalid_frame;  ///< by the M2P, before and behind
  u64 reference = ~u64{0};  ///< a transfer or exchange: the receiver's; ~0: by another way
};

struct ConsoleText {
  u64 time_ps = 0;
  u32 event = 0;
  u32 source = 0;  ///< index into Recording::sources()
  std::string text;
};

struct StepSpan {
  std::string name;
  u64 begin_ps = 0, end_ps = 0;  ///< end 0: still going on
  u32 first_event = 0, last_event = 0;
  bool passed = false;
  std::string caption, view;  ///< docs/scenarios.md
};

/// One domain's, or the machine's, numbers over time.
struct DomainCurves {
  Curve frames, hypercalls, faults;  ///< owned; begun so far; taken so far
  Curve target;                      ///< frames that the operator wants it to own (balloon_target.h)
};

class Recording {
 public:
  /// Events beyond these are not taken in; truncated() tells.
  static constexpr u64 most_events = u64{1} << 26;

  /// Reads all there is. Throws Error: no trace, damaged.
  explicit Recording(const std::string& file);
  /// Takes in what has been written since; false when nothing was. Throws Error on damage.
  bool follow();

  const std::string& file() const { return file_; }
  const observe::TraceReader& trace() const { return trace_; }
  const observe::TraceHeader& header() const { return trace_.header(); }
  u64 events() const { return events_; }
  u64 last_ps() const { return newest_.time_ps(); }
  bool truncated() const { return events_ < trace_.events(); }

  const observe::TraceState& newest() const { return newest_; }
  const std::vector<Change>& changes() const { return changes_; }
  const std::vector<Activity>& activities() const { return activities_; }
  const std::vector<Flip>& flips() const { return flips_; }
  const std::vector<ConsoleText>& lines() const { return lines_; }
  const std::vector<std::string>& sources() const { return sources_; }
  const std::vector<StepSpan>& steps() const { return steps_; }
  /// By owner (domids, XS_OWNER_*), ascending.
  const std::map<u32, DomainCurves>& curves() const { return curves_; }

  /// Moment of a time: as many events as precede the first that is later.
  u64 moment_at(u64 time_ps) const;
  /// Time of a moment: that of its latest event.
  u64 time_at(u64 moment) const;
  /// Moment behind the next (forward) or before the last frame change, hypercall, or event of any kind.
  u64 next_change(u64 moment) const;
  u64 previous_change(u64 moment) const;

 private:
  void take(u64 number, const observe::Event& event);
  void take_change(const observe::Event& event, u64 mfn);
  void take_flip(const observe::Event& event);
  void take_grant(const observe::Event& event);
  void end_operations(const observe::Event& event, std::size_t ended);
  void take_target(const observe::Event& event);
  void take_operation(const observe::Event& event);
  void take_point(const observe::Event& event);
  void take_note(const observe::Event& event);
  void take_text(const observe::Event& event);
  void add(const observe::Event& event, ActivityKind kind, u64 dv, u64 what);
  void note_owners(const observe::Event& event);
  u32 source(u32 string);

  std::string file_;
  observe::TraceReader trace_;
  observe::TraceState newest_;
  u64 events_ = 0;
  std::vector<Change> changes_;
  std::vector<Activity> activities_;
  struct Open {
    std::size_t activity = 0;  ///< among activities_
    u64 owned = 0;             ///< frames of its domain when it began
  };
  std::map<u64, std::vector<Open>> open_;  ///< dv -> open hypercalls
  std::vector<Flip> flips_;
  std::map<u64, std::size_t> flipped_;  ///< MFN -> its last one among flips_, whose GFN has not been told
  BalloonTargets targets_;
  std::vector<ConsoleText> lines_;
  std::vector<std::string> sources_;
  std::map<u32, u32> source_of_string_;
  std::vector<StepSpan> steps_;
  std::map<u32, DomainCurves> curves_;
  std::vector<u64> time_marks_;  ///< latest time before event number 256 * i
};

}  // namespace xs::viz
