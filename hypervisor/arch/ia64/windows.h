// What the hypervisor's own addresses mean: a list that its TLB miss handler (ivt.S) walks, and that an
// observer reads (hypervisor/abi/observe.h, xs_window). The first entry is the direct map.
//
// attributes: the PTE's flags, and in bits 63:58 the logarithm of the page size. start and physical are
// multiples of that size.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

constexpr unsigned kWindows = 24;
extern "C" xs_window hv_windows[kWindows];

}  // namespace hv
