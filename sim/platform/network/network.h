// The machine's network: its device, the wire, and who is at the wire's other end.
//
//     device ══ wire ══ station, or nobody
//     device ══ wire ══ device of another machine
#pragma once
#include <memory>
#include <optional>

#include "sim/platform/network/station.h"
#include "sim/platform/network/wire.h"
#include "sim/platform/virtio/virtio_net.h"

namespace xs::platform {

class Network {
 public:
  /// With the wire that is configured, to a station or to nobody.
  Network(DeviceHost& host, const NetworkConfig& config);
  /// One wire between two machines; each keeps its device. Throws Error when a machine has a station, or a
  /// wire to another machine already.
  static void join(Network& a, Network& b, const LinkSettings& link);

  bool busy() const { return wire_->busy(); }
  bool joined() const { return joined_; }
  Station* station() { return station_ ? &*station_ : nullptr; }
  void change_link(const LinkChange& change) { wire_->change(change); }
  /// The machine has ended: what another one sends it gets lost.
  void machine_ended();
  void count(NetworkCounters& device, StationCounters& station) const;

  VirtioNet device;

 private:
  /// The end of a wire that leads nowhere.
  struct Nobody final : NetworkPort {
    void frame_arrived(const NetworkFrame&) override {}
  };
  NetworkPort& other_end() { return station_ ? static_cast<NetworkPort&>(*station_) : nobody_; }
  void take_wire(const std::shared_ptr<Wire>& wire, std::size_t end);

  DeviceHost& host_;
  Nobody nobody_;
  std::optional<Station> station_;
  std::shared_ptr<Wire> wire_;
  std::size_t end_ = 0;  ///< the device's, of the wire
  bool joined_ = false;  ///< with another machine
};

}  // namespace xs::platform
