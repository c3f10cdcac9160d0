// What a machine file says of the network, and what is counted there. Plain values.
#pragma once
#include <array>
#include <optional>

#include "sim/core/types.h"

namespace xs::platform {

using MacAddress = std::array<u8, 6>;

struct LinkSettings {
  u64 latency_ns = 20'000;        ///< from the last byte's leaving to its arrival
  u64 bytes_per_s = 125'000'000;  ///< 1 Gbit/s
  u64 lose_every = 0;             ///< the n-th, 2n-th, … frame of each direction gets lost; 0: none
};

struct StationSettings {
  MacAddress mac{0x00, 0x16, 0x3e, 0xff, 0xff, 0xfe};
  u32 address = 0x0a00fffe;  ///< 10.0.255.254
};

/// A stream of datagrams that a station sends.
struct StreamOrder {
  u32 to = 0;  ///< IPv4 address
  u32 packets = 0, bytes = 0;
};

struct NetworkConfig {
  MacAddress mac{0x00, 0x16, 0x3e, 0xff, 0x00, 0x00};  ///< the device's
  std::optional<unsigned> slot;                        ///< none: the next one
  LinkSettings link;
  std::optional<StationSettings> station;  ///< none: the wire leads nowhere
};

struct NetworkCounters {                                           ///< of the device, and of the wire
  u64 sent = 0, sent_bytes = 0, received = 0, received_bytes = 0;  ///< frames, and their bytes
  u64 dropped = 0;  ///< no buffer for what arrived, or no frame in what was to be sent
  u64 lost = 0;     ///< on the wire
};

struct StationCounters {
  u64 arp = 0, echoes = 0;       ///< questions answered
  u64 datagrams = 0, bytes = 0;  ///< of streams; bytes as their senders count them
  u64 sent = 0, confirmed = 0;   ///< datagrams of its own streams
  u64 missing = 0, corrupt = 0;  ///< datagrams that a stream lacks; that are not as they were sent
  u64 ignored = 0;               ///< frames for somebody else, or with nothing to answer
};

}  // namespace xs::platform
