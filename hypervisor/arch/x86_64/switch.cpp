// From one VCPU to another on this CPU, and into the guest.
#include "hypervisor/arch/x86_64/apic.h"
#include "hypervisor/arch/x86_64/cpu.h"
#include "hypervisor/arch/x86_64/descriptors.h"
#include "hypervisor/arch/x86_64/fpu.h"
#include "hypervisor/arch/x86_64/mm_shadow.h"
#include "hypervisor/arch/x86_64/msr.h"
#include "hypervisor/arch/x86_64/paging.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/taps.h"

extern "C" hv::Registers* leave_hypervisor();

namespace hv {
namespace {

void save_segments(ArchVcpu& arch) {
  asm volatile("mov %%ds, %0" : "=m"(arch.ds));
  asm volatile("mov %%es, %0" : "=m"(arch.es));
  asm volatile("mov %%fs, %0" : "=m"(arch.fs));
  asm volatile("mov %%gs, %0" : "=m"(arch.gs));
  arch.fs_base = read_msr(kMsrFsBase);
  const u64 active = read_msr(kMsrGsBase), shadow = read_msr(kMsrShadowGsBase);
  arch.gs_base_kernel = arch.kernel_mode ? active : shadow;
  arch.gs_base_user = arch.kernel_mode ? shadow : active;
}

/// Selectors first: loading one sets a base from its descriptor, and the saved base is the truth.
void load_segments(const ArchVcpu& arch) {
  load_ds(arch.ds);
  load_es(arch.es);
  load_fs(arch.fs);
  load_gs(arch.gs);
  write_msr(kMsrFsBase, arch.fs_base);
  write_msr(kMsrGsBase, arch.kernel_mode ? arch.gs_base_kernel : arch.gs_base_user);
  write_msr(kMsrShadowGsBase, arch.kernel_mode ? arch.gs_base_user : arch.gs_base_kernel);
}

void idle_loop(void*) {
  for (;;) {
    if (this_cpu().need_schedule) schedule();
    enable_and_halt();
  }
}

void resume_guest(void*) { restore_guest(leave_hypervisor()); }

}  // namespace

u64 arch_address_space(const Vcpu* vcpu, bool kernel_mode) {
  const Mfn named = kernel_mode ? vcpu->arch.kernel_table : vcpu->arch.user_table;
  if (named == kInvalidMfn) return hypervisor_cr3();
  return (shadows_in_use(vcpu->domain) ? vcpu->arch.shadow.root[kernel_mode ? 0 : 1].l4 : named)
         << kPageShift;
}

void arch_load_address_space(Vcpu* vcpu) {
  const u64 cr3 = arch_address_space(vcpu, vcpu->arch.kernel_mode);
  this_cpu().arch.cr3 = cr3;
  write_cr3(cr3);
}

bool arch_copy_to_guest_kernel(Vcpu* vcpu, Vaddr to, const void* from, u64 bytes) {
  if (vcpu->arch.kernel_mode) return copy_to_guest(to, from, bytes);
  write_cr3(arch_address_space(vcpu, true));
  const bool copied = copy_to_guest(to, from, bytes);
  write_cr3(this_cpu().arch.cr3);
  return copied;
}

void arch_switch(Vcpu* from, Vcpu* to) {
  PerCpu& cpu = this_cpu();
  if (!is_idle(from)) {
    save_segments(from->arch);
    fpu_save_on_leave(from);
    if (from->arch.debug[7] & 0xff) asm volatile("mov %0, %%dr7" ::"r"(0x400ull));
  }
  if (is_idle(to)) {
    // Nothing of the guest stays loaded: its tables may be torn down while this CPU sleeps.
    cpu.arch.cr3 = hypervisor_cr3();
    write_cr3(cpu.arch.cr3);
    return;
  }
  set_entry_frame(cpu.id, to);
  arch_load_address_space(to);
  arch_reload_descriptor_tables(to);
  load_segments(to->arch);
  set_ts();
  load_debug_registers(to);
  write_cr4((read_cr4() & ~kCr4Tsd) | (to->arch.cr4 & kCr4Tsd));
}

void arch_resume(Vcpu* vcpu) {
  if (is_idle(vcpu)) reset_stack_and_call(idle_loop, nullptr);
  Domain* domain = vcpu->domain;
  if (!domain->entered) {
    domain->entered = true;
    mark(XS_MARK_DOMAIN_READY, domain->id);
    if (domain == dom0) mark(XS_MARK_BOOT, 3);
  }
  reset_stack_and_call(resume_guest, nullptr);
}

void arch_kick_timer(unsigned cpu) { apic_send(cpus[cpu].arch.apic_id, kVectorTimer); }

void arch_kick(unsigned cpu) {
  if (cpu != this_cpu().id) apic_send(cpus[cpu].arch.apic_id, kVectorKick);
}

}  // namespace hv
