// Virtio console, one port, no multiport. Transmission takes no simulated time; input waits until the driver
// offers buffers. Source: VIRTIO 1.2 section 5.3.
#pragma once
#include <deque>
#include <string_view>

#include "sim/core/console_sink.h"
#include "sim/platform/device/register_device.h"
#include "sim/platform/virtio/virtio_device.h"

namespace xs::platform {

class VirtioConsole : public VirtioDevice {
 public:
  VirtioConsole(DeviceHost& host, ConsoleSink* sink) : host_(host), sink_(sink) {}
  void receive(std::string_view bytes);

  const char* name() const override { return "console"; }
  u32 device_id() const override { return 3; }
  u64 features() const override { return feature_emergency_write; }
  unsigned queues() const override { return 2; }
  void attach(VirtioTransport& transport) override { transport_ = &transport; }
  void notify(unsigned queue) override;
  void reset() override {}
  bool read_config(u64 offset, unsigned size, u64& value) const override;
  bool write_config(u64 offset, unsigned size, u64 value) override;
  bool busy() const override { return false; }

 private:
  static constexpr u64 feature_emergency_write = 1 << 2;
  static constexpr u64 most_request_bytes = 1 << 20;  ///< a request of gigabytes would drown the host
  static constexpr unsigned receive_queue = 0, transmit_queue = 1;
  void deliver_input();
  void transmit();
  bool emit(const VirtioChain& chain);
  u32 fill(const VirtioChain& chain);

  DeviceHost& host_;
  ConsoleSink* sink_;
  VirtioTransport* transport_ = nullptr;
  std::deque<char> input_;
};

}  // namespace xs::platform
