#include "hypervisor/arch/ia64/reflect.h"

#include "hypervisor/arch/ia64/cpu.h"
#include "hypervisor/arch/ia64/emulate.h"
#include "hypervisor/arch/ia64/guest_state.h"
#include "hypervisor/arch/ia64/virtual_sapic.h"
#include "hypervisor/arch/ia64/vtlb.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/taps.h"

namespace hv {
namespace {

constexpr u64 kDcrPp = 1, kDcrBe = 2;

/// PSR of a handler (SDM vol. 2 table 3-2).
u64 handler_psr(u64 psr, u64 dcr) {
  constexpr u64 kKept = kPsrUp | kPsrMfl | kPsrMfh | kPsrPk | kPsrDt | kPsrRt | kPsrIt | kPsrMc;
  return (psr & kKept) | (dcr & kDcrBe ? kPsrBe : 0) | (dcr & kDcrPp ? kPsrPp : 0);
}

/// What the CPU offers for an insertion at this address.
u64 default_itir(const Vcpu* vcpu, u64 address) {
  const u64 rr = vcpu->arch.rr[address >> 61];
  return (rr & 0xfc) | (rr >> 8 & kGuestRidMask) << 8;
}

void enter_handler(Vcpu* vcpu, Vaddr handler) {
  Registers& regs = vcpu->arch.regs;
  set_guest_psr(vcpu, handler_psr(guest_psr(vcpu), vcpu->arch.privileged->cr[0]));
  regs.ip = handler & ~0xfull;
}

/// Whether IFA and ITIR are written (SDM vol. 2 8.3). Otherwise they keep what they had; the CPU's own have
/// what the hypervisor was last interrupted for.
bool has_address(const Interruption& i) {
  return i.vector <= kDataAccessBit || (i.vector >= kPageNotPresent && i.vector <= kDataAccessRights) ||
         (i.vector >= kDebug && i.vector <= kUnsupportedDataReference) ||
         (i.vector == kNatConsumption && i.isr & kPageOfNats);
}

void collect(Vcpu* vcpu, const Interruption& interruption) {
  u64* const cr = vcpu->arch.privileged->cr;
  Registers& regs = vcpu->arch.regs;
  cr[16] = guest_psr(vcpu);
  cr[19] = regs.ip;
  if (has_address(interruption)) {
    cr[20] = interruption.ifa;
    cr[21] = default_itir(vcpu, interruption.ifa);
    cr[25] = guest_thash(vcpu, interruption.ifa);
  }
  cr[22] = regs.iipa;
  // While the RSE loads a frame: a CPU's handler begins in it, incomplete as it is (SDM vol. 2 6.8). Ours
  // would make the RSE go on, and fault again.
  vcpu->arch.privileged->covered = (regs.isr & kIsrIr) != 0;
  cr[23] = regs.isr & kIsrIr ? cover_frame(vcpu) : 0;
  if (interruption.vector == kBreak || interruption.vector == kSpeculation) cr[24] = interruption.iim;
}

}  // namespace

void reflect(Vcpu* vcpu, const Interruption& interruption) {
  xen_ia64_privregs& privileged = *vcpu->arch.privileged;
  ++vcpu->arch.counts.reflected;
  const Vaddr iva = privileged.cr[2] & ~0x7fffull;
  // Its handler for what happens at the handlers is at the same place: it would be asked for for ever.
  if (!privileged.psr_ic && interruption.isr & kIsrX && (interruption.ifa & ~0x7fffull) == iva)
    return domain_crash(vcpu->domain, "its interruption handlers cannot be entered");
  u64 isr = interruption.isr;
  mark(XS_MARK_BOUNCE, mark_name(vcpu), interruption.vector, vcpu->arch.regs.ip);
  if (privileged.psr_ic) {
    collect(vcpu, interruption);
  } else {
    isr |= kIsrNi;
    // Nothing is collected, IFS neither; but the RSE must not go on with that frame in the handler, or no CPU
    // would ever get out of it: its loads come before any interrupt.
    if (vcpu->arch.regs.isr & kIsrIr) cover_frame(vcpu);
  }
  privileged.cr[17] = isr;
  enter_handler(vcpu, iva + interruption.vector);
}

void reflect_miss(Vcpu* vcpu, u64 address, bool fetch, u64 isr) {
  const xen_ia64_privregs& privileged = *vcpu->arch.privileged;
  if (!fetch && !privileged.psr_ic) return reflect(vcpu, {kDataNestedTlb, isr, address});
  const bool walked = privileged.cr[8] & 1 && vcpu->arch.rr[address >> 61] & 1;
  const u64 vector =
      fetch ? (walked ? kInstructionTlb : kAlternateInstructionTlb) : (walked ? kDataTlb : kAlternateDataTlb);
  reflect(vcpu, {vector, isr, address});
}

void reflect_register_nat(Vcpu* vcpu) {
  constexpr u64 kRegister = 0x10;
  reflect(vcpu, {kNatConsumption, kRegister | (vcpu->arch.regs.psr >> kPsrRiShift & 3) << 41});
}

void deliver_pending(Vcpu* vcpu) {
  const xen_ia64_privregs& privileged = *vcpu->arch.privileged;
  if (!privileged.psr_ic || vcpu->info->evtchn_upcall_mask) return;
  if (vcpu->info->evtchn_upcall_pending) {
    if (vcpu->arch.event_callback != 0) {
      collect(vcpu, {kExternalInterrupt});
      vcpu->arch.privileged->cr[17] = 0;
      return enter_handler(vcpu, vcpu->arch.event_callback);
    }
    virtual_sapic_pend(vcpu, static_cast<u8>(vcpu->domain->shared->arch.evtchn_vector));
  }
  if (virtual_sapic_deliverable(vcpu)) reflect(vcpu, {kExternalInterrupt});
}

}  // namespace hv
