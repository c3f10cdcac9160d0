// A flush drops a CPU's whole TC by ptc.e (SDM vol. 2 4.4.1 and 11.9, PAL_PTCE_INFO). Another CPU is asked by
// an interrupt and waited for.
#include "hypervisor/arch/ia64/flush.h"

#include "hypervisor/arch/ia64/cpu.h"
#include "hypervisor/arch/ia64/firmware.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/mm.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/taps.h"

namespace hv {
namespace {

struct {
  u64 base;
  u32 outer_count, inner_count, outer_stride, inner_stride;
} loop;

}  // namespace

void flush_init() {
  const FirmwareResult info = pal_call(kPalPtceInfo);
  loop.base = info.value[0];
  loop.outer_count = static_cast<u32>(info.value[1] >> 32),
  loop.inner_count = static_cast<u32>(info.value[1]);
  loop.outer_stride = static_cast<u32>(info.value[2] >> 32),
  loop.inner_stride = static_cast<u32>(info.value[2]);
}

void flush_this_cpu() {
  u64 address = loop.base;
  for (u32 outer = 0; outer < loop.outer_count; ++outer, address += loop.outer_stride)
    for (u32 inner = 0; inner < loop.inner_count; ++inner, address += loop.inner_stride)
      asm volatile("ptc.e %0\n;;\nsrlz.d\n;;" ::"r"(address) : "memory");
  serialize_fetches();
}

void serve_flush_request() {
  u64& request = this_cpu().arch.flush_request;
  const u64 asked = __atomic_load_n(&request, __ATOMIC_ACQUIRE);
  if (asked == 0) return;
  flush_this_cpu();
  __atomic_fetch_and(&request, ~asked, __ATOMIC_RELEASE);
}

void arch_cpu_relax_and_serve() {
  pause_cpu();
  serve_flush_request();
}

namespace {

void flush_cpus(u64 mask) {
  PerCpu& self = this_cpu();
  mark(XS_MARK_TLB_FLUSH, mask, ~0ull);
  for (unsigned cpu = 0; cpu < cpu_count; ++cpu) {
    if (cpu == self.id || !(mask >> cpu & 1)) continue;
    __atomic_fetch_or(&cpus[cpu].arch.flush_request, 1ull << self.id, __ATOMIC_ACQ_REL);
    arch_kick(cpu);
  }
  if (mask >> self.id & 1) flush_this_cpu();
  for (unsigned cpu = 0; cpu < cpu_count; ++cpu)
    while (__atomic_load_n(&cpus[cpu].arch.flush_request, __ATOMIC_ACQUIRE) & 1ull << self.id)
      arch_cpu_relax_and_serve();
}

}  // namespace

// VHPTs hold nothing stale: who takes an entry out of a P2M drops what was made of it
// (arch_translations_drop).
void arch_flush_tlb_everywhere() { flush_cpus((1ull << cpu_count) - 1); }

// A CPU may keep translations of a domain that ran there once: RIDs are no one else's meanwhile.
void flush_domain(const Domain*) { flush_cpus((1ull << cpu_count) - 1); }

}  // namespace hv
