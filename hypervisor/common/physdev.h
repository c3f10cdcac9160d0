#pragma once
#include "hypervisor/common/hypercall.h"

namespace hv {

/// 0, or -XEN_EPERM: dom0 alone does.
int may_drive_interrupts();

/// Those that only this architecture has; -XEN_ENOSYS for others: PCI, MSI, port bitmaps.
long arch_physdev_op(u64 command, Vaddr arg);

}  // namespace hv
