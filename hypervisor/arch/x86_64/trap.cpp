// Dispatch of everything that enters the hypervisor.
#include "hypervisor/arch/x86_64/trap.h"

#include "hypervisor/arch/x86_64/backtrace.h"
#include "hypervisor/arch/x86_64/cpu.h"
#include "hypervisor/arch/x86_64/fpu.h"
#include "hypervisor/arch/x86_64/layout.h"
#include "hypervisor/arch/x86_64/mm_vcpu.h"
#include "hypervisor/arch/x86_64/selectors.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/print.h"

struct ExceptionEntry {  // entry.S, EXCEPTION_ENTRY
  hv::u64 fault, fixup;
};
extern "C" const ExceptionEntry exception_table_start[], exception_table_end[];

namespace hv {
namespace {

constexpr u64 kDr6Default = 0xffff0ff0;  // SDM vol. 3B 18.2.3

const char* const kExceptionNames[32] = {"divide error",
                                         "debug",
                                         "NMI",
                                         "breakpoint",
                                         "overflow",
                                         "bound range",
                                         "invalid opcode",
                                         "device not available",
                                         "double fault",
                                         "coprocessor overrun",
                                         "invalid TSS",
                                         "segment not present",
                                         "stack fault",
                                         "general protection",
                                         "page fault",
                                         "reserved",
                                         "x87 error",
                                         "alignment check",
                                         "machine check",
                                         "SIMD error"};

u64 find_fixup(u64 rip) {
  for (const ExceptionEntry* e = exception_table_start; e != exception_table_end; ++e)
    if (e->fault == rip) return e->fixup;
  return 0;
}

bool in_ldt_window(Vaddr address) {
  const Vaddr base = ldt_window(this_cpu().id);
  return address >= base && address < base + 16 * kPageSize;
}

/// First touch of a guest's LDT page, by the guest or by the hypervisor loading its selectors.
bool fill_ldt_window(Vcpu* vcpu, Vaddr address) {
  if (is_idle(vcpu) || !in_ldt_window(address)) return false;
  const unsigned page = static_cast<unsigned>((address - ldt_window(this_cpu().id)) >> kPageShift);
  if (vcpu->arch.ldt_frames[page] || !mm_ldt_fault(vcpu, page)) return false;
  arch_map_ldt_page(vcpu, page);
  return true;
}

void guest_page_fault(Vcpu* vcpu, u32 error_code) {
  const Vaddr address = read_cr2();
  if (in_ldt_window(address)) {
    // A selector whose descriptor cannot be read: what the CPU would say of a selector beyond the limit.
    if (!fill_ldt_window(vcpu, address))
      inject_exception(vcpu, kVectorGeneralProtection, ((address - ldt_window(this_cpu().id)) & 0xfff8) | 4);
    return;
  }
  if (mm_handle_guest_fault(vcpu, address, error_code)) return;
  inject_page_fault(vcpu, address, error_code);
}

/// INT n from ring 3 faults with the IDT bit set; which n is read from the instruction, since the
/// error code's index differs between machines.
bool guest_software_interrupt(Vcpu* vcpu) {
  u8 instruction[2];
  if (!(vcpu->arch.regs.error_code & 2) || !copy_from_guest(instruction, vcpu->arch.regs.rip, 2))
    return false;
  if (instruction[0] != 0xcd) return false;
  return software_interrupt(vcpu, instruction[1]);
}

void guest_exception(Vcpu* vcpu, u32 vector) {
  Registers& regs = vcpu->arch.regs;
  switch (vector) {
    case kVectorDebug: {
      u64 dr6;
      asm volatile("mov %%dr6, %0" : "=r"(dr6));
      asm volatile("mov %0, %%dr6" ::"r"(kDr6Default));
      // As the processor does it: what happened is added, and it is the guest that clears it.
      vcpu->arch.debug[6] = (vcpu->arch.debug[6] | (dr6 & ~kDr6Default)) & (dr6 | ~kDr6Default);
      return inject_exception(vcpu, vector);
    }
    case kVectorInvalidOpcode:
      if (emulate_forced_cpuid(vcpu)) return;
      return inject_exception(vcpu, vector);
    case kVectorDeviceNotAvailable:
      if (fpu_restore_on_fault(vcpu)) return;
      return inject_exception(vcpu, vector);
    case kVectorGeneralProtection:
      if (guest_software_interrupt(vcpu)) return;
      if (regs.error_code == 0 && emulate_privileged(vcpu)) return;
      return inject_exception(vcpu, vector, regs.error_code);
    case kVectorPageFault:
      return guest_page_fault(vcpu, regs.error_code);
    default:
      return inject_exception(vcpu, vector, regs.error_code);
  }
}

[[noreturn]] void unexpected_exception(const Registers& regs) {
  print("rip %016lx cs %04x rflags %08lx rsp %016lx cr2 %016lx\n", regs.rip, regs.cs, regs.rflags, regs.rsp,
        read_cr2());
  print("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", regs.rax, regs.rbx, regs.rcx, regs.rdx);
  print("rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n", regs.rsi, regs.rdi, regs.rbp, regs.r8);
  set_backtrace_start(regs.rip, regs.rbp);
  const char* name = regs.entry_vector < 32 ? kExceptionNames[regs.entry_vector] : nullptr;
  panic("%s (vector %u, error code %x) in the hypervisor", name ? name : "exception", regs.entry_vector,
        regs.error_code);
}

}  // namespace

/// The way out to a guest: whatever became due meanwhile comes first.
extern "C" Registers* leave_hypervisor() {
  Vcpu* vcpu = current();
  const bool stays = vcpu_runnable(vcpu);
  if (this_cpu().need_schedule || !stays) schedule();
  if (vcpu_event_deliverable(vcpu)) {
    deliver_events(vcpu);
    if (!vcpu_runnable(vcpu)) schedule();  // the upcall's stack was bad: the domain has crashed
  }
  return &vcpu->arch.regs;
}

extern "C" Registers* trap_from_guest(Registers* regs) {
  if (regs->entry_vector < 32) {
    guest_exception(current(), regs->entry_vector);
  } else {
    handle_interrupt(static_cast<u8>(regs->entry_vector));
  }
  return leave_hypervisor();
}

namespace {

void syscall_from_user(Vcpu* vcpu) {
  const bool mask = vcpu->arch.callback_masks_events & kSyscallMasksEvents;
  if (vcpu->arch.syscall_callback == 0) return domain_crash(vcpu->domain, "syscall from user, no callback");
  bounce_to_guest(vcpu, {vcpu->arch.syscall_callback, false, 0, mask});
}

}  // namespace

extern "C" Registers* syscall_from_guest(Registers* regs) {
  Vcpu* vcpu = current();
  if (!vcpu->arch.kernel_mode) {
    syscall_from_user(vcpu);
    return leave_hypervisor();
  }
  PerCpu& cpu = this_cpu();
  cpu.continuation_made = false;
  cpu.hypercall_started = 0;
  const HypercallArgs args{{regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8, regs->r9}};
  const long result = hypercall_dispatch(regs->rax, args);
  if (!cpu.continuation_made) regs->rax = static_cast<u64>(result);
  return leave_hypervisor();
}

extern "C" void trap_from_hypervisor(Registers* regs) {
  const u32 vector = regs->entry_vector;
  if (vector >= 32) return handle_interrupt(static_cast<u8>(vector));
  if (vector == kVectorNmi) return nmi_arrived();
  if (regs->cs & 3) unexpected_exception(*regs);  // double fault or machine check out of a guest
  if (vector == kVectorPageFault && fill_ldt_window(current(), read_cr2())) return;
  if (vector == kVectorPageFault && mm_handle_hypervisor_fault(current(), read_cr2(), regs->error_code))
    return;
  if (vector == kVectorDebug) return;  // a guest's breakpoint on data that the hypervisor touches for it
  const u64 fixup = find_fixup(regs->rip);
  if (!fixup) unexpected_exception(*regs);
  regs->rip = fixup;
}

extern "C" void iret_to_guest_failed(Vcpu* vcpu) {
  if (vcpu->arch.failsafe_callback == 0)
    return domain_crash(vcpu->domain, "bad state to return to, no failsafe callback");
  bounce_to_guest(vcpu, {vcpu->arch.failsafe_callback, false, 0,
                         (vcpu->arch.callback_masks_events & kFailsafeMasksEvents) != 0, true});
}

namespace {

bool guest_range_ok(Vaddr address, u64 bytes) {
  const Vaddr end = address + bytes;
  if (end < address) return false;
  // Guests own the lower half and what lies above the hypervisor's slots. Their view of M2P is readable by
  // copies from it too, but nothing that they pass has a reason to lie there.
  return end <= (1ull << 47) || address >= kHvEnd;
}

}  // namespace

bool arch_copy_from_guest(void* to, Vaddr from, u64 bytes) {
  return guest_range_ok(from, bytes) &&
         copy_catching_faults(to, reinterpret_cast<const void*>(from), bytes) == 0;
}
bool arch_copy_to_guest(Vaddr to, const void* from, u64 bytes) {
  return guest_range_ok(to, bytes) && copy_catching_faults(reinterpret_cast<void*>(to), from, bytes) == 0;
}

}  // namespace hv
