// <xen/xen.h> knows no IA-64 any more (until Xen 4.2 there was <xen/arch-ia64.h>): it takes what arch_ia64.h
// has for the ARM header that it would include.
#pragma once
#include "guest_physical.h"
#include "hypervisor/abi/arch_ia64.h"

// A handle is what the hypervisor calls the address.
#undef set_xen_guest_handle_raw
#define set_xen_guest_handle_raw(handle, value)                                    \
  do {                                                                             \
    (handle).p = reinterpret_cast<decltype((handle).p)>(hypercall_address(value)); \
  } while (0)
#define set_xen_guest_handle(handle, value) set_xen_guest_handle_raw(handle, value)

#define __XEN_PUBLIC_ARCH_ARM_H__
#define __XEN_PUBLIC_HVM_SAVE_H__
#define __aarch64__ 1
#include <xen/xen.h>
#undef __aarch64__

DEFINE_XEN_GUEST_HANDLE(vcpu_guest_context_t);

static_assert(sizeof(shared_info_t) <= 4096);
