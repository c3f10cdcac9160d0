// The hypervisor's part of region 7, HYPERVISOR_VIRT_START to _END, at privilege level 0. There are no page
// tables: two translation registers hold the image, and the TLB miss handler knows a list of windows
// (windows.h).
//
//   address                 what
//   e800000000000000 + pa   devices, uncached
//   ea00000000000000        frame table, 32 bytes an MFN
//   eb00000000000000        M2P
//   f000000000000000 + pa   direct map; the image is linked into it
//   f100000000000000        of a domain: its XSI, shared_info and the privileged registers (vcpu.h)
//
// A CPU's stack: register backing store upwards from its start, memory stack downwards from its end.
#pragma once
#define HV_DIRECT 0xf000000000000000
#define HV_DEVICES 0xe800000000000000
#define HV_IMAGE_PA 0x1000000 /* 16 MiB; the translation registers' page size, too */
#define HV_IMAGE_SHIFT 24
#define HV_STACK_SIZE 0x8000

/* Translation registers in use; the other ones are free. */
#define HV_ITR_IMAGE 0
#define HV_DTR_IMAGE 0

/* PTE: present, accessed, dirty, privilege level 0 (SDM vol. 2 4.1.1.5). */
#define HV_PTE_RWX 0x661   /* access rights 3, write-back */
#define HV_PTE_RW_UC 0x471 /* access rights 2, uncacheable */

/* PSR bits as the hypervisor's C++ runs: ic, dt, rt, it, bn; all else 0. */
#define HV_PSR_LOW 0x8022000
#define HV_PSR 0x101008022000

/* Default FPSR: traps off; sf0 double-extended (SDM vol. 1 5.1.2). */
#define HV_FPSR 0x0009804c8a70033f

/* Region identifiers: the hypervisor's own are below the first domain's block. */
#define HV_RID_IDLE 0x10 /* + region */
#define HV_RR(rid, shift) ((rid) << 8 | (shift) << 2)
#define HV_RR_WALKED 1 /* rr.ve */

#ifndef __ASSEMBLER__
#include "hypervisor/common/types.h"

namespace hv {

constexpr Vaddr kDirect = HV_DIRECT;
constexpr Vaddr kDevices = HV_DEVICES;
constexpr Vaddr kFrameTable = 0xea00000000000000;
constexpr Vaddr kM2p = 0xeb00000000000000;
constexpr unsigned kPhysicalBits = 50;  ///< that the core has

inline void* phys_to_virt(Paddr address) { return reinterpret_cast<void*>(kDirect + address); }
inline Paddr virt_to_phys(const void* pointer) { return reinterpret_cast<Vaddr>(pointer) - kDirect; }
/// The registers of a device, 1, 2, 4 or 8 bytes at a time.
template <typename T>
volatile T& device(Paddr address) {
  return *reinterpret_cast<volatile T*>(kDevices + address);
}

}  // namespace hv
#endif
