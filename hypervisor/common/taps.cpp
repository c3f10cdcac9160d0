#include "hypervisor/common/taps.h"

#include "hypervisor/common/domain.h"
#include "hypervisor/common/percpu.h"

namespace hv {

void mark(xs_mark what, u64 a, u64 b, u64 c) { xs_mark_store(&this_cpu().mark_word, what, a, b, c); }

u64 mark_name(const Vcpu* vcpu) { return u64{vcpu->domain->id} << 16 | vcpu->id; }

void mark_kept(const Vcpu* vcpu, xs_kept what, unsigned page, Mfn mfn) {
  mark(XS_MARK_KEPT, mark_name(vcpu), u64{what} << 32 | page, mfn);
}

}  // namespace hv
