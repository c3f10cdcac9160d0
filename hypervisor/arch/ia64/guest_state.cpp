#include "hypervisor/arch/ia64/guest_state.h"

#include "hypervisor/arch/ia64/cpu.h"
#include "hypervisor/arch/ia64/keys.h"
#include "hypervisor/arch/ia64/vtlb.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/percpu.h"

namespace hv {
namespace {

constexpr u64 kForced = kPsrIc | kPsrI | kPsrDt | kPsrRt | kPsrIt | kPsrBn;
/// What a guest has as it says.
constexpr u64 kOwn = kPsrBe | kPsrUp | kPsrAc | kPsrMfl | kPsrMfh | kPsrPk | kPsrDfl | kPsrSp | kPsrPp |
                     kPsrLp | kPsrTb | kPsrId | kPsrDa | kPsrDd | kPsrSs | kPsrRi | kPsrEd | kPsrIa;
constexpr u64 kTranslation = kPsrDt | kPsrRt | kPsrIt;

constexpr unsigned slot_of(u64 address) { return static_cast<unsigned>(address >> 3) & 63; }
constexpr u64 collection_of(u64 address) { return address | 0x1f8; }
constexpr unsigned frame_size(u64 ifs) { return static_cast<unsigned>(ifs) & 127; }

/// Word of `stacked` that stands for an address of the guest's backing store; nullptr: it is not there.
u64* stacked_word(ArchVcpu& arch, u64 address) {
  const Registers& regs = arch.regs;
  const u64 offset = address - regs.bspstore;  // a backing store may be where addresses end and begin
  if (offset >= regs.bsp - regs.bspstore) return nullptr;
  const u64 index = slot_of(regs.bspstore) + offset / 8;
  return index < STACKED_WORDS ? &arch.stacked[index] : nullptr;
}

/// Where a stacked register of the current frame is, after renaming.
u64 frame_address(const Registers& regs, unsigned number) {
  const unsigned rotating = (static_cast<unsigned>(regs.ifs >> 14) & 15) * 8;
  const unsigned base = static_cast<unsigned>(regs.ifs >> 18) & 127;
  unsigned index = number - 32;
  if (index < rotating) index = (index + base) % rotating;
  return skip_registers(skip_registers(regs.bsp, -static_cast<s64>(frame_size(regs.ifs))), index);
}

u64& collection(ArchVcpu& arch, u64 address) {
  u64* word = stacked_word(arch, collection_of(address));
  return word != nullptr ? *word : arch.regs.rbs_rnat;
}

/// The interrupted code's backing store ends earlier: what was collected there counts again.
void shorten(ArchVcpu& arch, u64 bsp) {
  arch.regs.rbs_rnat = collection(arch, bsp);
  arch.regs.bsp = bsp;
}

constexpr unsigned nat_bit(unsigned number) { return (REGS_R / 8 + number) & 63; }
static_assert(alignof(ArchVcpu) % 512 == 0 && offsetof(Vcpu, arch) == 0);

void set_nat(Registers& regs, unsigned number, bool nat) {
  const u64 bit = 1ull << nat_bit(number);
  regs.nats = nat ? regs.nats | bit : regs.nats & ~bit;
}
bool nat(const Registers& regs, unsigned number) { return regs.nats >> nat_bit(number) & 1; }

}  // namespace

u64 skip_registers(u64 address, s64 n) {
  // Registers since the last collection, and from there how many collections lie between.
  s64 at = slot_of(address) + n;
  s64 collections = 0;
  while (at >= 63) at -= 63, ++collections;
  while (at < 0) at += 63, --collections;
  return address + static_cast<u64>((n + collections) * 8);
}

bool read_register(const Vcpu* vcpu, unsigned number, u64& value) {
  auto& arch = const_cast<ArchVcpu&>(vcpu->arch);
  if (number == 0) return value = 0, true;
  if (number < 32) return value = arch.regs.r[number], !nat(arch.regs, number);
  if (number - 32 >= frame_size(arch.regs.ifs)) return false;
  const u64 address = frame_address(arch.regs, number);
  const u64* word = stacked_word(arch, address);
  if (word == nullptr) return false;
  value = *word;
  return !(collection(arch, address) >> slot_of(address) & 1);
}

bool write_register(Vcpu* vcpu, unsigned number, u64 value) {
  ArchVcpu& arch = vcpu->arch;
  if (number == 0) return false;
  if (number < 32) {
    arch.regs.r[number] = value;
    set_nat(arch.regs, number, false);
    return true;
  }
  if (number - 32 >= frame_size(arch.regs.ifs)) return false;
  const u64 address = frame_address(arch.regs, number);
  u64* word = stacked_word(arch, address);
  if (word == nullptr) return false;
  *word = value;
  collection(arch, address) &= ~(1ull << slot_of(address));
  return true;
}

u64 read_argument(const Vcpu* vcpu, unsigned n) {
  u64 value = 0;
  return read_register(vcpu, 32 + n, value) ? value : 0;
}

u64 sanitized_frame(u64 ifs) {
  const u64 sof = ifs & 127, sol = ifs >> 7 & 127, sor = (ifs >> 14 & 15) * 8;
  const u64 rrb_gr = ifs >> 18 & 127, rrb_fr = ifs >> 25 & 127, rrb_pr = ifs >> 32 & 63;
  constexpr u64 kRotatingFr = 96, kRotatingPr = 48;
  const bool good = sof <= kStackedRegisters && sol <= sof && sor <= sof && (rrb_gr == 0 || rrb_gr < sor) &&
                    rrb_fr < kRotatingFr && rrb_pr < kRotatingPr;
  return good ? kIfsValid | (ifs & kFrameMask) : kIfsValid;
}

u64 cover_frame(Vcpu* vcpu) {
  Registers& regs = vcpu->arch.regs;
  const u64 was = regs.ifs;
  regs.ifs = kIfsValid;
  return was;
}

void restore_frame(Vcpu* vcpu, u64 ifs) {
  ArchVcpu& arch = vcpu->arch;
  const u64 bsp = skip_registers(arch.regs.bsp, -static_cast<s64>(frame_size(arch.regs.ifs)));
  if (bsp - arch.regs.bspstore <= arch.regs.bsp - arch.regs.bspstore) shorten(arch, bsp);
  arch.regs.ifs = sanitized_frame(ifs);
}

bool in_guest_kernel(const Vcpu* vcpu) { return (vcpu->arch.regs.psr >> kPsrCplShift & 3) == 1; }

u64 guest_psr(const Vcpu* vcpu) {
  const ArchVcpu& arch = vcpu->arch;
  const u64 level = in_guest_kernel(vcpu) ? 0 : arch.regs.psr & kPsrCpl;
  return (arch.regs.psr & kOwn) | level | arch.vpsr | (arch.privileged->psr_ic ? kPsrIc : 0) |
         (vcpu->info->evtchn_upcall_mask ? 0 : kPsrI) | (arch.privileged->banknum ? kPsrBn : 0);
}

u64 sanitized_psr(const Vcpu* vcpu, u64 psr) {
  const u64 level = psr & kPsrCpl ? psr & kPsrCpl : 1ull << kPsrCplShift;
  const bool no_high = vcpu->arch.vpsr & kPsrDfh || !vcpu->arch.high_fp_loaded;
  const u64 no_slot = (psr & kPsrRi) == kPsrRi ? kPsrRi : 0;
  return (psr & kOwn & ~no_slot) | level | kForced | (no_high ? kPsrDfh : 0);
}

void set_guest_psr(Vcpu* vcpu, u64 psr) {
  ArchVcpu& arch = vcpu->arch;
  const u64 before = machine_region(vcpu, 0);
  arch.vpsr = psr & (kTranslation | kPsrDfh);
  if (machine_region(vcpu, 0) != before) {
    arch.privileged->metaphysical_mode = (psr & kTranslation) != kTranslation;
    write_region(0, machine_region(vcpu, 0));
    write_region(4, machine_region(vcpu, 4));
  }
  arch.privileged->psr_ic = (psr & kPsrIc) != 0;
  vcpu->info->evtchn_upcall_mask = (psr & kPsrI) == 0;
  set_bank(vcpu, psr & kPsrBn ? 1 : 0);
  arch.regs.psr = sanitized_psr(vcpu, psr);
  if (psr & kPsrPk && !arch.keys_used) {
    arch.keys_used = true;
    keys_load(vcpu);
  }
}

void set_bank(Vcpu* vcpu, unsigned bank) {
  Registers& regs = vcpu->arch.regs;
  xen_ia64_privregs& privileged = *vcpu->arch.privileged;
  if ((privileged.banknum != 0) == (bank != 0)) return;
  u64* const out = bank ? privileged.bank0 : privileged.bank1;
  const u64* const in = bank ? privileged.bank1 : privileged.bank0;
  constexpr unsigned kNats = nat_bit(16);
  static_assert(kNats + 16 <= 64);
  (bank ? privileged.bank0_nats : privileged.bank1_nats) = regs.nats >> kNats & 0xffff;
  const u64 in_nats = (bank ? privileged.bank1_nats : privileged.bank0_nats) & 0xffff;
  regs.nats = (regs.nats & ~(0xffffull << kNats)) | in_nats << kNats;
#pragma GCC unroll 4
  for (unsigned n = 0; n < 16; ++n) {
    out[n] = regs.r[16 + n];
    regs.r[16 + n] = in[n];
  }
  privileged.banknum = bank;
}

void next_instruction(Vcpu* vcpu) {
  Registers& regs = vcpu->arch.regs;
  const u64 slot = regs.psr >> kPsrRiShift & 3;
  regs.psr &= ~(kPsrRi | kPsrId | kPsrDa | kPsrDd | kPsrIa | kPsrEd);
  if (slot < 2)
    regs.psr |= (slot + 1) << kPsrRiShift;
  else
    regs.ip += 16;
}

}  // namespace hv
