#include "hypervisor/arch/ia64/arch_hypercalls.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/percpu.h"

namespace hv {

/// The address is one of code, not of a descriptor: the kernel's gp is loaded by what is there.
long do_callback_op(const HypercallArgs& args) {
  callback_register callback;
  if (args.arg[0] != CALLBACKOP_register) return -XEN_ENOSYS;
  if (!copy_from_guest(callback, args.arg[1])) return -XEN_EFAULT;
  if (callback.type != CALLBACKTYPE_event) return -XEN_ENOSYS;
  if (callback.address % 16 != 0) return -XEN_EINVAL;
  current()->arch.event_callback = callback.address;
  return 0;
}

}  // namespace hv
