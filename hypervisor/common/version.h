// What xen_version says. The ABI is Xen 4.17's.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

constexpr u32 kAbiMajor = 4;
constexpr u32 kAbiMinor = 17;

/// Guest types this hypervisor runs ("xen-3.0-x86_64 ").
const char* arch_capabilities();
/// First address that is not the guest's.
Vaddr arch_hypervisor_start();
/// VMASST_TYPE_* bits that may be switched on.
u64 arch_vm_assists();

}  // namespace hv
