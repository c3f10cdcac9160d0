// A VCPU's complete state: made, set, read, let go of.
#include "hypervisor/arch/x86_64/vcpu.h"
#include "hypervisor/arch/x86_64/cpu.h"
#include "hypervisor/arch/x86_64/fpu.h"
#include "hypervisor/arch/x86_64/mm_shadow.h"
#include "hypervisor/arch/x86_64/mm_vcpu.h"
#include "hypervisor/arch/x86_64/msr.h"
#include "hypervisor/arch/x86_64/selectors.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/vcpu.h"

namespace hv {
namespace {

constexpr unsigned kTrapCount = 256;

/// An address of 0 means "none"; any other must be one that IRET accepts.
bool handlers_ok(const vcpu_guest_context& c) {
  return is_canonical(c.event_callback_eip) && is_canonical(c.failsafe_callback_eip) &&
         is_canonical(c.syscall_callback_eip) && is_canonical(c.user_regs.rip) && is_canonical(c.fs_base) &&
         is_canonical(c.gs_base_kernel) && is_canonical(c.gs_base_user);
}

void set_registers(ArchVcpu& arch, const vcpu_guest_context& c) {
  arch.regs = c.user_regs;
  sanitize_registers(arch.regs);
  arch.ds = c.user_regs.ds;
  arch.es = c.user_regs.es;
  arch.fs = c.user_regs.fs;
  arch.gs = c.user_regs.gs;
  arch.fs_base = c.fs_base;
  arch.gs_base_kernel = c.gs_base_kernel;
  arch.gs_base_user = c.gs_base_user;
  arch.kernel_mode = c.flags & VGCF_IN_KERNEL;
  arch.kernel_ss = c.kernel_ss | 3;
  arch.kernel_sp = c.kernel_sp;
  arch.event_callback = c.event_callback_eip;
  arch.failsafe_callback = c.failsafe_callback_eip;
  arch.syscall_callback = c.syscall_callback_eip;
  arch.callback_masks_events = ((c.flags & VGCF_failsafe_disables_events) ? kFailsafeMasksEvents : 0) |
                               ((c.flags & VGCF_syscall_disables_events) ? kSyscallMasksEvents : 0);
  arch.ts_virtual = c.ctrlreg[0] & kCr0Ts;
  arch.cr2 = c.ctrlreg[2];
  arch.cr4 = c.ctrlreg[4] & (kCr4Tsd | kCr4De);
}

void set_fpu(Vcpu* vcpu, const vcpu_guest_context& c) {
  if (!(c.flags & VGCF_I387_VALID)) return fpu_reset(vcpu);
  memcpy(vcpu->arch.fpu, &c.fpu_ctxt, sizeof(vcpu->arch.fpu));
  u32 mxcsr;  // reserved bits would fault in FXRSTOR
  memcpy(&mxcsr, &vcpu->arch.fpu[24], sizeof(mxcsr));
  mxcsr &= 0xffbf;
  memcpy(&vcpu->arch.fpu[24], &mxcsr, sizeof(mxcsr));
}

int set_tables(Vcpu* vcpu, const vcpu_guest_context& c) {
  Mfn frames[16];
  for (unsigned i = 0; i < 16; ++i) frames[i] = c.gdt_frames[i];
  if (c.gdt_ents > FIRST_RESERVED_GDT_ENTRY) return -XEN_EINVAL;
  if (int rc = vcpu_set_gdt(vcpu, frames, static_cast<u32>(c.gdt_ents)); rc) return rc;
  if (c.ldt_ents > 8192) return -XEN_EINVAL;
  if (int rc = vcpu_set_ldt(vcpu, c.ldt_base, static_cast<u32>(c.ldt_ents)); rc) return rc;
  if (int rc = vcpu_set_kernel_table(vcpu, c.ctrlreg[3] >> kPageShift); rc) return rc;
  return vcpu_set_user_table(vcpu, c.ctrlreg[1] >> kPageShift);
}

}  // namespace

void sanitize_registers(Registers& regs) {
  regs.cs |= 3;
  regs.ss |= 3;
  regs.rflags = (regs.rflags & ~(kFlagsIopl | kFlagsVm | kFlagsVif | kFlagsVip)) | kFlagsIf | 2;
}

int set_trap(Vcpu* vcpu, const trap_info& trap) {
  if (!is_canonical(trap.address)) return -XEN_EINVAL;
  vcpu->arch.traps[trap.vector] = trap;
  return 0;
}

int arch_domain_create(Domain*) { return 0; }
void arch_domain_destroy(Domain*) {}

int arch_vcpu_create(Vcpu* vcpu) {
  vcpu->arch.traps = static_cast<trap_info*>(allocate(kTrapCount * sizeof(trap_info)));
  if (!vcpu->arch.traps) return -XEN_ENOMEM;
  vcpu->arch.debug[6] = 0xffff0ff0;
  vcpu->arch.debug[7] = 0x400;
  fpu_reset(vcpu);
  const int rc = shadow_create(vcpu);
  if (rc != 0) arch_vcpu_destroy(vcpu);
  return rc;
}

void arch_vcpu_destroy(Vcpu* vcpu) {
  shadow_destroy(vcpu);
  release(vcpu->arch.traps);
  vcpu->arch.traps = nullptr;
}

int arch_set_vcpu_context(Vcpu* vcpu, const vcpu_guest_context& c) {
  if (!handlers_ok(c)) return -XEN_EINVAL;
  for (const trap_info& trap : c.trap_ctxt)
    if (!is_canonical(trap.address)) return -XEN_EINVAL;
  for (unsigned i = 0; i < kTrapCount; ++i) vcpu->arch.traps[i] = c.trap_ctxt[i];
  set_registers(vcpu->arch, c);
  set_fpu(vcpu, c);
  for (unsigned i = 0; i < 8; ++i) set_debug_register(vcpu, i, c.debugreg[i]);
  if (int rc = set_tables(vcpu, c); rc) return rc;
  vcpu->info->evtchn_upcall_mask = 1;
  vcpu->initialised = true;
  if (c.flags & VGCF_online) vcpu_up(vcpu);
  return 0;
}

void arch_get_vcpu_context(Vcpu* vcpu, vcpu_guest_context& c) {
  const ArchVcpu& arch = vcpu->arch;
  memset(&c, 0, sizeof(c));
  memcpy(&c.fpu_ctxt, arch.fpu, sizeof(arch.fpu));
  c.flags = VGCF_I387_VALID | (arch.kernel_mode ? VGCF_IN_KERNEL : 0) |
            (arch.callback_masks_events & kFailsafeMasksEvents ? VGCF_failsafe_disables_events : 0) |
            (arch.callback_masks_events & kSyscallMasksEvents ? VGCF_syscall_disables_events : 0) |
            (vcpu->pause_flags & kVcpuDown ? 0 : VGCF_online);
  c.user_regs = arch.regs;
  c.user_regs.ds = arch.ds;
  c.user_regs.es = arch.es;
  c.user_regs.fs = arch.fs;
  c.user_regs.gs = arch.gs;
  if (arch.kernel_mode) c.user_regs.cs &= 0xfffc;  // the guest kernel's own idea of its ring
  memcpy(c.trap_ctxt, arch.traps, sizeof(c.trap_ctxt));
  c.ldt_base = arch.ldt_base;
  c.ldt_ents = arch.ldt_entries;
  for (unsigned i = 0; i < 16; ++i) c.gdt_frames[i] = arch.gdt_names[i];
  c.gdt_ents = arch.gdt_entries;
  c.kernel_ss = arch.kernel_ss;
  c.kernel_sp = arch.kernel_sp;
  c.ctrlreg[0] = 0x80050033 | (arch.ts_virtual ? kCr0Ts : 0);  // PG, AM, WP, NE, ET, MP, PE
  c.ctrlreg[1] = arch.user_table == kInvalidMfn ? 0 : arch.user_table << kPageShift;
  c.ctrlreg[2] = arch.cr2;
  c.ctrlreg[3] = arch.kernel_table == kInvalidMfn ? 0 : arch.kernel_table << kPageShift;
  c.ctrlreg[4] = guest_cr4(vcpu);
  for (unsigned i = 0; i < 8; ++i) c.debugreg[i] = arch.debug[i];
  c.event_callback_eip = arch.event_callback;
  c.failsafe_callback_eip = arch.failsafe_callback;
  c.syscall_callback_eip = arch.syscall_callback;
  c.vm_assist = vcpu->domain->vm_assist;
  c.fs_base = arch.fs_base;
  c.gs_base_kernel = arch.gs_base_kernel;
  c.gs_base_user = arch.gs_base_user;
}

}  // namespace hv
