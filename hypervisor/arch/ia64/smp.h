#pragma once
#include "hypervisor/common/types.h"

namespace hv {

/// Reads firmware's table of processors and I/O SAPICs; sets up the latter.
void topology_init();
/// Wakes up to `limit` CPUs out of SAL's rendezvous, one after the other.
void smp_start(unsigned limit);

}  // namespace hv
