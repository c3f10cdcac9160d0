#include "sim/platform/network/wire.h"

#include "sim/core/error.h"

namespace xs::platform {

void Wire::set_up(bool up) {
  for (LocalLink& link : links_) link.set_up(up);
}

void Wire::set_bytes_per_s(u64 bytes_per_s) {
  for (LocalLink& link : links_) link.set_bytes_per_s(bytes_per_s);
}

void Wire::lose_every(u64 n) {
  for (LocalLink& link : links_) link.lose_every(n);
}

void Wire::change(const LinkChange& change) {
  if (change.bytes_per_s == u64{0}) throw Error("a wire carries at least a byte per second");
  if (change.up) set_up(*change.up);
  if (change.bytes_per_s) set_bytes_per_s(*change.bytes_per_s);
  if (change.lose_every) lose_every(*change.lose_every);
}

}  // namespace xs::platform
