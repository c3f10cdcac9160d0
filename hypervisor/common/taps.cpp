#include "hypervisor/common/taps.h"

#include "hypervisor/common/domain.h"

namespace hv {

void mark_kept(const Vcpu* vcpu, xs_kept what, unsigned page, Mfn mfn) {
  mark(XS_MARK_KEPT, mark_name(vcpu), u64{what} << 32 | page, mfn);
}

}  // namespace hv
