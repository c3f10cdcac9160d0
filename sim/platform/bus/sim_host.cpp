#include "sim/platform/bus/sim_host.h"

namespace xs::platform {
namespace {

class SimTimer final : public Timer, private Agenda::Item {
 public:
  SimTimer(Agenda& agenda, std::function<void()> expired) : agenda_(agenda), expired_(std::move(expired)) {}

  void arm(u64 at_ps) override {
    armed_ = true;
    agenda_.set(*this, at_ps);
  }
  void cancel() override {
    agenda_.cancel(*this);
    armed_ = false;
  }
  bool armed() const override { return armed_; }

 private:
  void due() override {
    armed_ = false;
    expired_();
  }

  Agenda& agenda_;
  bool armed_ = false;
  std::function<void()> expired_;
};

}  // namespace

std::unique_ptr<Timer> SimHost::make_timer(std::function<void()> expired) {
  return std::make_unique<SimTimer>(agenda_, std::move(expired));
}

}  // namespace xs::platform

// libsystemc refers to this symbol; the simulation is driven by sc_start from Simulation::run_until instead.
int sc_main(int, char**) { return 0; }
