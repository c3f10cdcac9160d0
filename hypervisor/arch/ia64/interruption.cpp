// Dispatch of everything that enters the hypervisor (entry.S).
#include "hypervisor/arch/ia64/cpu.h"
#include "hypervisor/arch/ia64/emulate.h"
#include "hypervisor/arch/ia64/guest_calls.h"
#include "hypervisor/arch/ia64/guest_state.h"
#include "hypervisor/arch/ia64/keys.h"
#include "hypervisor/arch/ia64/reflect.h"
#include "hypervisor/arch/ia64/sapic.h"
#include "hypervisor/arch/ia64/switch.h"
#include "hypervisor/arch/ia64/vtlb.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/print.h"

namespace hv {
namespace {

void miss(Vcpu* vcpu, Side side) {
  const Registers& regs = vcpu->arch.regs;
  const bool writes = (regs.isr & (kIsrW | kIsrNa)) == kIsrW;
  switch (vtlb_fill(vcpu, regs.ifa, {side, writes})) {
    case Fill::done:
      return;
    case Fill::no_translation:
      return reflect_miss(vcpu, regs.ifa, side == Side::fetch, regs.isr);
    default:  // were it a miss, the guest would insert the same translation for ever
      return reflect(vcpu, {kPageNotPresent, regs.isr, regs.ifa});
  }
}

/// Only its kernel asks the hypervisor for something.
void break_instruction(Vcpu* vcpu) {
  const Registers& regs = vcpu->arch.regs;
  const u64 immediate = regs.iim;
  if (in_guest_kernel(vcpu)) {
    if (immediate == XEN_IA64_BREAK_HYPERCALL) return guest_call(vcpu);
    if (immediate != 0 && immediate < XEN_IA64_HYPERPRIVOPS) return hyperprivop(vcpu, immediate);
  }
  reflect(vcpu, {kBreak, regs.isr, 0, immediate});
}

void general_exception(Vcpu* vcpu) {
  const Registers& regs = vcpu->arch.regs;
  const u64 code = regs.isr & 0xf0;
  if (in_guest_kernel(vcpu) && (code == kPrivilegedOperation || code == kPrivilegedRegister) &&
      emulate_privileged(vcpu))
    return;
  reflect(vcpu, {kGeneralException, regs.isr});
}

/// By what the TLB has for the hypervisor's level an address of its own is like those that it has not.
void access_rights(Vcpu* vcpu, u64 vector) {
  const Registers& regs = vcpu->arch.regs;
  const bool own = regs.ifa - vcpu->arch.xsi < XEN_IA64_XSI_BYTES;
  reflect(vcpu, {in_hole(regs.ifa) && !own ? kPageNotPresent : vector, regs.isr, regs.ifa});
}

void disabled_fp(Vcpu* vcpu) {
  constexpr u64 kHigh = 2;
  const Registers& regs = vcpu->arch.regs;
  if (regs.isr & kHigh && !(vcpu->arch.vpsr & kPsrDfh)) return load_high_registers(vcpu);
  reflect(vcpu, {kDisabledFp, regs.isr});
}

}  // namespace

extern "C" Vcpu* interruption_from_guest(u64 vector, Vcpu* vcpu) {
  switch (vector) {
    case kInstructionTlb:
    case kAlternateInstructionTlb:
      miss(vcpu, Side::fetch);
      break;
    case kDataTlb:
    case kAlternateDataTlb:
      miss(vcpu, Side::data);
      break;
    case kInstructionKeyMiss:
    case kDataKeyMiss:
      if (!keys_fill(vcpu, vcpu->arch.regs.ifa))
        reflect(vcpu, {vector, vcpu->arch.regs.isr, vcpu->arch.regs.ifa});
      break;
    case kDirtyBit:
      if (!vtlb_dirty_fault(vcpu, vcpu->arch.regs.ifa))
        reflect(vcpu, {vector, vcpu->arch.regs.isr, vcpu->arch.regs.ifa});
      break;
    case kBreak:
      break_instruction(vcpu);
      break;
    case kExternalInterrupt:
      handle_interrupts();
      break;
    case kGeneralException:
      general_exception(vcpu);
      break;
    case kInstructionAccessRights:
    case kDataAccessRights:
      access_rights(vcpu, vector);
      break;
    case kDisabledFp:
      disabled_fp(vcpu);
      break;
    default:
      reflect(vcpu, {vector, vcpu->arch.regs.isr, vcpu->arch.regs.ifa, vcpu->arch.regs.iim});
  }
  return leave_hypervisor();
}

extern "C" [[noreturn]] void interruption_from_hypervisor(u64 vector, u64 ip, u64 psr, u64 isr, u64 ifa,
                                                          u64 b0) {
  print("ip %016lx psr %016lx isr %016lx ifa %016lx b0 %016lx\n", ip, psr, isr, ifa, b0);
  panic("interruption %04lx in the hypervisor", vector);
}

}  // namespace hv
