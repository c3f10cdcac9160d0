// The counters that expectations and reports name.
//
//     machine.*  mmu.*  observer.*      fixed
//     cpu<N>.instructions               one per core
//     hypercall.<operation>             one per operation, from its first use on
//     vhpt.*  hyperprivop.<name>.fast   what the hypervisor counts for itself, on IA-64
//     (docs/ia64-domains.md)
//             hyperprivop.<name>.slow
#pragma once
#include <map>
#include <optional>
#include <string>

#include "sim/observe/ownership.h"
#include "sim/platform/machine.h"

namespace xs::scenario {

/// The fixed counters and those of the cores.
std::map<std::string, u64> machine_counters(const platform::MachineCounters& machine,
                                            const observe::ObserverCounters& observer);

/// Nothing when a machine with `cpus` cores may have a counter of that name; else a sentence with the
/// nearest name that there is.
std::optional<std::string> unknown_counter(const std::string& name, u64 cpus);

}  // namespace xs::scenario
