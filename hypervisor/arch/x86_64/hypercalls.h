#pragma once
#include "hypervisor/common/hypercall.h"

namespace hv {

long do_physdev_op(const HypercallArgs&);

}  // namespace hv
