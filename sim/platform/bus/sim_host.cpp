#include "sim/platform/bus/sim_host.h"

namespace xs::platform {
namespace {

class SimTimer final : public sc_core::sc_module, public Timer {
 public:
  SimTimer(sc_core::sc_module_name name, std::function<void()> expired)
      : sc_module(name), expired_(std::move(expired)) {
    SC_HAS_PROCESS(SimTimer);
    SC_METHOD(fire);
    sensitive << alarm_;
    dont_initialize();
  }

  void arm(u64 at_ps) override {
    const u64 now = sc_core::sc_time_stamp().value();
    alarm_.cancel();
    armed_ = true;
    alarm_.notify(sc_core::sc_time::from_value(at_ps > now ? at_ps - now : 0));
  }
  void cancel() override {
    alarm_.cancel();
    armed_ = false;
  }
  bool armed() const override { return armed_; }

 private:
  void fire() {
    armed_ = false;
    expired_();
  }

  sc_core::sc_event alarm_;
  bool armed_ = false;
  std::function<void()> expired_;
};

}  // namespace

std::unique_ptr<Timer> SimHost::make_timer(std::function<void()> expired) {
  return std::make_unique<SimTimer>(sc_core::sc_gen_unique_name("timer"), std::move(expired));
}

}  // namespace xs::platform

// libsystemc refers to this symbol; the simulation is driven by sc_start from Machine::run_until instead.
int sc_main(int, char**) { return 0; }
