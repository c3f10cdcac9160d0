// What the hypervisor counts for itself (hypervisor/abi/counters.h), read from machine memory.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/core/types.h"
#include "sim/observe/image.h"

namespace xs::observe {

/// "vhpt.insertions", "hyperprivop.rfi.fast", in the order of a CPU's block.
std::vector<std::string> hypervisor_counter_names();

/// Sums over all CPUs; none when the image publishes none, or something else than is known here. `peek` reads
/// memory at an address of the hypervisor's.
std::map<std::string, u64> hypervisor_counters(const Image& hypervisor,
                                               const std::function<bool(u64 va, void* out, u64 size)>& peek);

}  // namespace xs::observe
