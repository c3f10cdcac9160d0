// The IA-64 part of a PerCpu. A CPU finds its own in r13 while the hypervisor runs (entry.S).
#pragma once
#include "hypervisor/abi/counters.h"
#include "hypervisor/arch/ia64/registers.h"
#include "hypervisor/common/types.h"

namespace hv {

struct PerCpu;
struct Vcpu;

constexpr unsigned kHyperprivops = HYPERPRIVOPS - 1;  ///< 0 is none

/// In the order that hypervisor/abi/counters.h says.
struct ArchCounters {
  u64 vhpt[XS_VHPT_COUNTERS] = {};
  u64 fast[kHyperprivops] = {}, slow[kHyperprivops] = {};  ///< hyperprivops, by number - 1
};

struct ArchPerCpu {
  u32 sapic_id = 0;           ///< id << 8 | eid
  u64 region7 = 0;            ///< rr[7] with which the translation registers were inserted
  Vcpu* high_fp = nullptr;    ///< whose f32 to f127 are in the CPU
  const Vcpu* last[64] = {};  ///< by RID block: which of its VCPUs the TC's translations are
  u64 flush_request = 0;      ///< bit n: CPU n asks for a flush of translations and waits until it is clear
  ArchCounters counters;
};

inline PerCpu& this_cpu() {
  PerCpu* here;
  asm("mov %0 = r13" : "=r"(here));
  return *here;
}

}  // namespace hv
