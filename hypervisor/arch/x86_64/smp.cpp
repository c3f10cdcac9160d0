// Other CPUs: INIT and STARTUP to a trampoline below 1 MiB (boot.S), one after the other.
#include "hypervisor/arch/x86_64/smp.h"

#include "hypervisor/arch/x86_64/apic.h"
#include "hypervisor/arch/x86_64/clock.h"
#include "hypervisor/arch/x86_64/cpu.h"
#include "hypervisor/arch/x86_64/descriptors.h"
#include "hypervisor/arch/x86_64/layout.h"
#include "hypervisor/arch/x86_64/paging.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/print.h"
#include "hypervisor/common/sched.h"

extern "C" {
extern char ap_trampoline[], ap_trampoline_end[], cpu_stacks[];
extern hv::u64 ap_boot_stack;
[[noreturn]] void ap_main();
}

namespace hv {

namespace {

constexpr u8 kTrampolinePage = 8;  // 0x8000: below 1 MiB, reserved at boot
/// The manual's 10 ms after INIT are for discrete APICs; what runs here needs none (Linux waits 0 for these
/// families).
constexpr Nanoseconds kInitWait = 100'000;
constexpr Nanoseconds kPatience[] = {100'000'000, 1'000'000'000};

bool start_cpu(unsigned cpu, u32 id) {
  cpus[cpu].id = cpu;
  cpus[cpu].arch.apic_id = id;
  scheduler_cpu_init(cpu);
  const u64 stack_top = reinterpret_cast<u64>(cpu_stacks) + (cpu + 1) * HV_STACK_SIZE - 8;
  *reinterpret_cast<PerCpu**>(stack_top) = &cpus[cpu];
  ap_boot_stack = stack_top;
  // The second STARTUP is for CPUs that missed the first (SDM vol. 3A 8.4.4.1).
  apic_send_init(id);
  busy_wait(kInitWait);
  for (const Nanoseconds patience : kPatience) {
    apic_send_startup(id, kTrampolinePage);
    const Nanoseconds limit = arch_system_time() + patience;
    while (arch_system_time() < limit)
      if (__atomic_load_n(&cpus[cpu].online, __ATOMIC_ACQUIRE)) return true;
  }
  return false;
}

}  // namespace

void smp_start(const AcpiTopology& topology, unsigned limit) {
  memcpy(phys_to_virt(u64{kTrampolinePage} << kPageShift), ap_trampoline,
         static_cast<u64>(ap_trampoline_end - ap_trampoline));
  limit = min_of(limit, kMaxCpus);
  for (unsigned i = 0; i < topology.cpu_count && cpu_count < limit; ++i) {
    if (topology.apic_id[i] == cpus[0].arch.apic_id) continue;
    if (!start_cpu(cpu_count, topology.apic_id[i])) {
      print("CPU with APIC id %u does not start\n", topology.apic_id[i]);
      continue;
    }
    ++cpu_count;
  }
}

}  // namespace hv

void ap_main() {
  using namespace hv;
  write_cr4(kCr4Pae | kCr4Pge | kCr4De | kCr4Osfxsr | kCr4Osxmmexcpt);
  write_cr3(hypervisor_cr3());
  PerCpu& cpu = this_cpu();
  descriptors_cpu_init(cpu.id);
  apic_cpu_init();
  cpu.current = cpu.idle;
  __atomic_store_n(&cpu.online, true, __ATOMIC_RELEASE);
  schedule();
}
