#include "hypervisor/common/percpu.h"

namespace hv {

constinit PerCpu cpus[kMaxCpus] = {};
unsigned cpu_count = 1;

}  // namespace hv
