// Hypercalls of IA-64 guests besides the common ones.
#pragma once
#include "hypervisor/common/hypercall.h"

namespace hv {

long do_callback_op(const HypercallArgs&);

constexpr void arch_add_hypercalls(HypercallTable& t) { t.at[__HYPERVISOR_callback_op] = do_callback_op; }

}  // namespace hv
