// TLB flushes that a guest asks for.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

/// Flushes `va` (kFlushAll: everything) on this CPU.
void guest_flush_local(Vaddr va);
/// On every CPU that may hold translations of the caller's domain.
void guest_flush_domain(Vaddr va);
/// On the CPUs of the VCPUs in the guest's bitmap. Also used for more CPUs than asked: correct, and rare.
/// -XEN_EFAULT: the bitmap cannot be read.
int guest_flush_vcpus(Vaddr bitmap, Vaddr va);

}  // namespace hv
