// From one VCPU to another on this CPU, and into the guest.
#include "hypervisor/arch/ia64/switch.h"

#include "hypervisor/arch/ia64/cpu.h"
#include "hypervisor/arch/ia64/emulate.h"
#include "hypervisor/arch/ia64/firmware.h"
#include "hypervisor/arch/ia64/flush.h"
#include "hypervisor/arch/ia64/guest_state.h"
#include "hypervisor/arch/ia64/keys.h"
#include "hypervisor/arch/ia64/layout.h"
#include "hypervisor/arch/ia64/reflect.h"
#include "hypervisor/arch/ia64/sapic.h"
#include "hypervisor/arch/ia64/vtlb.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/planted.h"
#include "hypervisor/common/taps.h"

extern "C" {
extern char hv_stacks[];
void load_image_region(hv::u64 rr7);
void load_kernel_ars(const hv::u64* kr);
void save_low_fp(void* f);
void load_low_fp(const void* f);
void save_high_fp(void* f);
void load_high_fp(const void* f);
[[noreturn]] void reset_stack_and_call(hv::u64 stack, void (*function)(void*), void* argument);
[[noreturn]] void restore_guest(hv::Vcpu* vcpu);
}

namespace hv {

static_assert(offsetof(Vcpu, info) == VCPU_INFO);  // fast.S

namespace {

void idle_loop(void*) {
  for (;;) {
    if (this_cpu().need_schedule) schedule();
    pal_call(kPalHaltLight);
    handle_interrupts();
  }
}

void resume_guest(void*) { restore_guest(leave_hypervisor()); }

}  // namespace

u64 stack_of(unsigned cpu) { return reinterpret_cast<u64>(hv_stacks) + cpu * HV_STACK_SIZE; }

void load_region7(u64 value) {
  u64& loaded = this_cpu().arch.region7;
  if (loaded == value) return;
  loaded = value;
  load_image_region(value);
}

void load_kernel_registers(const Vcpu* vcpu) { load_kernel_ars(vcpu->arch.kr); }

void load_high_registers(Vcpu* vcpu) {
  load_high_fp(vcpu->arch.f);
  vcpu->arch.high_fp_loaded = true;
  vcpu->arch.regs.psr = sanitized_psr(vcpu, vcpu->arch.regs.psr);
}

namespace {

// VCPUs of one domain have the same RIDs, and each its own XSI and whatever its kernel maps for each: what
// another one has left in the TC is not its own, nor what it has purged elsewhere since it was here.
void forget_others_translations(Vcpu* vcpu) {
  PerCpu& cpu = this_cpu();
  const Vcpu*& last = cpu.arch.last[vcpu->domain->arch.rid_block];
  if ((last != vcpu || vcpu->arch.tlb_cpu != cpu.id) && !planted(Bug::rids_shared)) flush_this_cpu();
  last = vcpu;
  vcpu->arch.tlb_cpu = cpu.id;
}

}  // namespace

void arch_switch(Vcpu* from, Vcpu* to) {
  if (!is_idle(from)) {
    save_low_fp(from->arch.f);
    if (from->arch.high_fp_loaded) save_high_fp(from->arch.f);
    from->arch.high_fp_loaded = false;
    from->arch.regs.psr |= kPsrDfh;
  }
  if (is_idle(to)) {
    HV_WRITE("cr.pta", 0);
    return;
  }
  for (unsigned region = 0; region < 7; ++region) write_region(region, machine_region(to, region));
  load_region7(machine_region(to, 7));
  HV_WRITE("cr.pta", machine_pta(to));
  HV_WRITE("cr.dcr", to->arch.privileged->cr[0] & kDcrDeferral);
  if (!planted(Bug::keys_kept)) keys_load(to);
  load_kernel_registers(to);
  load_low_fp(to->arch.f);
  forget_others_translations(to);
  invalidate_alat();
}

void arch_resume(Vcpu* vcpu) {
  const u64 stack = stack_of(this_cpu().id);
  if (is_idle(vcpu)) reset_stack_and_call(stack, idle_loop, nullptr);
  Domain* domain = vcpu->domain;
  if (!domain->entered) {
    domain->entered = true;
    mark(XS_MARK_DOMAIN_READY, domain->id);
    if (domain == dom0) mark(XS_MARK_BOOT, 3);
  }
  reset_stack_and_call(stack, resume_guest, nullptr);
}

/// The way out to a guest: whatever became due meanwhile comes first.
Vcpu* leave_hypervisor() {
  Vcpu* vcpu = current();
  const bool stays = vcpu_runnable(vcpu);
  if (this_cpu().need_schedule || !stays) schedule();
  deliver_pending(vcpu);
  return vcpu;
}

}  // namespace hv
