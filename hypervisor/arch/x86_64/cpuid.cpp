// CPUID as a PV guest should see it: without what needs ring 0 or state that is not switched (AVX), and with
// the hypervisor's leaves. Only forced or faulting CPUID comes here; the plain instruction shows the CPU
// itself. Sources: Intel SDM vol. 2A CPUID; <xen/arch-x86/cpuid.h>.
#include <xen/arch-x86/cpuid.h>

#include "hypervisor/arch/x86_64/clock.h"
#include "hypervisor/arch/x86_64/cpu.h"
#include "hypervisor/arch/x86_64/trap.h"
#include "hypervisor/common/version.h"

namespace hv {
namespace {

constexpr u32 bit(unsigned n) { return 1u << n; }

// Leaf 1 ECX: DTES64, MONITOR, DS-CPL, VMX, SMX, EST, TM2, FMA, PDCM, PCID, x2APIC, TSC deadline, XSAVE,
// OSXSAVE, AVX, F16C.
constexpr u32 kHidden1Ecx = bit(2) | bit(3) | bit(4) | bit(5) | bit(6) | bit(7) | bit(8) | bit(12) | bit(15) |
                            bit(17) | bit(21) | bit(24) | bit(26) | bit(27) | bit(28) | bit(29);
constexpr u32 kHypervisorPresent = bit(31);
// Leaf 1 EDX: VME, PSE, SEP, MTRR, PGE, MCA, MCE, PSE36, ACPI, TM.
constexpr u32 kHidden1Edx =
    bit(1) | bit(3) | bit(7) | bit(11) | bit(12) | bit(13) | bit(14) | bit(17) | bit(22) | bit(29);
// Leaf 7 EBX kept: BMI1, BMI2, ERMS, RDSEED, ADX, CLFLUSHOPT, CLWB, SHA.
constexpr u32 kShown7Ebx = bit(3) | bit(8) | bit(9) | bit(18) | bit(19) | bit(23) | bit(24) | bit(29);
// Leaf 80000001 EDX: PSE, SEP of AMD, MTRR, PGE, MCA, MCE, PSE36, 1 GiB pages, RDTSCP; ECX: SVM, and the XOP
// family.
constexpr u32 kHiddenExtEdx = bit(3) | bit(7) | bit(12) | bit(13) | bit(14) | bit(17) | bit(26) | bit(27);
constexpr u32 kShownExtEcx = bit(0) | bit(5) | bit(6) | bit(8);

CpuidResult hypervisor_leaf(u32 leaf) {
  switch (leaf - XEN_CPUID_FIRST_LEAF) {
    case 0:
      return {XEN_CPUID_FIRST_LEAF + 2, XEN_CPUID_SIGNATURE_EBX, XEN_CPUID_SIGNATURE_ECX,
              XEN_CPUID_SIGNATURE_EDX};
    case 1:
      return {kAbiMajor << 16 | kAbiMinor, 0, 0, 0};
    default:
      return {0, 0, 0, 0};  // no hypercall page by MSR: the ELF note's page is filled at build
  }
}

CpuidResult physical_leaf(u32 leaf, u32 subleaf) {
  CpuidResult r = cpuid(leaf, subleaf);
  switch (leaf) {
    case 1:
      r.ecx = (r.ecx & ~kHidden1Ecx) | kHypervisorPresent;
      r.edx &= ~kHidden1Edx;
      break;
    case 7:
      r = subleaf == 0 ? CpuidResult{0, r.ebx & kShown7Ebx, 0, 0} : CpuidResult{};
      break;
    case 5:
    case 6:
    case 0xa:
    case 0xb:
    case 0xd:
    case 0x12:
    case 0x14:
    case 0x80000007:
      r = {};
      break;
    case 0x80000001:
      r.ecx &= kShownExtEcx;
      r.edx &= ~kHiddenExtEdx;
      break;
    default:
      break;
  }
  return r;
}

}  // namespace

void guest_cpuid(Registers& regs) {
  const u32 leaf = static_cast<u32>(regs.rax), subleaf = static_cast<u32>(regs.rcx);
  const bool ours = leaf >= XEN_CPUID_FIRST_LEAF && leaf < XEN_CPUID_FIRST_LEAF + 0x100;
  const CpuidResult r = ours ? hypervisor_leaf(leaf) : physical_leaf(leaf, subleaf);
  regs.rax = r.eax;
  regs.rbx = r.ebx;
  regs.rcx = r.ecx;
  regs.rdx = r.edx;
}

}  // namespace hv
