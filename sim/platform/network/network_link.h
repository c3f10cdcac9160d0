// A wire in simulated time: who sits at its ends, and what carries frames between them.
//
//     VirtioNet ──NetworkLink──> NetworkPort of the other end
//       (a port, too) <──NetworkLink── Station, or another machine
//
// A frame is an Ethernet frame without preamble and check sequence.
#pragma once
#include <deque>
#include <vector>

#include "sim/platform/device/register_device.h"
#include "sim/platform/network/network_config.h"

namespace xs::platform {

using NetworkFrame = std::vector<u8>;

/// What receives frames at an end of a wire.
class NetworkPort {
 public:
  virtual ~NetworkPort() = default;
  virtual void frame_arrived(const NetworkFrame& frame) = 0;
};

/// One direction of a wire, as its sender sees it.
class NetworkLink {
 public:
  virtual ~NetworkLink() = default;
  /// Frames leave one after the other, in the order of the calls. Answers when the last byte has left.
  virtual u64 send(NetworkFrame frame) = 0;
  /// A frame is on its way: something will happen by itself.
  virtual bool busy() const = 0;
};

/// Within one simulation.
class LocalLink final : public NetworkLink {
 public:
  LocalLink(DeviceHost& host, LinkSettings settings, NetworkPort& to);
  u64 send(NetworkFrame frame) override;
  bool busy() const override { return !on_the_way_.empty(); }
  u64 lost() const { return lost_; }

 private:
  struct Departed {
    NetworkFrame frame;
    u64 due_ps;
  };
  void deliver();

  DeviceHost& host_;
  const LinkSettings settings_;
  NetworkPort& to_;
  std::unique_ptr<Timer> timer_;
  std::deque<Departed> on_the_way_;  ///< in order of due_ps
  u64 free_at_ps_ = 0, sent_ = 0, lost_ = 0;
};

}  // namespace xs::platform
