// What a guest kernel that knows of the hypervisor asks instead of executing a privileged or a sensitive
// instruction.
#include "hypervisor/arch/ia64/cpu.h"
#include "hypervisor/arch/ia64/emulate.h"
#include "hypervisor/arch/ia64/guest_state.h"
#include "hypervisor/arch/ia64/reflect.h"
#include "hypervisor/arch/ia64/virtual_sapic.h"
#include "hypervisor/arch/ia64/vtlb.h"
#include "hypervisor/common/domain.h"

namespace hv {
namespace {

constexpr u64 kLastCpuid = 4;  // SDM vol. 1 3.1.11

constexpr unsigned kTpr = 66, kItir = 21, kIfa = 20, kIfs = 23;

bool insert(Vcpu* vcpu, Side side, u64 pte) {
  const xen_ia64_privregs& privileged = *vcpu->arch.privileged;
  return vtlb_insert(vcpu, side, pte, privileged.cr[kItir], privileged.cr[kIfa]);
}

/// `cover` with collection off writes cr.ifs.
void cover(Vcpu* vcpu) {
  const u64 was = cover_frame(vcpu);
  if (!vcpu->arch.privileged->psr_ic) vcpu->arch.privileged->cr[kIfs] = was;
}

bool set_regions(Vcpu* vcpu) {
  const Registers& regs = vcpu->arch.regs;
  const u64 values[] = {regs.r[8], regs.r[9], regs.r[10], regs.r[11], regs.r[14]};
  bool good = true;
  for (u64 region = 0; region < count_of(values); ++region)
    good &= guest_set_region(vcpu, region << 61, values[region]);
  return good;
}

/// False: what was asked has a reserved value.
bool perform(Vcpu* vcpu, u64 number) {
  Registers& regs = vcpu->arch.regs;
  xen_ia64_privregs& privileged = *vcpu->arch.privileged;
  const u64 first = regs.r[8], second = regs.r[9];
  switch (number) {
    case XEN_IA64_RSM_DT:
      return guest_set_mask(vcpu, kPsrDt, false), true;
    case XEN_IA64_SSM_DT:
      return guest_set_mask(vcpu, kPsrDt, true), true;
    case XEN_IA64_COVER:
      return cover(vcpu), true;
    case XEN_IA64_ITC_D:
      return insert(vcpu, Side::data, first);
    case XEN_IA64_ITC_I:
      return insert(vcpu, Side::fetch, first);
    case XEN_IA64_SSM_I:
      return guest_set_mask(vcpu, kPsrI, true), true;
    case XEN_IA64_GET_IVR:
      regs.r[8] = virtual_sapic_ivr(vcpu);
      return true;
    case XEN_IA64_GET_TPR:
      regs.r[8] = privileged.cr[kTpr];
      return true;
    case XEN_IA64_SET_TPR:
      privileged.cr[kTpr] = first;
      return true;
    case XEN_IA64_EOI:
      return virtual_sapic_eoi(vcpu), true;
    case XEN_IA64_SET_ITM:
      return virtual_sapic_set_itm(vcpu, first), true;
    case XEN_IA64_THASH:
      regs.r[8] = guest_thash(vcpu, first);
      return true;
    case XEN_IA64_PTC_GA:
      return vtlb_purge(vcpu, first, itir_shift(second), true), true;
    case XEN_IA64_ITR_D:
      return vtlb_insert_tr(vcpu, Side::data, static_cast<unsigned>(first & 0xff), second,
                            privileged.cr[kItir], privileged.cr[kIfa]);
    case XEN_IA64_GET_RR:
      regs.r[8] = vcpu->arch.rr[first >> 61];
      return true;
    case XEN_IA64_SET_RR:
      return guest_set_region(vcpu, first, second);
    case XEN_IA64_SET_KR:
      if (first > 7) return false;
      return guest_set_kernel_register(vcpu, static_cast<unsigned>(first), second), true;
    case XEN_IA64_FC:  // caches are coherent with stores of this machine
      return true;
    case XEN_IA64_GET_CPUID:
      if (first > kLastCpuid) return false;
      regs.r[8] = guest_cpuid(first);
      return true;
    case XEN_IA64_GET_PMD:
    case XEN_IA64_GET_EFLAG:
      regs.r[8] = 0;
      return true;
    case XEN_IA64_SET_EFLAG:
      return true;
    case XEN_IA64_RSM_BE:
      return guest_set_mask(vcpu, kPsrBe, false), true;
    case XEN_IA64_GET_PSR:
      regs.r[8] = guest_psr(vcpu) & (0xffffffff | kPsrMc | kPsrIt);
      return true;
    case XEN_IA64_SET_RR0_TO_RR4:
      return set_regions(vcpu);
    default:
      return false;
  }
}

}  // namespace

void hyperprivop(Vcpu* vcpu, u64 number) {
  ++vcpu->arch.counts.hyperprivops;
  if (number == XEN_IA64_RFI) return guest_rfi(vcpu);
  const u64 slot = vcpu->arch.regs.psr >> kPsrRiShift & 3;
  if (!perform(vcpu, number)) return reflect(vcpu, {kGeneralException, kReservedRegisterField | slot << 41});
  next_instruction(vcpu);
}

// SDM vol. 1 3.1.11: vendor, in two registers of text; what a domain is on.
u64 guest_cpuid(u64 number) {
  constexpr char kVendor[17] = "Xen/ia64\0\0\0\0\0\0\0";
  u64 text[2];
  __builtin_memcpy(text, kVendor, sizeof text);
  if (number < 2) return text[number];
  u64 value;
  asm volatile("mov %0 = cpuid[%1]" : "=r"(value) : "r"(number));
  return value;
}

}  // namespace hv
