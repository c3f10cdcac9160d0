// All that is looked at, and what the user has chosen: what every view is drawn from.
//
//     Workspace ─┬─ machines[]  Recording, Scene, Transport, FrameMap; RunControl when it is live
//                └─ choice      pinned frame, domain, VCPU, colouring, ...
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "viz/model/frame_detail.h"
#include "viz/model/frame_map.h"
#include "viz/model/kept.h"
#include "viz/model/links.h"
#include "viz/model/machine_image.h"
#include "viz/model/p2m.h"
#include "viz/model/transport.h"

namespace xs::viz {

/// A domain's P2M at a moment.
using P2mAt = std::pair<u64, u32>;

struct MachineTab {
  std::string title;
  Recording recording;
  Scene scene;
  Transport transport;
  FrameMap map;
  MapLook look;                      ///< that the map was last painted with
  RunControl* run = nullptr;         ///< null: a replay
  Kept<P2mAt, P2m> p2m, p2m_before;  ///< of the moment, and of what it is compared with
  Kept<std::pair<P2mAt, u64>, P2mDifferences> p2m_difference;
  Kept<std::pair<u64, u64>, std::vector<FrameUse>> uses;            ///< at a moment, of an MFN
  Kept<u64, std::vector<Link>> foreign_entries, granted_frames;     ///< of the moment
  Kept<std::pair<u32, u64>, std::vector<FrameChangeText>> history;  ///< of a frame with so many changes
  /// Of those entries, the ones that have the words of the filter.
  Kept<std::pair<std::shared_ptr<const TranslationImage>, std::string>, std::vector<std::size_t>> tlb_rows;

  MachineTab(std::string name, const std::string& trace_file)
      : title(std::move(name)),
        recording(trace_file),
        scene(recording),
        transport(recording),
        map(recording.header().ram.frames()) {}
};

/// What the present is compared with.
struct Reference {
  u64 moment = 0, time_ps = 0;
};

/// What of the timeline is in sight; end 0: all of it.
struct TimeWindow {
  u64 begin_ps = 0, end_ps = 0;
};

/// Which part of a map is in sight. Pixels a frame 0: all of it fits.
struct MapPlace {
  double pixels = 0;
  double column = 0, row = 0;  ///< at the upper left corner
};

/// A breakpoint that is being made, as it is typed.
struct BreakpointDraft {
  int kind = 0;
  std::string number, domid;
};

/// What is looked for in a domain's P2M. An address of its first VCPU's is translated by the live machine.
struct P2mSearch {
  enum class By : u8 { gfn, mfn, va };
  By by = By::gfn;
  std::string typed;
  std::optional<TranslationWish> asked;  ///< of the machine, not yet answered
};

struct Choice {
  u32 machine = 0;
  std::optional<u32> frame;  ///< pinned: dense index
  u32 domid = 0;
  P2mSearch p2m_search;
  std::optional<u64> gfn;  ///< found in the domain's P2M
  u32 cpu = 0;
  MapLook look;
  u32 dirty_since = 0;                 ///< as ImageWish::dirty
  std::optional<Reference> reference;  ///< for the P2M's difference and "changed since"
  TimeWindow window;
  MapPlace place;
  double font_scale = 1;
  double map_share = 0.55,
         above_share = 0.72;  ///< of the window: the map's width, what is above the timeline
  std::string tab;            ///< view whose tab is to be shown next; empty: as it is
  bool guided = true;         ///< steps choose what is shown
  bool walking = false;       ///< arrows and space go through the controls, not through the recording
  std::string typing;         ///< a line for the operator's channel, not yet sent
  std::string frame_search, address, tlb_filter;  ///< as they are typed
  BreakpointDraft draft;
  std::vector<Breakpoint> breakpoints;
  TranslationWish translation;    ///< what is asked of a live machine
  std::optional<u64> hovered;     ///< MFN on the map, since the last wish
  bool translation_seen = false;  ///< its view has been drawn since the last wish
  bool restart = false;           ///< the run shall begin anew
};

class Workspace {
 public:
  /// Throws Error: no trace, damaged.
  void open(const std::string& title, const std::string& trace_file);
  std::vector<std::unique_ptr<MachineTab>>& machines() { return machines_; }
  MachineTab& machine() { return *machines_.at(choice.machine); }
  /// The step that the machine in front is in; null before the first.
  const StepSpan* step();
  /// Before each frame of the interface: growing files are followed, playing goes on, maps are painted.
  void advance(double seconds);
  double clock_s() const { return clock_s_; }
  FramePalette palette() const { return FramePalette(choice.look.dark); }

  Choice choice;

 private:
  std::vector<std::unique_ptr<MachineTab>> machines_;
  void guide();
  void obey(const std::string& view, const StepSpan& step);

  double clock_s_ = 0;
  const Recording* guided_recording_ = nullptr;  ///< whose step guided_step_ is
  u32 guided_step_ = 0;                          ///< its first event
};

}  // namespace xs::viz
