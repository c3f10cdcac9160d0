// The whole interface on recordings, drawn into memory and worked by a Hand.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/viz/tour/fake_run.h"
#include "tests/unit/viz/tour/hand.h"
#include "viz/app/interface.h"

namespace xs::test {

enum class Kind { replay, live };
/// What is drawn, and how large.
struct Show {
  std::string panel = {};  ///< a view alone; empty: all
  u32 width = 1280, height = 800;
  bool each_frame = false;  ///< for pictures; else only some, which costs less
};

/// Of the recordings in tests/unit/viz/traces.
std::string small_trace(const std::string& architecture);

class Stage {
 public:
  /// A live one stands at the first recording's end, under a FakeRun.
  Stage(const std::vector<std::string>& traces, Kind kind, const Show& show = {});

  /// A run that is one, and the recording that it writes.
  Stage(const std::string& trace, viz::RunControl& run);

  viz::Workspace& workspace() { return workspace_; }
  viz::Choice& choice() { return workspace_.choice; }
  viz::MachineTab& machine() { return workspace_.machine(); }
  FakeRun& run() { return *run_; }
  const Show& show() const { return show_; }
  Hand& hand() { return hand_; }
  /// Brings a view's tab to the front.
  void open_tab(const std::string& view);
  /// As it looks when nothing happens: what flashes has faded.
  viz::Picture picture();
  /// Stands there from now on.
  void go(u64 moment);

 private:
  void raise();

  Show show_;
  viz::Workspace workspace_;
  std::unique_ptr<FakeRun> run_;
  std::unique_ptr<viz::Canvas> canvas_;
  std::unique_ptr<viz::Interface> interface_;
  Hand hand_;
};

}  // namespace xs::test
