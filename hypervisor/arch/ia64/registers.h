// What an interruption leaves of a guest: written and read by entry.S at these offsets, from and to physical
// addresses.
//
//   guest's backing store         | saved in ArchVcpu::stacked        | gone
//   ... frames it has spilled     | dirty registers, then the frame   | hypervisor's frames on the CPU's own
//   stack
//                          bspstore                              bsp
//
// `stacked` holds them at addresses whose low nine bits are the guest's, so that NaT collections fall into
// the same places. Its words are those from bspstore to bsp, and rbs_rnat what the RSE has not yet stored of
// the last collection.
#pragma once
#define REGS_IP 0
#define REGS_PSR 8
#define REGS_IFS 16
#define REGS_BSPSTORE 24
#define REGS_RNAT 32
#define REGS_BSP 40
#define REGS_RBS_RNAT 48
#define REGS_RSC 56
#define REGS_PFS 64
#define REGS_UNAT 72
#define REGS_FPSR 80
#define REGS_LC 96
#define REGS_CSD 112
#define REGS_SSD 120
#define REGS_PR 128
#define REGS_B 136
#define REGS_ISR 200
#define REGS_NATS 232
#define REGS_R 240
#define REGS_F 496
#define REGS_STACKED 1024
#define STACKED_WORDS 192
/* Of ArchVcpu, behind `stacked`. */
#define ARCH_PRIVILEGED (REGS_STACKED + STACKED_WORDS * 8)
#define ARCH_VPSR (ARCH_PRIVILEGED + 8)
#define ARCH_KR (ARCH_PRIVILEGED + 16)
/* Of Vcpu. */
#define VCPU_INFO 6768
/* Of PerCpu: hyperprivops that fast.S does, from number 1 on. */
#define PERCPU_FAST 728
#define HYPERPRIVOPS 0x1b
/* Bits of an address of the direct map that are not physical begin here (layout.h). */
#define REGION_BIT 60
/* Calls that hypercall.S does itself: below this number. */
#define HYPERCALLS 64
/* A frame marker: 96 registers, all of them local. */
#define ALL_STACKED 0x3060

#ifndef __ASSEMBLER__
#include <stddef.h>

#include "hypervisor/common/types.h"

namespace hv {

struct Registers {
  u64 ip, psr;
  u64 ifs;  ///< the interrupted frame, valid
  u64 bspstore, rnat, bsp;
  u64 rbs_rnat;
  u64 rsc, pfs, unat, fpsr, ccv, lc, ec, csd, ssd;
  u64 pr, b[8];
  u64 isr, ifa, iim, iipa;
  u64 nats;     ///< NaT bit of r[n] at the bit that its address says
  u64 r[32];    ///< r[0] is not used
  u64 f[6][2];  ///< f6 to f11
};
static_assert(offsetof(Registers, rbs_rnat) == REGS_RBS_RNAT && offsetof(Registers, rsc) == REGS_RSC);
static_assert(offsetof(Registers, pfs) == REGS_PFS && offsetof(Registers, unat) == REGS_UNAT &&
              offsetof(Registers, fpsr) == REGS_FPSR && offsetof(Registers, lc) == REGS_LC &&
              offsetof(Registers, csd) == REGS_CSD && offsetof(Registers, ssd) == REGS_SSD);
static_assert(offsetof(Registers, pr) == REGS_PR && offsetof(Registers, b) == REGS_B &&
              offsetof(Registers, isr) == REGS_ISR);
static_assert(offsetof(Registers, nats) == REGS_NATS && offsetof(Registers, r) == REGS_R);
static_assert(offsetof(Registers, f) == REGS_F && REGS_F % 16 == 0);

}  // namespace hv
#endif
