#include "hypervisor/common/taps.h"

#include "hypervisor/common/domain.h"
#include "hypervisor/common/percpu.h"

namespace hv {

void mark(xs_mark what, u64 a, u64 b, u64 c) { xs_mark_store(&this_cpu().mark_word, what, a, b, c); }

u64 mark_name(const Vcpu* vcpu) { return u64{vcpu->domain->id} << 16 | vcpu->id; }

}  // namespace hv
