#include "hypervisor/arch/x86_64/apic.h"
#include "hypervisor/arch/x86_64/flush.h"
#include "hypervisor/arch/x86_64/ioapic.h"
#include "hypervisor/arch/x86_64/trap.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/pirq.h"
#include "hypervisor/common/platform.h"
#include "hypervisor/common/print.h"

namespace hv {

void handle_interrupt(u8 vector) {
  switch (vector) {
    case kVectorTimer:
      apic_eoi();
      timers_run();
      break;
    case kVectorKick:  // the way out looks at need_schedule and events
      apic_eoi();
      break;
    case kVectorFlush:
      apic_eoi();
      serve_flush_request();
      break;
    case kVectorSpurious:
      break;
    default:
      if (vector >= kVectorIoFirst && vector < kVectorIoFirst + kGsiCount) {
        gsi_arrived(vector);
      } else {
        apic_eoi();
        print("interrupt with vector %02x that nobody uses\n", vector);
      }
  }
}

bool arch_pirq_exists(unsigned pirq) {
  return gsi_exists(pirq) && pirq != 4;
}  // the serial line is the hypervisor's
void arch_pirq_enable(unsigned pirq) { gsi_enable(pirq); }
void arch_pirq_disable(unsigned pirq) { gsi_disable(pirq); }
void arch_pirq_eoi(unsigned pirq) { gsi_eoi(pirq); }
void arch_pirq_set_trigger(unsigned pirq, bool level, bool active_low) {
  gsi_set_trigger(pirq, level, active_low);
}

void arch_dump_interrupts() { ioapic_dump(); }

void arch_dump_registers(const Vcpu* vcpu) {
  const Registers& r = vcpu->arch.regs;
  print("  rip %04x:%016lx rsp %04x:%016lx rflags %08lx %s\n", r.cs, r.rip, r.ss, r.rsp, r.rflags,
        vcpu->arch.kernel_mode ? "kernel" : "user");
  print("  rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", r.rax, r.rbx, r.rcx, r.rdx);
  print("  rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n", r.rsi, r.rdi, r.rbp, r.r8);
  print("  r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n", r.r9, r.r10, r.r11, r.r12);
  print("  r13 %016lx r14 %016lx r15 %016lx cr2 %016lx\n", r.r13, r.r14, r.r15, vcpu->arch.cr2);
  print("  cr3 %016lx user cr3 %016lx\n", vcpu->arch.kernel_table << kPageShift,
        vcpu->arch.user_table << kPageShift);
}

}  // namespace hv
