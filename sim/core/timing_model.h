// The stated cost model: what each event costs in core cycles (sim/platform reads it from JSON). Results
// about "which is cheaper" hold under this model; instruction and event counts need none.
#pragma once
#include "sim/core/types.h"

namespace xs {

struct TimingModel {
  u64 frequency_hz = 1'000'000'000;  ///< core clock; also the TSC's rate
  u32 instruction = 1;               ///< every retired instruction
  u32 tlb_l2_hit = 7;                ///< exact fidelity only: L1 miss that hits L2
  u32 walk_access = 20;              ///< each table entry a walk reads through the bus
  u32 ad_update = 20;                ///< each accessed/dirty write-back
  u32 trap = 150;                    ///< exception or interrupt delivery
  u32 iret = 60;                     ///< return from one
  u32 syscall = 40;                  ///< SYSCALL or SYSRET
  u32 cr_write = 80;                 ///< MOV to CR0/CR3/CR4
  u32 invlpg = 120;
  u32 msr = 80;  ///< RDMSR or WRMSR
  u32 cpuid = 100;
  u32 port_io = 1000;  ///< IN/OUT before the device's own latency
  u32 mmio = 300;
};

/// `exact` models the configured TLB geometry and sees each access; `fast` an unbounded TLB (DESIGN 6).
enum class Fidelity : u8 { fast, exact };

}  // namespace xs
