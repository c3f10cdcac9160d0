// One run of the guest kernel's verb `bench`, as dom0, as a domain or on the bare machine.
#pragma once
#include <string>

#include "sim/report/bench_lines.h"

namespace xs::cli {

struct GuestBench {
  std::string arch, role, model;  ///< role: native, dom0, domU; model: "" for native
  unsigned rounds = 5;
};

/// Boots and measures; once per process. Throws Error.
report::GuestFigures run_guest_bench(const GuestBench& what);

}  // namespace xs::cli
