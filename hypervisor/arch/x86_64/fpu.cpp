// Source: Intel SDM vol. 1 10.5 (FXSAVE image), vol. 3A 2.5 (CR0.TS).
#include "hypervisor/arch/x86_64/fpu.h"

#include "hypervisor/arch/x86_64/cpu.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/percpu.h"

namespace hv {
namespace {

constexpr u16 kInitialControl = 0x37f;  // FNINIT
constexpr u32 kInitialMxcsr = 0x1f80;

void save(Vcpu* vcpu) { asm volatile("fxsaveq %0" : "=m"(vcpu->arch.fpu)); }
void restore(Vcpu* vcpu) { asm volatile("fxrstorq %0" ::"m"(vcpu->arch.fpu)); }

}  // namespace

void fpu_reset(Vcpu* vcpu) {
  memset(vcpu->arch.fpu, 0, sizeof(vcpu->arch.fpu));
  memcpy(&vcpu->arch.fpu[0], &kInitialControl, sizeof(kInitialControl));
  memcpy(&vcpu->arch.fpu[24], &kInitialMxcsr, sizeof(kInitialMxcsr));
}

bool fpu_restore_on_fault(Vcpu* vcpu) {
  clear_ts();
  if (this_cpu().arch.fpu_owner != vcpu) {
    restore(vcpu);
    this_cpu().arch.fpu_owner = vcpu;
  }
  const bool guest_saw = vcpu->arch.ts_virtual;
  vcpu->arch.ts_virtual = false;
  return !guest_saw;
}

void fpu_save_on_leave(Vcpu* vcpu) {
  if (this_cpu().arch.fpu_owner == vcpu) {
    clear_ts();
    save(vcpu);
    this_cpu().arch.fpu_owner = nullptr;
  }
  set_ts();
}

void fpu_set_guest_ts(Vcpu* vcpu, bool set) {
  vcpu->arch.ts_virtual = set;
  if (set) {
    set_ts();
  } else if (this_cpu().arch.fpu_owner == vcpu) {
    clear_ts();
  }
}

}  // namespace hv
