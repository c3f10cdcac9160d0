// The counters that expectations and reports name.
//
//     machine.*  mmu.*  observer.*      fixed
//     cpu<N>.instructions               one per core
//     hypercall.<operation>             one per operation, from its first use on
//     exposed.*                         machine numbers that domains know; counted when asked for, and at the
//     end vhpt.*  hyperprivop.<name>.fast   what the hypervisor counts for itself, on IA-64
//     (docs/ia64-domains.md)
//             hyperprivop.<name>.slow
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/observe/ownership.h"
#include "sim/platform/machine.h"

namespace xs::scenario {

/// The fixed counters and those of the cores.
std::map<std::string, u64> machine_counters(const platform::MachineCounters& machine,
                                            const observe::ObserverCounters& observer);

/// "exposed.words", ... of all domains, "exposed.dom<N>.words", ... of one.
std::map<std::string, u64> exposure_counters(const std::vector<observe::Exposure>& exposures);
bool is_exposure_counter(const std::string& name);

/// Nothing when a machine with `cpus` cores may have a counter of that name; else a sentence with the
/// nearest name that there is.
std::optional<std::string> unknown_counter(const std::string& name, u64 cpus);

}  // namespace xs::scenario
