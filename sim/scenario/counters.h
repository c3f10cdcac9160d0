// Counters under the names that expectations and reports use.
#pragma once
#include <map>
#include <string>

#include "sim/observe/observer.h"
#include "sim/platform/machine.h"

namespace xs::scenario {

/// Every counter of counter_names.h.
std::map<std::string, u64> named_counters(const platform::Machine& machine,
                                          const observe::Observer& observer);

/// Each core's position and, by its frame pointers, its callers; innermost first, with names from the images
/// of what runs there, "?" where that is not known.
std::vector<std::string> backtraces(const platform::Machine& machine, const observe::Observer& observer);

}  // namespace xs::scenario
