// A simulation that is none: it notes what it is asked for, and shows always the same machine.
#pragma once
#include <string>
#include <vector>

#include "viz/model/machine_image.h"

namespace xs::test {

class FakeRun : public viz::RunControl {
 public:
  FakeRun();  ///< of frames with odd numbers nothing is known

  viz::RunStatus status() const override { return status_; }
  void pause() override;
  void run(double speed) override;
  void step(viz::RunStep what) override;
  void set_breakpoints(std::vector<viz::Breakpoint> all) override { breakpoints = std::move(all); }
  void type(const std::string& line) override { typed.push_back(line); }
  void wish(const viz::ImageWish& wish) override;
  viz::MachineImage image() const override { return image_; }

  void set_state(viz::RunState state, const std::string& text = "") { status_ = {state, text, 0}; }
  /// The last thing that it was asked for, which is forgotten: "pause", "run 0.001", "step hypercall".
  /// What is asked about an address now leads there.
  void answer(u64 mfn);
  std::string take_order();

  std::vector<viz::Breakpoint> breakpoints;
  std::vector<std::string> typed;
  viz::ImageWish wished;

 private:
  viz::RunStatus status_{viz::RunState::running, "", 0};
  viz::MachineImage image_;
  std::string order_;
};

}  // namespace xs::test
