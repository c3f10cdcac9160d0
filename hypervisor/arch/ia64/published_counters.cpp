// What is counted here, for an observer (hypervisor/abi/counters.h).
#include "hypervisor/abi/counters.h"
#include "hypervisor/common/percpu.h"

namespace hv {

#define ONE(name) +1
static_assert(XS_EACH_HYPERPRIVOP(ONE) == kHyperprivops);
#undef ONE
static_assert(offsetof(PerCpu, arch) + offsetof(ArchPerCpu, counters.fast) == PERCPU_FAST);  // fast.S
// The number of each is its place behind 0, which is none.
static_assert(sizeof(ArchCounters) == (XS_VHPT_COUNTERS + 2 * kHyperprivops) * sizeof(u64));

}  // namespace hv

extern "C" const xs_counters xs_published_counters;
[[gnu::used]] const xs_counters xs_published_counters = {
    .magic = XS_COUNTERS_MAGIC,
    .first = reinterpret_cast<uint64_t>(&hv::cpus[0].arch.counters),
    .stride = sizeof(hv::PerCpu),
    .cpus = hv::kMaxCpus,
    .count = sizeof(hv::ArchCounters) / sizeof(hv::u64),
    .unused = 0,
};
