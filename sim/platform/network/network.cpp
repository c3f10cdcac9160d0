#include "sim/platform/network/network.h"

#include "sim/core/error.h"

namespace xs::platform {

Network::Network(DeviceHost& host, const NetworkConfig& config)
    : device(host, config.mac),
      host_(host),
      station_(config.station ? std::optional<Station>(std::in_place, *config.station) : std::nullopt),
      wire_(std::make_shared<Wire>(config.link, Wire::End{host, device}, Wire::End{host, other_end()})) {
  device.connect(wire_->from(0));
  if (station_) station_->connect(wire_->from(1));
}

void Network::join(Network& a, Network& b, const LinkSettings& link) {
  for (const Network* n : {&a, &b}) {
    if (n->station_) throw Error("a machine that is joined to another one has no station on its wire");
    if (n->joined_) throw Error("a machine's wire leads to one other machine");
  }
  const auto wire =
      std::make_shared<Wire>(link, Wire::End{a.host_, a.device}, Wire::End{b.host_, b.device});
  a.take_wire(wire, 0);
  b.take_wire(wire, 1);
}

void Network::take_wire(const std::shared_ptr<Wire>& wire, std::size_t end) {
  wire_ = wire;
  end_ = end;
  joined_ = true;
  device.connect(wire->from(end));
}

void Network::machine_ended() {
  if (joined_) wire_->from(1 - end_).set_heard(false);
}

// A wire between two machines is counted by both: each says what of its own was lost.
void Network::count(NetworkCounters& network, StationCounters& station) const {
  network = device.counters();
  network.lost = wire_->from(end_).lost();
  if (!joined_) network.lost += wire_->from(1 - end_).lost();
  if (station_) station = station_->counters();
}

}  // namespace xs::platform
