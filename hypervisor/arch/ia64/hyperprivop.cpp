// What a guest kernel that knows of the hypervisor asks instead of executing a privileged or a sensitive
// instruction.
#include "hypervisor/arch/ia64/cpu.h"
#include "hypervisor/arch/ia64/emulate.h"
#include "hypervisor/arch/ia64/guest_state.h"
#include "hypervisor/arch/ia64/reflect.h"
#include "hypervisor/arch/ia64/virtual_sapic.h"
#include "hypervisor/arch/ia64/vtlb.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/percpu.h"

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
  xen_ia64_privregs& privileged = *vcpu->arch.privileged;
  const u64 was = cover_frame(vcpu);
  if (!privileged.psr_ic && !privileged.covered) privileged.cr[kIfs] = was;
  privileged.covered = 0;
}

bool set_regions(Vcpu* vcpu) {
  const Registers& regs = vcpu->arch.regs;
  const u64 values[] = {regs.r[8], regs.r[9], regs.r[10], regs.r[11], regs.r[14]};
  bool good = true;
  for (u64 region = 0; region < count_of(values); ++region)
    good &= guest_set_region(vcpu, region << 61, values[region]);
  return good;
}

/// Of r8, r9, r10, r11, r14, in this order: how many are read.
unsigned inputs_of(u64 number) {
  switch (number) {
    case XEN_IA64_ITC_D:
    case XEN_IA64_ITC_I:
    case XEN_IA64_SET_TPR:
    case XEN_IA64_SET_ITM:
    case XEN_IA64_THASH:
    case XEN_IA64_GET_RR:
    case XEN_IA64_GET_CPUID:
      return 1;
    case XEN_IA64_PTC_GA:
    case XEN_IA64_ITR_D:
    case XEN_IA64_SET_RR:
    case XEN_IA64_SET_KR:
      return 2;
    case XEN_IA64_SET_RR0_TO_RR4:
      return 5;
    default:
      return 0;
  }
}

bool reads_nat(const Vcpu* vcpu, u64 number) {
  constexpr unsigned kInputs[] = {8, 9, 10, 11, 14};
  u64 value;
  for (unsigned n = 0; n < inputs_of(number); ++n)
    if (!read_register(vcpu, kInputs[n], value)) return true;
  return false;
}

/// False: what was asked has a reserved value.
bool perform(Vcpu* vcpu, u64 number) {
  Registers& regs = vcpu->arch.regs;
  xen_ia64_privregs& privileged = *vcpu->arch.privileged;
  const u64 first = regs.r[8], second = regs.r[9];
  const auto answer = [vcpu](u64 value) { return write_register(vcpu, 8, value); };
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
      return answer(virtual_sapic_ivr(vcpu));
    case XEN_IA64_GET_TPR:
      return answer(privileged.cr[kTpr]);
    case XEN_IA64_SET_TPR:
      privileged.cr[kTpr] = first;
      return true;
    case XEN_IA64_EOI:
      return virtual_sapic_eoi(vcpu), true;
    case XEN_IA64_SET_ITM:
      return virtual_sapic_set_itm(vcpu, first), true;
    case XEN_IA64_THASH:
      return answer(guest_thash(vcpu, first));
    case XEN_IA64_PTC_GA:
      if (!page_size_ok(itir_shift(second))) return false;
      return vtlb_purge(vcpu, first, itir_shift(second), true), true;
    case XEN_IA64_ITR_D:
      return vtlb_insert_tr(vcpu, Side::data, static_cast<unsigned>(first & 0xff), second,
                            privileged.cr[kItir], privileged.cr[kIfa]);
    case XEN_IA64_GET_RR:
      return answer(vcpu->arch.rr[first >> 61]);
    case XEN_IA64_SET_RR:
      return guest_set_region(vcpu, first, second);
    case XEN_IA64_SET_KR:
      if (first > 7) return false;
      return guest_set_kernel_register(vcpu, static_cast<unsigned>(first), second), true;
    case XEN_IA64_FC:  // caches are coherent with stores of this machine
      return true;
    case XEN_IA64_GET_CPUID:
      return first <= kLastCpuid && answer(guest_cpuid(first));
    case XEN_IA64_GET_PMD:
    case XEN_IA64_GET_EFLAG:
      return answer(0);
    case XEN_IA64_SET_EFLAG:
      return true;
    case XEN_IA64_RSM_BE:
      return guest_set_mask(vcpu, kPsrBe, false), true;
    case XEN_IA64_GET_PSR:
      return answer(guest_psr(vcpu) & (0xffffffff | kPsrMc | kPsrIt));
    case XEN_IA64_SET_RR0_TO_RR4:
      return set_regions(vcpu);
    default:
      return false;
  }
}

}  // namespace

void hyperprivop(Vcpu* vcpu, u64 number) {
  ++vcpu->arch.counts.hyperprivops;
  ++this_cpu().arch.counters.slow[number - 1];
  if (number == XEN_IA64_RFI) return guest_rfi(vcpu);
  if (reads_nat(vcpu, number)) return reflect_register_nat(vcpu);
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
