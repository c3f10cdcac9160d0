#include "hypervisor/arch/ia64/virtual_sapic.h"

#include "hypervisor/arch/ia64/clock.h"
#include "hypervisor/arch/ia64/cpu.h"
#include "hypervisor/common/domain.h"

namespace hv {
namespace {

constexpr u64 kNone = 15;
constexpr unsigned kItv = 72, kTpr = 66;
constexpr u64 kMasked = 1 << 16, kTprMmi = 1 << 16;

int highest(const u64 (&bits)[4]) {
  for (int word = 3; word >= 0; --word)
    if (bits[word] != 0) return word * 64 + 63 - __builtin_clzll(bits[word]);
  return -1;
}

/// The one that may be taken now: above what is being served and above the TPR's class.
int next_vector(const Vcpu* vcpu) {
  const u64 tpr = vcpu->arch.privileged->cr[kTpr];
  const int vector = highest(vcpu->arch.irr);
  const int served = highest(vcpu->arch.isr);
  if (vector <= served || tpr & kTprMmi) return -1;
  return vector >> 4 > static_cast<int>(tpr >> 4 & 15) ? vector : -1;
}

void itm_rings(void* argument) {
  auto* vcpu = static_cast<Vcpu*>(argument);
  const u64 itv = vcpu->arch.privileged->cr[kItv];
  if (itv & kMasked) return;
  virtual_sapic_pend(vcpu, static_cast<u8>(itv));
  vcpu_unblock(vcpu);
}

}  // namespace

void virtual_sapic_init(Vcpu* vcpu) {
  timer_init(vcpu->arch.interval, itm_rings, vcpu, 0);
  vcpu->arch.privileged->cr[kItv] = kMasked;
}

void virtual_sapic_pend(Vcpu* vcpu, u8 vector) {
  if (vector > kNone) __atomic_fetch_or(&vcpu->arch.irr[vector / 64], 1ull << vector % 64, __ATOMIC_RELEASE);
}

bool virtual_sapic_deliverable(const Vcpu* vcpu) { return next_vector(vcpu) >= 0; }

u64 virtual_sapic_ivr(Vcpu* vcpu) {
  const int vector = next_vector(vcpu);
  if (vector < 0) return kNone;
  const u64 bit = 1ull << vector % 64;
  __atomic_fetch_and(&vcpu->arch.irr[vector / 64], ~bit, __ATOMIC_RELEASE);
  vcpu->arch.isr[vector / 64] |= bit;
  return static_cast<u64>(vector);
}

void virtual_sapic_eoi(Vcpu* vcpu) {
  const int served = highest(vcpu->arch.isr);
  if (served >= 0) vcpu->arch.isr[served / 64] &= ~(1ull << served % 64);
}

void virtual_sapic_set_itm(Vcpu* vcpu, u64 itm) {
  vcpu->arch.privileged->cr[1] = itm;
  timer_migrate(vcpu->arch.interval, vcpu->sched.cpu);
  timer_set(vcpu->arch.interval, time_at_itc(itm));
}

}  // namespace hv
