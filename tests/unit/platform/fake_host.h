// A device's surroundings under the test's control: time that moves only when told to, wires that remember.
#pragma once
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "sim/core/console_sink.h"
#include "sim/platform/device/register_device.h"

namespace xs::platform::test {

class FakeHost : public DeviceHost {
 public:
  u64 now_ps() const override { return now_; }
  std::unique_ptr<Timer> make_timer(std::function<void()> expired) override {
    auto timer = std::make_unique<FakeTimer>(*this, std::move(expired));
    timers_.push_back(timer.get());
    return timer;
  }

  /// Moves time to `to`, firing alarms in order.
  void run_until(u64 to) {
    while (FakeTimer* next = earliest()) {
      if (*next->due > to) break;
      now_ = std::max(now_, *next->due);
      next->due.reset();
      next->expired();
    }
    now_ = to;
  }

 private:
  struct FakeTimer : Timer {
    FakeTimer(FakeHost& owner, std::function<void()> f) : host(owner), expired(std::move(f)) {}
    ~FakeTimer() override { std::erase(host.timers_, this); }
    void arm(u64 at_ps) override { due = at_ps; }
    void cancel() override { due.reset(); }
    bool armed() const override { return due.has_value(); }
    FakeHost& host;
    std::function<void()> expired;
    std::optional<u64> due;
  };
  FakeTimer* earliest() {
    FakeTimer* best = nullptr;
    for (FakeTimer* t : timers_)
      if (t->due && (!best || *t->due < *best->due)) best = t;
    return best;
  }

  u64 now_ = 0;
  std::vector<FakeTimer*> timers_;
};

/// Counts rising edges.
struct Wire {
  bool level = false;
  unsigned rises = 0;
  IrqLine line() {
    return [this](bool asserted) {
      rises += asserted && !level;
      level = asserted;
    };
  }
};

struct TextSink : ConsoleSink {
  std::string text;
  void on_output(std::string_view bytes, u64) override { text += bytes; }
};

inline u64 get(RegisterDevice& device, u64 offset, unsigned size = 1) {
  u64 value = ~u64{0};
  return device.read(offset, size, value) ? value : ~u64{0};
}

}  // namespace xs::platform::test
