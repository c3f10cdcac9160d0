// Hypercalls that only x86 PV guests have: traps, callbacks, segments, FPU, debug registers, IRET.
#include "hypervisor/arch/x86_64/arch_hypercalls.h"
#include "hypervisor/arch/x86_64/cpu.h"
#include "hypervisor/arch/x86_64/fpu.h"
#include "hypervisor/arch/x86_64/layout.h"
#include "hypervisor/arch/x86_64/mm_vcpu.h"
#include "hypervisor/arch/x86_64/msr.h"
#include "hypervisor/arch/x86_64/vcpu.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/percpu.h"

namespace hv {

long do_set_trap_table(const HypercallArgs& args) {
  Vcpu* vcpu = current();
  if (args.arg[0] == 0) {
    memset(vcpu->arch.traps, 0, 256 * sizeof(trap_info));
    return 0;
  }
  for (u64 i = 0; i < 257; ++i) {  // 256 vectors and the end mark
    trap_info trap;
    if (!copy_from_guest_index(trap, args.arg[0], i)) return -XEN_EFAULT;
    if (trap.address == 0) return 0;
    if (const int rc = set_trap(vcpu, trap); rc) return rc;
  }
  return 0;
}

long do_stack_switch(const HypercallArgs& args) {
  ArchVcpu& arch = current()->arch;
  arch.kernel_ss = (args.arg[0] & 0xffff) | 3;
  arch.kernel_sp = args.arg[1];
  return 0;
}

namespace {

void set_mask_flag(ArchVcpu& arch, u32 bit, bool set) {
  arch.callback_masks_events = set ? arch.callback_masks_events | bit : arch.callback_masks_events & ~bit;
}

}  // namespace

long do_set_callbacks(const HypercallArgs& args) {
  ArchVcpu& arch = current()->arch;
  for (unsigned i = 0; i < 3; ++i)
    if (!is_canonical(args.arg[i])) return -XEN_EINVAL;
  arch.event_callback = args.arg[0];
  arch.failsafe_callback = args.arg[1];
  arch.syscall_callback = args.arg[2];
  return 0;
}

namespace {

long register_callback(ArchVcpu& arch, const callback_register& callback) {
  if (!is_canonical(callback.address)) return -XEN_EINVAL;
  const bool mask = callback.flags & CALLBACKF_mask_events;
  switch (callback.type) {
    case CALLBACKTYPE_event:
      arch.event_callback = callback.address;
      return 0;
    case CALLBACKTYPE_failsafe:
      arch.failsafe_callback = callback.address;
      set_mask_flag(arch, kFailsafeMasksEvents, mask);
      return 0;
    case CALLBACKTYPE_syscall:
      arch.syscall_callback = callback.address;
      set_mask_flag(arch, kSyscallMasksEvents, mask);
      return 0;
    case CALLBACKTYPE_nmi:  // no NMI is ever passed to a guest
      return 0;
    case CALLBACKTYPE_sysenter:  // 32-bit user code: never called, for neither instruction reaches ring 0
                                 // here
    case CALLBACKTYPE_syscall32:
      return 0;
    default:
      return -XEN_ENOSYS;
  }
}

}  // namespace

long do_callback_op(const HypercallArgs& args) {
  ArchVcpu& arch = current()->arch;
  if (args.arg[0] == CALLBACKOP_register) {
    callback_register callback;
    if (!copy_from_guest(callback, args.arg[1])) return -XEN_EFAULT;
    return register_callback(arch, callback);
  }
  if (args.arg[0] == CALLBACKOP_unregister) {
    callback_unregister callback;
    if (!copy_from_guest(callback, args.arg[1])) return -XEN_EFAULT;
    // Event and failsafe callbacks can only be replaced.
    if (callback.type == CALLBACKTYPE_nmi) return 0;
    return callback.type == CALLBACKTYPE_event || callback.type == CALLBACKTYPE_failsafe ||
                   callback.type == CALLBACKTYPE_syscall
               ? -XEN_EINVAL
               : -XEN_ENOSYS;
  }
  return -XEN_ENOSYS;
}

long do_fpu_taskswitch(const HypercallArgs& args) {
  fpu_set_guest_ts(current(), args.arg[0] != 0);
  return 0;
}

long do_set_debugreg(const HypercallArgs& args) {
  Vcpu* vcpu = current();
  const int rc = set_debug_register(vcpu, static_cast<unsigned>(args.arg[0]), args.arg[1]);
  if (rc == 0) load_debug_registers(vcpu);
  return rc;
}

long do_get_debugreg(const HypercallArgs& args) {
  u64 value;
  const int rc = get_debug_register(current(), static_cast<unsigned>(args.arg[0]), value);
  return rc ? rc : static_cast<long>(value);
}

namespace {

void load_user_gs(u16 selector) {
  asm volatile("swapgs" ::: "memory");
  load_gs(selector);
  asm volatile("swapgs" ::: "memory");
}

/// The caller is the guest kernel: its own GS base is the active one, the user's the shadow.

}  // namespace

long do_set_segment_base(const HypercallArgs& args) {
  const u64 base = args.arg[1];
  if (args.arg[0] != SEGBASE_GS_USER_SEL && !is_canonical(base)) return -XEN_EINVAL;
  switch (args.arg[0]) {
    case SEGBASE_FS:
      write_msr(kMsrFsBase, base);
      return 0;
    case SEGBASE_GS_USER:
      write_msr(kMsrShadowGsBase, base);
      return 0;
    case SEGBASE_GS_KERNEL:
      write_msr(kMsrGsBase, base);
      return 0;
    case SEGBASE_GS_USER_SEL:
      load_user_gs(static_cast<u16>(base));
      return 0;
    default:
      return -XEN_EINVAL;
  }
}

namespace {

/// Pops iret_context off the guest kernel's stack. The result goes to RAX, which the frame holds.

}  // namespace

long do_iret(const HypercallArgs&) {
  Vcpu* vcpu = current();
  Registers& regs = vcpu->arch.regs;
  iret_context frame;
  if (!copy_from_guest(frame, regs.rsp)) {
    domain_crash(vcpu->domain, "iret hypercall: bad stack");
    return 0;
  }
  if ((frame.cs & 3) == 3) {
    if (vcpu->arch.user_table == kInvalidMfn) {
      domain_crash(vcpu->domain, "iret hypercall: to user mode without a user page table");
      return 0;
    }
    toggle_guest_mode(vcpu);
  }
  regs.rip = frame.rip;
  regs.cs = static_cast<u16>(frame.cs);
  regs.rflags = frame.rflags;
  regs.rsp = frame.rsp;
  regs.ss = static_cast<u16>(frame.ss);
  sanitize_registers(regs);
  if (frame.flags & VGCF_in_syscall) {  // as SYSRET would leave them
    regs.rcx = frame.rip;
    regs.r11 = frame.rflags;
  } else {
    regs.rcx = frame.rcx;
    regs.r11 = frame.r11;
  }
  vcpu->info->evtchn_upcall_mask = (frame.rflags & kFlagsIf) ? 0 : 1;
  return static_cast<long>(frame.rax);
}

void arch_hypercall_continue(Vcpu* vcpu, const HypercallArgs& args) {
  Registers& regs = vcpu->arch.regs;
  regs.rip -= 2;  // SYSCALL; RAX still holds the number
  regs.rdi = args.arg[0];
  regs.rsi = args.arg[1];
  regs.rdx = args.arg[2];
  regs.r10 = args.arg[3];
  regs.r8 = args.arg[4];
  regs.r9 = args.arg[5];
}

int arch_set_kernel_table(Vcpu* vcpu, Mfn mfn) {
  return vcpu_set_kernel_table(vcpu, mfn, arch_load_address_space);
}

void arch_write_hypercall_page(void* page) {
  // push rcx; push r11; mov eax, nr; syscall; pop r11; pop rcx; ret. IRET does not come back: it pushes rax
  // as well.
  static const u8 kCall[] = {0x51, 0x41, 0x53, 0xb8, 0, 0, 0, 0, 0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3};
  static const u8 kIret[] = {0x51, 0x41, 0x53, 0x50, 0xb8, 0, 0, 0, 0, 0x0f, 0x05};
  constexpr u32 kStubSize = 32;
  u8* stub = static_cast<u8*>(page);
  for (u32 number = 0; number < kPageSize / kStubSize; ++number, stub += kStubSize) {
    const bool iret = number == __HYPERVISOR_iret;
    memset(stub, 0xcc, kStubSize);
    memcpy(stub, iret ? kIret : kCall, iret ? sizeof(kIret) : sizeof(kCall));
    memcpy(stub + (iret ? 5 : 4), &number, sizeof(number));
  }
}

}  // namespace hv
