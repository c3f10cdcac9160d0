// Simulated time for devices: sc_time plus, during a bus access, the accessing core's local time offset.
#pragma once
#include <memory>
#include <systemc>

#include "sim/platform/device/register_device.h"

namespace xs::platform {

class SimHost : public DeviceHost {
 public:
  u64 now_ps() const override { return (sc_core::sc_time_stamp() + local_).value(); }
  std::unique_ptr<Timer> make_timer(std::function<void()> expired) override;

  /// Holds the local time of one bus access.
  class Access {
   public:
    Access(SimHost& host, const sc_core::sc_time& local) : host_(host), outer_(host.local_) {
      host.local_ = local;
    }
    ~Access() { host_.local_ = outer_; }
    Access(const Access&) = delete;
    Access& operator=(const Access&) = delete;

   private:
    SimHost& host_;
    sc_core::sc_time outer_;
  };

 private:
  sc_core::sc_time local_ = sc_core::SC_ZERO_TIME;
};

}  // namespace xs::platform
