// What a privileged instruction does, done to the virtual state. Reserved fields and registers get the
// interruption that a CPU would raise.
#include "hypervisor/arch/ia64/emulate.h"

#include "hypervisor/arch/ia64/cpu.h"
#include "hypervisor/arch/ia64/guest_state.h"
#include "hypervisor/arch/ia64/instruction.h"
#include "hypervisor/arch/ia64/keys.h"
#include "hypervisor/arch/ia64/layout.h"
#include "hypervisor/arch/ia64/reflect.h"
#include "hypervisor/arch/ia64/switch.h"
#include "hypervisor/arch/ia64/vhpt.h"
#include "hypervisor/arch/ia64/virtual_sapic.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/percpu.h"

namespace hv {
namespace {

// Control registers (SDM vol. 2 table 3-3).
enum Control : unsigned {
  kDcr = 0,
  kItm = 1,
  kIva = 2,
  kPta = 8,
  kIpsr = 16,
  kIsr = 17,
  kIip = 19,
  kIfa = 20,
  kItir = 21,
  kIipa = 22,
  kIfs = 23,
  kIim = 24,
  kIha = 25,
  kLid = 64,
  kIvr = 65,
  kTpr = 66,
  kEoi = 67,
  kIrr0 = 68,
  kIrr3 = 71,
  kItv = 72,
  kPmv = 73,
  kCmcv = 74,
  kLrr0 = 80,
  kLrr1 = 81
};
enum Application : unsigned { kKr0 = 0, kKr7 = 7, kItc = 44 };
constexpr u64 kSystemMask = kPsrIc | kPsrI | kPsrPk | kPsrDt | kPsrDfl | kPsrDfh | kPsrSp | kPsrPp | kPsrDi |
                            kPsrSi | kPsrBe | kPsrUp | kPsrAc | kPsrMfl | kPsrMfh;

enum class Outcome { done, jumped, illegal, reserved, nat, retry };

bool get(const Vcpu* vcpu, unsigned number, u64& value) { return read_register(vcpu, number, value); }

Outcome read_control(Vcpu* vcpu, const Instruction& i) {
  u64 value = vcpu->arch.privileged->cr[i.index & 127];
  switch (i.index) {
    case kIpsr:
    case kIsr:
    case kIip:
    case kIfa:
    case kItir:
    case kIipa:
    case kIfs:
    case kIim:
    case kIha:
      if (vcpu->arch.privileged->psr_ic) return Outcome::illegal;
      break;
    case kDcr:
    case kItm:
    case kIva:
    case kPta:
    case kTpr:
    case kItv:
    case kPmv:
    case kCmcv:
    case kLrr0:
    case kLrr1:
      break;
    case kLid:
      value = u64{vcpu->id} << 24;
      break;
    case kIvr:
      value = virtual_sapic_ivr(vcpu);
      break;
    case kEoi:
      value = 0;
      break;
    case kIrr0:
    case kIrr0 + 1:
    case kIrr0 + 2:
    case kIrr3:
      value = vcpu->arch.irr[i.index - kIrr0];
      break;
    default:
      return Outcome::illegal;
  }
  return write_register(vcpu, i.r1, value) ? Outcome::done : Outcome::illegal;
}

Outcome write_control(Vcpu* vcpu, const Instruction& i, u64 value) {
  u64& cr = vcpu->arch.privileged->cr[i.index & 127];
  switch (i.index) {
    case kIpsr:
    case kIsr:
    case kIip:
    case kIfa:
    case kItir:
    case kIipa:
    case kIfs:
    case kIim:
    case kIha:
      if (vcpu->arch.privileged->psr_ic) return Outcome::illegal;
      break;
    case kItm:
      virtual_sapic_set_itm(vcpu, value);
      break;
    case kEoi:
      virtual_sapic_eoi(vcpu);
      return Outcome::done;
    case kDcr:
      HV_WRITE("cr.dcr", value & kDcrDeferral);
      break;
    case kIva:
    case kPta:
    case kTpr:
    case kItv:
    case kPmv:
    case kCmcv:
    case kLrr0:
    case kLrr1:
    case kLid:
      break;
    default:
      return Outcome::illegal;
  }
  cr = value;
  return Outcome::done;
}

Outcome read_table(Vcpu* vcpu, const Instruction& i, u64 at) {
  // Breakpoints and performance monitors are the machine's; a domain has none that count.
  u64 value = i.index == kTableRegion ? vcpu->arch.rr[at >> 61] : 0;
  if (i.index == kTablePkr && !guest_get_key(vcpu, at & 0xff, value)) return Outcome::reserved;
  return write_register(vcpu, i.r1, value) ? Outcome::done : Outcome::illegal;
}

Outcome write_table(Vcpu* vcpu, const Instruction& i, u64 at, u64 value) {
  if (i.index == kTableRegion) return guest_set_region(vcpu, at, value) ? Outcome::done : Outcome::reserved;
  if (i.index == kTablePkr) return guest_set_key(vcpu, at & 0xff, value) ? Outcome::done : Outcome::reserved;
  return Outcome::done;
}

Outcome write_application(Vcpu* vcpu, const Instruction& i, u64 value) {
  if (i.index <= kKr7) {
    guest_set_kernel_register(vcpu, i.index, value);
    return Outcome::done;
  }
  return i.index == kItc ? Outcome::done : Outcome::illegal;  // the machine's clock goes on
}

Outcome insert(Vcpu* vcpu, const Instruction& i, u64 pte) {
  const xen_ia64_privregs& privileged = *vcpu->arch.privileged;
  if (privileged.psr_ic) return Outcome::illegal;
  const Side side = i.index ? Side::fetch : Side::data;
  const u64 itir = privileged.cr[kItir], ifa = privileged.cr[kIfa];
  if (i.operation == Operation::insert_tc)
    return vtlb_insert(vcpu, side, pte, itir, ifa) ? Outcome::done : Outcome::reserved;
  u64 slot;
  if (!get(vcpu, i.r3, slot)) return Outcome::nat;
  return vtlb_insert_tr(vcpu, side, static_cast<unsigned>(slot & 0xff), pte, itir, ifa) ? Outcome::done
                                                                                        : Outcome::reserved;
}

Outcome purge(Vcpu* vcpu, const Instruction& i, u64 va, u64 size) {
  const unsigned shift = itir_shift(size);
  if (!page_size_ok(shift)) return Outcome::reserved;
  if (i.operation == Operation::purge_tr)
    vtlb_purge_tr(vcpu, i.index ? Side::fetch : Side::data, va, shift);
  else
    vtlb_purge(vcpu, va, shift, i.operation == Operation::purge_global);
  return Outcome::done;
}

Outcome translate(Vcpu* vcpu, const Instruction& i, u64 va) {
  Paddr physical;
  const u64 isr = kIsrNa | (vcpu->arch.regs.psr >> kPsrRiShift & 3) << 41;
  switch (vtlb_translate(vcpu, va, Side::data, physical)) {
    case Fill::done:
      return write_register(vcpu, i.r1, physical) ? Outcome::done : Outcome::illegal;
    case Fill::no_translation:
      reflect_miss(vcpu, va, false, isr);
      return Outcome::jumped;
    case Fill::nat_page:
      reflect(vcpu, {kNatConsumption, isr | kPageOfNats, va});
      return Outcome::jumped;
    default:
      reflect(vcpu, {kPageNotPresent, isr, va});
      return Outcome::jumped;
  }
}

Outcome access_key(Vcpu* vcpu, const Instruction& i, u64 va) {
  u64 key;
  const u64 answer = vtlb_key(vcpu, va, key) ? key << 8 : 1;
  return write_register(vcpu, i.r1, answer) ? Outcome::done : Outcome::illegal;
}

Outcome execute(Vcpu* vcpu, const Instruction& i) {
  u64 second = 0, third = 0;
  switch (i.operation) {
    case Operation::none:
      return Outcome::illegal;
    case Operation::rfi:
      guest_rfi(vcpu);
      return Outcome::jumped;
    case Operation::bank_switch:
      set_bank(vcpu, static_cast<unsigned>(i.immediate));
      return Outcome::done;
    case Operation::reset_mask:
    case Operation::set_mask:
      if (i.immediate & ~kSystemMask) return Outcome::reserved;
      guest_set_mask(vcpu, i.immediate, i.operation == Operation::set_mask);
      return Outcome::done;
    case Operation::read_psr:
      return write_register(vcpu, i.r1, guest_psr(vcpu) & (0xffffffff | kPsrMc | kPsrIt)) ? Outcome::done
                                                                                          : Outcome::illegal;
    case Operation::read_control:
      return read_control(vcpu, i);
    case Operation::write_application_immediate:
      return write_application(vcpu, i, i.immediate);
    case Operation::read_indirect:
    case Operation::translate:
    case Operation::access_key:
    case Operation::purge_all:
      if (!get(vcpu, i.r3, third)) return Outcome::nat;
      break;
    case Operation::write_psr_low:
    case Operation::write_control:
    case Operation::write_application:
    case Operation::insert_tc:
    case Operation::insert_tr:
      if (!get(vcpu, i.r2, second)) return Outcome::nat;
      break;
    default:
      if (!get(vcpu, i.r2, second) || !get(vcpu, i.r3, third)) return Outcome::nat;
  }
  switch (i.operation) {
    case Operation::write_psr_low:
      set_guest_psr(vcpu, (guest_psr(vcpu) & ~0xffffffffull) | (second & 0xffffffff));
      return Outcome::done;
    case Operation::write_control:
      return write_control(vcpu, i, second);
    case Operation::write_application:
      return write_application(vcpu, i, second);
    case Operation::read_indirect:
      return read_table(vcpu, i, third);
    case Operation::write_indirect:
      return write_table(vcpu, i, third, second);
    case Operation::insert_tc:
    case Operation::insert_tr:
      return insert(vcpu, i, second);
    case Operation::purge_all:
      vtlb_purge_all(vcpu);
      return Outcome::done;
    case Operation::translate:
      return translate(vcpu, i, third);
    case Operation::access_key:
      return access_key(vcpu, i, third);
    default:
      return purge(vcpu, i, third, second);
  }
}

/// The bundle at IP, by what the guest executes it with.
bool fetch_bundle(Vcpu* vcpu, u64& low, u64& high) {
  const Vaddr ip = vcpu->arch.regs.ip;
  Paddr machine;
  if (const u64 pte = vhpt_find(vcpu, ip); pte & kPtePresent) {
    machine = (pte & kPtePpn) | (ip & (kPageSize - 1));
  } else {
    Paddr physical;
    Backing backing;
    if (vtlb_translate(vcpu, ip, Side::fetch, physical) != Fill::done ||
        !guest_backing(vcpu->domain, physical, backing))
      return false;
    machine = backing.machine;
  }
  const auto* bundle = static_cast<const u64*>(phys_to_virt(machine & ~0xfull));
  low = bundle[0];
  high = bundle[1];
  return true;
}

void refuse(Vcpu* vcpu, u64 code) {
  const u64 slot = vcpu->arch.regs.psr >> kPsrRiShift & 3;
  reflect(vcpu, {kGeneralException, code | slot << 41});
}

}  // namespace

bool emulate_privileged(Vcpu* vcpu) {
  u64 low, high;
  if (!fetch_bundle(vcpu, low, high)) {
    // Its translation went meanwhile: the CPU has to look for it again.
    tlb_purge(vcpu->arch.regs.ip & ~(kPageSize - 1), kPageShift, false);
    return true;
  }
  ++vcpu->arch.counts.privileged;
  const unsigned slot = static_cast<unsigned>(vcpu->arch.regs.psr >> kPsrRiShift & 3);
  const Instruction instruction = decode(low, high, slot);
  switch (execute(vcpu, instruction)) {
    case Outcome::done:
      next_instruction(vcpu);
      return true;
    case Outcome::jumped:
    case Outcome::retry:
      return true;
    case Outcome::reserved:
      refuse(vcpu, kReservedRegisterField);
      return true;
    case Outcome::nat:
      reflect_register_nat(vcpu);
      return true;
    case Outcome::illegal:
      refuse(vcpu, kIllegalOperation);
      return true;
  }
  return false;
}

void guest_rfi(Vcpu* vcpu) {
  const u64* const cr = vcpu->arch.privileged->cr;
  const u64 ipsr = cr[kIpsr], iip = cr[kIip], ifs = cr[kIfs];
  vcpu->arch.privileged->covered = 0;
  if (ifs & kIfsValid) restore_frame(vcpu, ifs);
  set_guest_psr(vcpu, ipsr);
  vcpu->arch.regs.ip = iip & ~0xfull;
}

void guest_set_mask(Vcpu* vcpu, u64 mask, bool set) {
  const u64 psr = guest_psr(vcpu);
  set_guest_psr(vcpu, set ? psr | mask : psr & ~mask);
}

bool guest_set_region(Vcpu* vcpu, u64 address, u64 value) {
  constexpr u64 kImplemented = 1 | 0xfc | kGuestRidMask << 8;
  if (value & ~kImplemented || !page_size_ok(itir_shift(value))) return false;
  const unsigned region = static_cast<unsigned>(address >> 61);
  vcpu->arch.rr[region] = vcpu->arch.privileged->rr[region] = value;
  if (region == 7)
    load_region7(machine_region(vcpu, 7));
  else
    write_region(region, machine_region(vcpu, region));
  return true;
}

void guest_set_kernel_register(Vcpu* vcpu, unsigned number, u64 value) {
  vcpu->arch.kr[number] = vcpu->arch.privileged->kr[number] = value;
  load_kernel_registers(vcpu);
}

// Short format, SDM vol. 2 4.1.6.
u64 guest_thash(const Vcpu* vcpu, u64 address) {
  const u64 pta = vcpu->arch.privileged->cr[kPta], rr = vcpu->arch.rr[address >> 61];
  const unsigned page = itir_shift(rr), size = itir_shift(pta);
  const u64 mask = (1ull << size) - 1, offset = (address & ~(7ull << 61)) >> page << 3;
  const u64 region = address & (7ull << 61);
  return region | (((pta & ~0x7fffull & ~mask) | (offset & mask)) & ~(7ull << 61));
}

}  // namespace hv
