// Counters under the names that expectations and reports use.
#pragma once
#include <map>
#include <string>

#include "sim/observe/observer.h"
#include "sim/platform/machine.h"

namespace xs::scenario {

/// machine.*, mmu.*, cpu<N>.instructions, observer.*, hypercall.<operation>.
std::map<std::string, u64> named_counters(const platform::MachineCounters& machine,
                                          const observe::Observer& observer);

/// Each core's position and, by its frame pointers, its callers; symbolized, innermost first.
std::vector<std::string> backtraces(const platform::Machine& machine, const observe::Symbolizer& symbols);

}  // namespace xs::scenario
