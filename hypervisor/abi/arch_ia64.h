// The IA-64 part of Xen's guest ABI: what <xen/arch-ia64.h> was until Xen 4.2; libxen-dev has none any more.
// Numbers and layouts are those of Xen 3 and 4.2 where a guest can see them. Included in place of an
// arch-*.h, by arch_xen_abi.h and the guests' counterpart.
//
// A domain's kernel runs at privilege level 1 in a virtual machine without virtualization hardware: what must
// trap does, what could be done without is offered by the page of privileged registers below.
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

typedef unsigned long xen_pfn_t;
typedef unsigned long xen_ulong_t;
typedef unsigned long xen_callback_t; /* address of a function descriptor's code; its gp is the kernel's */
#define PRI_xen_pfn "lx"
#define PRI_xen_ulong "lx"
#define XEN_LEGACY_MAX_VCPUS 32 /* shared_info is one frame of 4 KiB */
#define XEN_HAVE_PV_UPCALL_MASK 1

/* The hypervisor's part of region 7: no guest may use it. */
#define HYPERVISOR_VIRT_START 0xe800000000000000ul
#define HYPERVISOR_VIRT_END 0xf800000000000000ul

/* Hypercall: break with this immediate at level 1; number in r2, arguments in the current frame's first five
   registers (in0 to in4 of a function that does nothing else), result in r8. Addresses among arguments, and
   in the structures they point to, are guest-physical with bit 63 set, contiguous as far as they are used. */
#define XEN_IA64_BREAK_HYPERCALL 0x1000
#define XEN_IA64_INLINE (1ul << 63)

/* Hypercall numbers beyond <xen/xen.h>'s. */
#define XEN_IA64_SET_XSI 0x600 /* r28 = virtual address of the XSI from now on, a multiple of 32 KiB */

/* Where a VCPU sees shared_info and, XEN_IA64_PRIVREGS behind, its privileged registers; set anew by
 * XEN_IA64_SET_XSI. */
#define XEN_IA64_XSI 0xf100000000000000ul
#define XEN_IA64_PRIVREGS 0x4000
#define XEN_IA64_XSI_BYTES 0x8000

/* Hyperprivops: break with these immediates at level 1; arguments in r8 and r9, result in r8. */
enum xen_ia64_hyperprivop {
  XEN_IA64_RFI = 1,
  XEN_IA64_RSM_DT = 2,
  XEN_IA64_SSM_DT = 3,
  XEN_IA64_COVER = 4,
  XEN_IA64_ITC_D = 5,
  XEN_IA64_ITC_I = 6,
  XEN_IA64_SSM_I = 7,
  XEN_IA64_GET_IVR = 8,
  XEN_IA64_GET_TPR = 9,
  XEN_IA64_SET_TPR = 0xa,
  XEN_IA64_EOI = 0xb,
  XEN_IA64_SET_ITM = 0xc,
  XEN_IA64_THASH = 0xd,
  XEN_IA64_PTC_GA = 0xe,
  XEN_IA64_ITR_D = 0xf,
  XEN_IA64_GET_RR = 0x10,
  XEN_IA64_SET_RR = 0x11,
  XEN_IA64_SET_KR = 0x12,
  XEN_IA64_FC = 0x13,
  XEN_IA64_GET_CPUID = 0x14,
  XEN_IA64_GET_PMD = 0x15,
  XEN_IA64_GET_EFLAG = 0x16,
  XEN_IA64_SET_EFLAG = 0x17,
  XEN_IA64_RSM_BE = 0x18,
  XEN_IA64_GET_PSR = 0x19,
  XEN_IA64_SET_RR0_TO_RR4 = 0x1a, /* r8 to r11, r14 */
  XEN_IA64_HYPERPRIVOPS = 0x1b
};

/* The privileged registers of a VCPU, for its kernel to read and write. What the hypervisor takes from here
 * it checks. */
struct xen_ia64_privregs {
  uint64_t reserved0[128];
  uint64_t bank1[16], bank0[16];   /* 400, 480: r16 to r31 of the bank that is not in use */
  uint64_t bank1_nats, bank0_nats; /* 500: bit n: r(16+n) */
  uint64_t reserved1[94];
  uint64_t cr[128];      /* 800 */
  uint64_t precover_ifs; /* c00 */
  uint64_t reserved2;
  uint8_t psr_ic, reserved3[3]; /* c10 */
  uint8_t covered,
      reserved6[3]; /* c14: the interrupted frame is in IFS already; the next cover, or rfi, ends this */
  uint64_t interrupt_mask_addr; /* c18: where the guest finds its evtchn_upcall_mask */
  uint64_t reserved4[5];
  uint32_t metaphysical_mode; /* c48: told, not read */
  uint32_t banknum;           /* c4c: PSR.bn */
  uint64_t rr[8];             /* c50: told */
  uint64_t kr[8];             /* c90: told */
  uint64_t reserved5[16];
  uint64_t itc_offset; /* d50 */
};
/* PSR.i is the reverse of evtchn_upcall_mask, wherever the guest has its vcpu_info. */

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
#define VGCF_privileged \
  2 /* itr, dtr, xsi and privileged are meant, too: of a VCPU that goes on, not one that begins */
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
  uint64_t pkr[16];
  uint64_t xsi;
  struct xen_ia64_privregs privileged;
};
typedef struct vcpu_guest_context vcpu_guest_context_t;

struct xen_arch_domainconfig {
  uint32_t flags;
};
