// A wire between two ends: two links, one for each direction, and what may become of them during a run.
//
//     ends[0].port <── links: from(1) ──┬── ends[1].port
//                  ── from(0) ─────────>┘
#pragma once
#include <array>

#include "sim/platform/network/network_link.h"

namespace xs::platform {

class Wire {
 public:
  struct End {
    DeviceHost& host;
    NetworkPort& port;
  };
  Wire(const LinkSettings& settings, End first, End second)
      : links_{LocalLink(first.host, settings, second.port, second.host),
               LocalLink(second.host, settings, first.port, first.host)} {}

  /// What leaves an end, 0 or 1.
  LocalLink& from(std::size_t end) { return links_.at(end); }
  bool busy() const { return links_[0].busy() || links_[1].busy(); }

  // Of both directions, from now on.
  /// Down: what is sent gets lost, and so does what is on its way.
  void set_up(bool up);
  void set_bytes_per_s(u64 bytes_per_s);
  void lose_every(u64 n);
  /// Throws Error when a value is none.
  void change(const LinkChange& change);

 private:
  std::array<LocalLink, 2> links_;
};

}  // namespace xs::platform
