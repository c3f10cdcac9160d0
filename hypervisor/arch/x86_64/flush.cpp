// TLB flushes of other CPUs: a request word per CPU, with a bit for each CPU that asks, and an interrupt. A
// CPU that waits, for a lock or for its own flush, serves requests meanwhile, so two CPUs may flush each
// other.
#include "hypervisor/arch/x86_64/flush.h"
#include "hypervisor/arch/x86_64/apic.h"
#include "hypervisor/arch/x86_64/arch_vcpu.h"
#include "hypervisor/arch/x86_64/cpu.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/taps.h"

namespace hv {

void serve_flush_request() {
  u32& request = this_cpu().arch.flush_request;
  const u32 asked = __atomic_load_n(&request, __ATOMIC_ACQUIRE);
  if (!asked) return;
  write_cr3(read_cr3());
  // Only what was asked before the flush is answered by it.
  __atomic_fetch_and(&request, ~asked, __ATOMIC_RELEASE);
}

void arch_cpu_relax_and_serve() {
  pause_cpu();
  serve_flush_request();
}

u64 arch_domain_cpu_mask(const Domain* domain) {
  u64 mask = 0;
  for (unsigned cpu = 0; cpu < cpu_count; ++cpu)
    if (__atomic_load_n(&cpus[cpu].current, __ATOMIC_ACQUIRE)->domain == domain) mask |= 1ull << cpu;
  return mask;
}

void arch_flush_tlb(u64 cpu_mask, Vaddr address) {
  const u64 self = 1ull << this_cpu().id;
  mark(XS_MARK_TLB_FLUSH, cpu_mask, address);
  if (cpu_mask & self) {
    if (address == kFlushAll) {
      write_cr3(read_cr3());
    } else {
      invlpg(address);
    }
  }
  // Guests' entries are never global, so reloading CR3 drops them all.
  for (unsigned cpu = 0; cpu < cpu_count; ++cpu)
    if ((cpu_mask & ~self) >> cpu & 1) {
      __atomic_fetch_or(&cpus[cpu].arch.flush_request, static_cast<u32>(self), __ATOMIC_SEQ_CST);
      apic_send(cpus[cpu].arch.apic_id, kVectorFlush);
    }
  for (unsigned cpu = 0; cpu < cpu_count; ++cpu)
    while ((cpu_mask & ~self) >> cpu & 1 &&
           (__atomic_load_n(&cpus[cpu].arch.flush_request, __ATOMIC_ACQUIRE) & self))
      arch_cpu_relax_and_serve();
}

}  // namespace hv
