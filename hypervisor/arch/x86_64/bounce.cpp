// Frames on a PV guest's stack. Layout from the top: SS, RSP, RFLAGS, CS | saved upcall mask << 32, RIP,
// [error code], R11, RCX; 16-byte aligned before the first push. RFLAGS.IF shows the inverse of the
// upcall mask; CS from the guest kernel has RPL 0. (<xen/arch-x86/xen-x86_64.h>) The failsafe callback's has
// GS, FS, ES, DS in place of the error code: Linux' xen_failsafe_callback looks at them.
#include "hypervisor/arch/x86_64/cpu.h"
#include "hypervisor/arch/x86_64/layout.h"
#include "hypervisor/arch/x86_64/selectors.h"
#include "hypervisor/arch/x86_64/trap.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/print.h"
#include "hypervisor/common/taps.h"

namespace hv {

namespace {

unsigned push_data_segments(u64* frame) {
  u16 ds, es, fs, gs;
  asm volatile("mov %%ds, %0" : "=rm"(ds));
  asm volatile("mov %%es, %0" : "=rm"(es));
  asm volatile("mov %%fs, %0" : "=rm"(fs));
  asm volatile("mov %%gs, %0" : "=rm"(gs));
  const u64 selectors[] = {ds, es, fs, gs};
  memcpy(frame, selectors, sizeof(selectors));
  return 4;
}

}  // namespace

void toggle_guest_mode(Vcpu* vcpu) {
  vcpu->arch.kernel_mode = !vcpu->arch.kernel_mode;
  asm volatile("swapgs" ::: "memory");
  arch_load_address_space(vcpu);
}

void bounce_to_guest(Vcpu* vcpu, const Bounce& bounce) {
  Registers& regs = vcpu->arch.regs;
  const bool from_kernel = vcpu->arch.kernel_mode;
  if (!from_kernel) toggle_guest_mode(vcpu);

  const u8 mask = vcpu->info->evtchn_upcall_mask;
  const u64 flags = (regs.rflags & ~kFlagsIf) | (mask ? 0 : kFlagsIf);
  const u64 cs = (regs.cs & (from_kernel ? ~3ull : ~0ull) & 0xffff) | u64{mask} << 32;
  u64 frame[11] = {regs.rcx, regs.r11};
  unsigned words = 2;
  if (bounce.failsafe) words += push_data_segments(frame + words);
  if (bounce.has_error_code) frame[words++] = bounce.error_code;
  const u64 interrupted[] = {regs.rip, cs, flags, regs.rsp, regs.ss};
  memcpy(frame + words, interrupted, sizeof(interrupted));
  words += 5;

  const u64 stack = ((from_kernel ? regs.rsp : vcpu->arch.kernel_sp) & ~15ull) - words * 8;
  if (!copy_to_guest(stack, frame, words * 8))
    return domain_crash(vcpu->domain, "cannot write an exception frame to the guest kernel's stack");
  if (bounce.mask_events) vcpu->info->evtchn_upcall_mask = 1;

  regs.rsp = stack;
  regs.ss = SEL_GUEST_SS;
  regs.cs = SEL_GUEST_CS;
  regs.rip = bounce.handler;
  regs.rflags &= ~(kFlagsTf | kFlagsNt | kFlagsRf | kFlagsAc | kFlagsVm);
}

void inject_exception(Vcpu* vcpu, u32 vector, u32 error_code) {
  const trap_info& trap = vcpu->arch.traps[vector];
  if (trap.address == 0) {
    print("d%uv%u: vector %u, error code %x, rip %016lx, no handler\n", vcpu->domain->id, vcpu->id, vector,
          error_code, vcpu->arch.regs.rip);
    return domain_crash(vcpu->domain, "exception without a handler");
  }
  mark(XS_MARK_BOUNCE, mark_name(vcpu), vector, vcpu->arch.regs.rip);
  bounce_to_guest(vcpu, {trap.address, vector_has_error_code(vector), error_code, TI_GET_IF(&trap) != 0});
}

void inject_page_fault(Vcpu* vcpu, Vaddr address, u32 error_code) {
  // Both guest modes are ring 3; the guest expects its own idea of user.
  error_code &= ~kPageFaultUser;
  if (!vcpu->arch.kernel_mode) error_code |= kPageFaultUser;
  vcpu->arch.cr2 = address;
  vcpu->info->arch.cr2 = address;
  inject_exception(vcpu, kVectorPageFault, error_code);
}

bool software_interrupt(Vcpu* vcpu, u8 vector) {
  const trap_info& trap = vcpu->arch.traps[vector];
  // Level 0: nobody; 1 and 2: the kernel; 3: everyone.
  const unsigned required = vcpu->arch.kernel_mode ? 1 : 3;
  if (trap.address == 0 || TI_GET_DPL(&trap) < required) {
    inject_exception(vcpu, kVectorGeneralProtection, vector * 8u + 2);
    return true;
  }
  vcpu->arch.regs.rip += 2;
  mark(XS_MARK_BOUNCE, mark_name(vcpu), vector, vcpu->arch.regs.rip);
  bounce_to_guest(vcpu, {trap.address, false, 0, TI_GET_IF(&trap) != 0});
  return true;
}

void deliver_events(Vcpu* vcpu) {
  if (vcpu->arch.event_callback == 0) return;
  bounce_to_guest(vcpu, {vcpu->arch.event_callback, false, 0, true});
}

}  // namespace hv
