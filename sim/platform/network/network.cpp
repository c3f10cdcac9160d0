#include "sim/platform/network/network.h"

namespace xs::platform {

Network::Network(DeviceHost& host, const NetworkConfig& config)
    : device(host, config.mac),
      station_(config.station ? std::optional<Station>(std::in_place, *config.station) : std::nullopt),
      out_(host, config.link, other_end()),
      in_(host, config.link, device) {
  device.connect(out_);
  if (station_) station_->connect(in_);
}

void Network::count(NetworkCounters& network, StationCounters& station) const {
  network = device.counters();
  network.lost = out_.lost() + in_.lost();
  if (station_) station = station_->counters();
}

}  // namespace xs::platform
