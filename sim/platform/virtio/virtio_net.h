// Virtio network device: one pair of queues, no offloads, every frame that arrives is shown to the driver. A
// frame is taken out of memory when the driver offers it, and given back when its last byte has left; one
// that arrives while no buffer waits is dropped.
//
// Source: VIRTIO 1.2 section 5.1.
#pragma once
#include <deque>

#include "sim/platform/network/network_link.h"
#include "sim/platform/virtio/virtio_device.h"

namespace xs::platform {

class VirtioNet final : public VirtioDevice, public NetworkPort {
 public:
  VirtioNet(DeviceHost& host, const MacAddress& mac);
  void connect(NetworkLink& out) { out_ = &out; }
  void frame_arrived(const NetworkFrame& frame) override;
  const NetworkCounters& counters() const { return counters_; }

  const char* name() const override { return "network"; }
  u32 device_id() const override { return 1; }
  u64 features() const override { return feature_mac | feature_status; }
  unsigned queues() const override { return 2; }
  void attach(VirtioTransport& transport) override { transport_ = &transport; }
  void notify(unsigned queue) override;
  void reset() override;
  bool read_config(u64 offset, unsigned size, u64& value) const override;
  bool write_config(u64, unsigned, u64) override { return false; }
  bool busy() const override { return !leaving_.empty(); }

 private:
  static constexpr u64 feature_mac = 1 << 5, feature_status = 1 << 16;
  static constexpr unsigned receive_queue = 0, transmit_queue = 1;
  struct Leaving {
    u16 head;
    u64 due_ps;
  };
  void transmit();
  bool take(const VirtioChain& chain);
  static bool fits(const VirtioChain& chain, const NetworkFrame& frame);
  u32 fill(const VirtioChain& chain, const NetworkFrame& frame);
  void complete_due();
  void break_down();

  DeviceHost& host_;
  const MacAddress mac_;
  std::unique_ptr<Timer> timer_;
  VirtioTransport* transport_ = nullptr;
  NetworkLink* out_ = nullptr;
  std::deque<Leaving> leaving_;  ///< in order of due_ps
  NetworkCounters counters_;
};

}  // namespace xs::platform
