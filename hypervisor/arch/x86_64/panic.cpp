#include "hypervisor/arch/x86_64/apic.h"
#include "hypervisor/arch/x86_64/backtrace.h"
#include "hypervisor/arch/x86_64/cpu.h"
#include "hypervisor/arch/x86_64/layout.h"
#include "hypervisor/common/platform.h"
#include "hypervisor/common/print.h"

extern "C" char image_start[], text_end[];

namespace hv {
namespace {

constexpr u16 kExitPort = 0xf4;
constexpr u32 kExitPanic = 2;
u64 start_rip, start_rbp;

bool in_stack(u64 frame, u64 stack_end) {
  return frame >= stack_end - HV_STACK_SIZE && frame + 16 <= stack_end && frame % 8 == 0;
}

void print_backtrace(u64 rbp) {
  if (start_rip) print("   [<%016lx>]\n", start_rip);
  const u64 stack_end = (reinterpret_cast<u64>(&rbp) | (HV_STACK_SIZE - 1)) + 1;
  for (int depth = 0; depth < 32 && in_stack(rbp, stack_end); ++depth) {
    const u64* frame = reinterpret_cast<const u64*>(rbp);
    if (frame[1] < reinterpret_cast<u64>(image_start) || frame[1] >= reinterpret_cast<u64>(text_end)) break;
    print("   [<%016lx>]\n", frame[1]);
    if (frame[0] <= rbp) break;
    rbp = frame[0];
  }
}

[[noreturn]] void halt_for_ever() {
  for (;;) asm volatile("cli; hlt");
}

}  // namespace

void set_backtrace_start(u64 rip, u64 rbp) {
  start_rip = rip;
  start_rbp = rbp;
}

void nmi_arrived() {
  if (panicking()) halt_for_ever();
}

void machine_exit(u32 value) {
  out32(kExitPort, value);
  halt_for_ever();
}

void arch_machine_exit(MachineExit how) { machine_exit(how == MachineExit::poweroff ? 0 : 1); }

void arch_stop() { halt_for_ever(); }
void arch_stop_others() { apic_send_nmi_to_others(); }

void arch_end_in_panic() {
  const u64 panic_frame = *static_cast<const u64*>(__builtin_frame_address(0));
  print_backtrace(start_rbp ? start_rbp : panic_frame);
  machine_exit(kExitPanic);
}

}  // namespace hv
