#pragma once
#include "sim/core/types.h"

namespace xs::platform {

struct IommuCounters {
  u64 lookups = 0;  ///< frames that were not remembered: tables were read
  u64 hits = 0;     ///< frames whose rights were remembered
  u64 flushes = 0;
  u64 refused = 0;  ///< transfers
};

}  // namespace xs::platform
