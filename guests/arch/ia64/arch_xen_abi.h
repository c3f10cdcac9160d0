// <xen/xen.h> knows no IA-64 any more (until Xen 4.2 there was <xen/arch-ia64.h>): it takes what is here for
// the ARM header that it would include. Numbers and layouts are those of Xen 3 and 4.2 where a guest can see
// them.
#pragma once
#include <stdint.h>

#include "guest_physical.h"

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
#define set_xen_guest_handle_raw(handle, value)                                    \
  do {                                                                             \
    (handle).p = reinterpret_cast<decltype((handle).p)>(hypercall_address(value)); \
  } while (0)
#define set_xen_guest_handle(handle, value) set_xen_guest_handle_raw(handle, value)

typedef unsigned long xen_pfn_t;
typedef unsigned long xen_ulong_t;
typedef unsigned long xen_callback_t; /* address of a function descriptor's code; its gp is the kernel's */
#define PRI_xen_pfn "lx"
#define PRI_xen_ulong "lx"
#define XEN_LEGACY_MAX_VCPUS 32 /* as on x86: shared_info is one page */
#define XEN_HAVE_PV_UPCALL_MASK 1

/* <xen/xen.h> has it for x86 alone. Page numbers are GFNs. */
#define MAX_GUEST_CMDLINE 1024
struct start_info {
  char magic[32]; /* "xen-3.0-ia64" */
  uint64_t nr_pages, shared_info;
  uint32_t flags; /* SIF_* */
  xen_pfn_t store_mfn;
  uint32_t store_evtchn;
  union {
    struct {
      xen_pfn_t mfn;
      uint32_t evtchn;
    } domU;
    struct {
      uint32_t info_off, info_size;
    } dom0;
  } console;
  uint64_t pt_base, nr_pt_frames, mfn_list; /* not used */
  uint64_t mod_start, mod_len;              /* guest-physical address; bytes */
  int8_t cmd_line[MAX_GUEST_CMDLINE];
  uint64_t first_p2m_pfn, nr_p2m_frames;
};
typedef struct start_info start_info_t;
#define SIF_PRIVILEGED (1 << 0)
#define SIF_INITDOMAIN (1 << 1)

struct arch_vcpu_info {};
struct arch_shared_info {
  uint64_t start_info_pfn;
  uint32_t evtchn_vector; /* interrupt by which event channels call, when no callback is registered */
  uint32_t flags;
  uint64_t memmap_info_num_pages, memmap_info_pfn;
  uint64_t reserved[28];
};

/* What describes a VCPU that does not run. r[0] is not used; NaT bits are in `nats`, bit n for r[n]. The
   kernel's dirty registers are in the backing store below `bsp`. */
struct vcpu_guest_context {
  uint64_t flags;
#define VGCF_online 1
  uint64_t r[32], nats, b[8], pr;
  uint64_t ip, psr, ifs;
  uint64_t rsc, bspstore, rnat, ccv, unat, fpsr, pfs, lc, ec, csd, ssd;
  uint64_t stacked_bytes, stacked_rnat; /* of `stacked`: registers that are not in the backing store yet */
  uint64_t stacked[192];
  uint64_t kr[8], rr[8];
  uint64_t f[128][2];
  struct {
    uint64_t pte, itir, va, rid;
  } itr[8], dtr[8];
  uint64_t event_callback;
};
typedef struct vcpu_guest_context vcpu_guest_context_t;

struct xen_arch_domainconfig {
  uint32_t flags;
};

#define __XEN_PUBLIC_ARCH_ARM_H__
#define __XEN_PUBLIC_HVM_SAVE_H__
#define __aarch64__ 1
#include <xen/xen.h>
#undef __aarch64__

DEFINE_XEN_GUEST_HANDLE(vcpu_guest_context_t);

static_assert(sizeof(shared_info_t) <= 4096);
