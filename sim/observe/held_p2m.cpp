#include "sim/observe/held_p2m.h"

#include <algorithm>
#include <cstring>

namespace xs::observe {

bool HeldP2ms::holds(u32 domid) const {
  return std::any_of(pages_.begin(), pages_.end(), [&](const auto& p) { return p.second.domid == domid; });
}

u64 HeldP2ms::word(MemoryPort& memory, u64 mfn, u64 index) {
  u64 value = 0;
  if (const u8* at = memory.host((mfn << frame_shift) + index * 8)) std::memcpy(&value, at, sizeof value);
  return value;
}

}  // namespace xs::observe
