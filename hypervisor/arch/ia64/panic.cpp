// The way out of the machine.
#include "hypervisor/arch/ia64/cpu.h"
#include "hypervisor/arch/ia64/layout.h"
#include "hypervisor/arch/ia64/sapic.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/platform.h"
#include "hypervisor/common/print.h"

namespace hv {
namespace {

constexpr Paddr kIoPorts = 0xffffc000000;  // docs/machine.md
constexpr u64 kExitPort = 0xf4;
constexpr u32 kExitPanic = 2;

[[noreturn]] void machine_exit(u32 value) {
  device<u32>(kIoPorts + (kExitPort >> 2 << 12 | kExitPort)) = value;
  arch_stop();
}

}  // namespace

void arch_machine_exit(MachineExit how) { machine_exit(how == MachineExit::poweroff ? 0 : 1); }

void arch_stop() {
  for (;;) pause_cpu();
}

void arch_stop_others() {
  for (unsigned cpu = 0; cpu < cpu_count; ++cpu)
    if (cpu != this_cpu().id) sapic_send(cpus[cpu].arch.sapic_id, kVectorStop);
}

// Frames are found by unwind tables only, which the image does not carry: the caller is all there is to tell.
void arch_end_in_panic() {
  print("   [<%016lx>]\n", reinterpret_cast<u64>(__builtin_return_address(0)));
  machine_exit(kExitPanic);
}

}  // namespace hv
