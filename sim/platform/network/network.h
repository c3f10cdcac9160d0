// The machine's network as it is configured: its device, the wire, and who is at the wire's other end.
//
//     device ══ wire ══ station, or nobody
#pragma once
#include <optional>

#include "sim/platform/network/station.h"
#include "sim/platform/virtio/virtio_net.h"

namespace xs::platform {

class Network {
 public:
  Network(DeviceHost& host, const NetworkConfig& config);
  bool busy() const { return out_.busy() || in_.busy(); }
  Station* station() { return station_ ? &*station_ : nullptr; }
  void count(NetworkCounters& device, StationCounters& station) const;

  VirtioNet device;

 private:
  /// The end of a wire that leads nowhere.
  struct Nobody final : NetworkPort {
    void frame_arrived(const NetworkFrame&) override {}
  };
  NetworkPort& other_end() { return station_ ? static_cast<NetworkPort&>(*station_) : nobody_; }

  Nobody nobody_;
  std::optional<Station> station_;
  LocalLink out_, in_;  ///< as the device sees it
};

}  // namespace xs::platform
