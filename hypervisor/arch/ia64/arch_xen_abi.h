// <xen/xen.h> knows no IA-64: it takes the one that is here for the ARM header it would include.
#pragma once
#include "hypervisor/abi/arch_ia64.h"

#define __XEN_PUBLIC_ARCH_ARM_H__
#define __XEN_PUBLIC_HVM_SAVE_H__
#define __aarch64__ 1
#include <xen/xen.h>
#undef __aarch64__

DEFINE_XEN_GUEST_HANDLE(vcpu_guest_context_t);
