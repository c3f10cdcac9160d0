// <xen/xen.h> knows no IA-64 any more (until Xen 4.2 there was <xen/arch-ia64.h>): it takes what is here for
// the ARM header that it would include.
#pragma once
#include <stdint.h>

#define ___DEFINE_XEN_GUEST_HANDLE(name, type) \
  typedef struct {                             \
    type* p;                                   \
  } __guest_handle_##name
#define __DEFINE_XEN_GUEST_HANDLE(name, type) \
  ___DEFINE_XEN_GUEST_HANDLE(name, type);     \
  ___DEFINE_XEN_GUEST_HANDLE(const_##name, const type)
#define DEFINE_XEN_GUEST_HANDLE(name) __DEFINE_XEN_GUEST_HANDLE(name, name)
#define __XEN_GUEST_HANDLE(name) __guest_handle_##name
#define XEN_GUEST_HANDLE(name) __XEN_GUEST_HANDLE(name)
#define XEN_GUEST_HANDLE_PARAM(name) XEN_GUEST_HANDLE(name)
#define set_xen_guest_handle_raw(handle, value) \
  do {                                          \
    (handle).p = value;                         \
  } while (0)
#define set_xen_guest_handle(handle, value) set_xen_guest_handle_raw(handle, value)

typedef unsigned long xen_pfn_t;
typedef unsigned long xen_ulong_t;
typedef unsigned long xen_callback_t;
#define PRI_xen_pfn "lx"
#define PRI_xen_ulong "lx"
#define XEN_LEGACY_MAX_VCPUS 64
#define XEN_HAVE_PV_UPCALL_MASK 1
#define XEN_HAVE_PV_GUEST_ENTRY 1

struct arch_vcpu_info {};
struct arch_shared_info {
  uint64_t reserved[32];
};

#define __XEN_PUBLIC_ARCH_ARM_H__
#define __XEN_PUBLIC_HVM_SAVE_H__
#define __aarch64__ 1
#include <xen/xen.h>
#undef __aarch64__
