// What only kernels do, and fences: PSR, control and indirect registers, register stack: formats M24 to M36,
// M42 to M44 (SDM vol. 3, vol. 2 chapter 3). Privilege has been decided at decoding. Blocks end behind
// everything here that the run loop or later decoding looks at (translate.cpp).
#include "sim/cpu_ia64/exec/access.h"

namespace xs::ia64 {
namespace {

// PSR

bool mov_to_psr_l(Processor& p, const Slot& s) {
  if (is_nat(p, s.r2)) return p.nat_consumption(0);
  const u64 value = p.r.gr[s.r2] & 0xffffffff;
  if ((value & ~psr::lower_half) != 0) return p.reserved_register();
  p.set_psr((p.r.psr & ~psr::lower_half) | value);
  return true;
}

/// User-level performance counting is out of reach while PSR.sp is set.
u64 user_bits(const Processor& p) {
  return (p.r.psr & psr::sp) != 0 ? psr::user_mask & ~psr::up : psr::user_mask;
}

bool mov_to_psr_um(Processor& p, const Slot& s) {
  if (is_nat(p, s.r2)) return p.nat_consumption(0);
  const u64 value = p.r.gr[s.r2];
  if ((value & 0xff & ~psr::user_mask) != 0) return p.reserved_register();
  p.set_psr((p.r.psr & ~user_bits(p)) | (value & user_bits(p)));
  return true;
}

void mov_from_psr(Processor& p, const Slot& s) {
  write_gr(p, s.r1, p.r.psr & (psr::lower_half | psr::mc | psr::it));
}
void mov_from_psr_um(Processor& p, const Slot& s) { write_gr(p, s.r1, p.r.psr & psr::user_mask); }

template <bool set>
bool user_mask(Processor& p, const Slot& s) {
  if ((s.imm & ~psr::user_mask) != 0) return p.reserved_register();
  const u64 bits = s.imm & user_bits(p);
  p.set_psr(set ? p.r.psr | bits : p.r.psr & ~bits);
  return true;
}

template <bool set>
bool system_mask(Processor& p, const Slot& s) {
  if ((s.imm & ~psr::system_mask) != 0) return p.reserved_register();
  p.set_psr(set ? p.r.psr | s.imm : p.r.psr & ~s.imm);
  return true;
}

// Control and indirect registers

bool mov_to_cr(Processor& p, const Slot& s) {
  if (is_nat(p, s.r2)) return p.nat_consumption(0);
  if (!p.write_control(s.r3, p.r.gr[s.r2])) return false;
  if (s.r3 == cr::itm) p.call_attention();
  return true;
}

bool mov_from_cr(Processor& p, const Slot& s) {
  u64 value = 0;
  if (!p.read_control(s.r3, value)) return false;
  write_gr(p, s.r1, value);
  return true;
}

/// Index of an indirect access: the low byte of r3; false when there is no such register.
template <unsigned count>
bool index_of(Processor& p, const Slot& s, unsigned& index) {
  if (is_nat(p, s.r3)) return p.nat_consumption(0);
  index = static_cast<unsigned>(p.r.gr[s.r3] & 0xff);
  return index < count || p.reserved_register();
}

bool mov_to_rr(Processor& p, const Slot& s) {
  if (is_nat(p, s.r2) || is_nat(p, s.r3)) return p.nat_consumption(0);
  const u64 value = p.r.gr[s.r2];
  const mmu::ia64::RegionRegister rr{value};
  if ((value & mmu::ia64::RegionRegister::reserved) != 0 || !mmu::ia64::is_page_size(rr.page_shift()))
    return p.reserved_register();
  p.mmu.set_region(mmu::ia64::region_of(p.r.gr[s.r3]), value);
  return true;
}
bool mov_from_rr(Processor& p, const Slot& s) {
  if (is_nat(p, s.r3)) return p.nat_consumption(0);
  write_gr(p, s.r1, p.mmu.region(mmu::ia64::region_of(p.r.gr[s.r3])));
  return true;
}

bool mov_to_pkr(Processor& p, const Slot& s) {
  unsigned index = 0;
  if (!index_of<mmu::ia64::Mmu::keys>(p, s, index)) return false;
  if (is_nat(p, s.r2)) return p.nat_consumption(0);
  const u64 value = p.r.gr[s.r2];
  if ((value & ~u64{0xffffff0f}) != 0) return p.reserved_register();
  p.mmu.set_key(index, value);
  return true;
}
bool mov_from_pkr(Processor& p, const Slot& s) {
  unsigned index = 0;
  if (!index_of<mmu::ia64::Mmu::keys>(p, s, index)) return false;
  write_gr(p, s.r1, p.mmu.key(index));
  return true;
}

/// Breakpoint registers, eight of each kind.
template <bool data>
auto& breakpoints(Processor& p) {
  if constexpr (data)
    return p.r.dbr;
  else
    return p.r.ibr;
}
template <bool data>
bool mov_to_breakpoint(Processor& p, const Slot& s) {
  unsigned index = 0;
  if (!index_of<8>(p, s, index)) return false;
  if (is_nat(p, s.r2)) return p.nat_consumption(0);
  breakpoints<data>(p)[index] = p.r.gr[s.r2];
  p.review();
  return true;
}
template <bool data>
bool mov_from_breakpoint(Processor& p, const Slot& s) {
  unsigned index = 0;
  if (!index_of<8>(p, s, index)) return false;
  write_gr(p, s.r1, breakpoints<data>(p)[index]);
  return true;
}

/// Performance monitors can be read and written; they count nothing.
constexpr unsigned monitors = 32;
bool mov_to_pmc(Processor& p, const Slot& s) {
  unsigned index = 0;
  if (!index_of<monitors>(p, s, index)) return false;
  if (is_nat(p, s.r2)) return p.nat_consumption(0);
  p.r.pmc[index] = p.r.gr[s.r2];
  return true;
}
bool mov_to_pmd(Processor& p, const Slot& s) {
  unsigned index = 0;
  if (!index_of<monitors>(p, s, index)) return false;
  if (is_nat(p, s.r2)) return p.nat_consumption(0);
  p.r.pmd[index] = p.r.gr[s.r2];
  return true;
}
bool mov_from_pmc(Processor& p, const Slot& s) {
  unsigned index = 0;
  if (!index_of<monitors>(p, s, index)) return false;
  write_gr(p, s.r1, p.r.pmc[index]);
  return true;
}
/// Without privilege what the kernel keeps to itself reads as 0.
bool mov_from_pmd(Processor& p, const Slot& s) {
  unsigned index = 0;
  if (!index_of<monitors>(p, s, index)) return false;
  const bool hidden = p.r.cpl() != 0 && ((p.r.psr & psr::sp) != 0 || (p.r.pmc[index] & 0x40) != 0);
  write_gr(p, s.r1, hidden ? 0 : p.r.pmd[index]);
  return true;
}

/// CPUID registers (SDM vol. 1 3.1.11): vendor, a serial number of 0, an Itanium 2 (family 0x1f), and in [4]
/// the features brl, spontaneous deferral off, 16-byte atomic operations.
bool mov_from_cpuid(Processor& p, const Slot& s) {
  constexpr u64 cpuid[] = {0x49656e69756e6547, 0x6c65746e, 0, 0x1f010504, 0x5};
  unsigned index = 0;
  if (!index_of<5>(p, s, index)) return false;
  write_gr(p, s.r1, cpuid[index]);
  return true;
}

// Register stack

bool alloc(Processor& p, const Slot& s) {
  const unsigned sof = static_cast<unsigned>(s.imm), sol = s.x, sor = s.y;
  const FrameMarker now = p.stack.frame();
  if (sof > 96 || sol > sof || sor > sof) return p.general_exception(isr::illegal_operation);
  const bool rotated = now.rrb_gr() != 0 || now.rrb_fr() != 0 || now.rrb_pr() != 0;
  if (sor != now.sor() && rotated) return p.reserved_register();
  if (!p.stack.alloc(FrameMarker::make(sof, sol, sor))) return false;
  p.frame_changed();
  write_gr(p, s.r1, p.r.pfs);
  return true;
}

bool flushrs(Processor& p, const Slot&) { return p.stack.flush(); }

/// What is to be in registers below the frame: no more than there are registers, and only under an empty
/// frame.
bool loadrs(Processor& p, const Slot&) {
  const u64 bytes = p.r.rsc >> 16 & 0x3ff8, top = p.stack.bsp();
  const bool too_many = bytes > top - skip_registers(top, -i64{RegisterStack::physical});
  if ((p.r.rsc & 3) != 0 || (p.stack.frame().sof() != 0 && bytes != 0) || too_many)
    return p.general_exception(isr::illegal_operation);
  return p.stack.load(static_cast<unsigned>(bytes / 8));
}

// Fences order what other cores see; cores here run in turn, and nothing is ever out of order.
void fence(Processor&, const Slot&) {}

/// Caches are coherent, code included: what is left of fc is its faults.
bool flush_cache(Processor& p, const Slot& s) {
  if (is_nat(p, s.r3)) return p.nat_consumption(isr::na | isr::r | isr::fc);
  DataAccess access{.va = p.r.gr[s.r3], .size = 1, .non_access = true, .code = isr::fc};
  u64 pa = 0;
  u8* host = nullptr;
  return p.reach(access, pa, host) != Reach::refused;
}

void invala(Processor& p, const Slot&) { p.alat.clear(); }
void invala_e(Processor& p, const Slot& s) { p.alat.drop(general_tag(p, s.r1)); }
void invala_e_fp(Processor& p, const Slot& s) { p.alat.drop(float_tag(s.r1)); }

void set_psr_and_registers(Handlers& h) {
  h.set(Op::mov_to_psr_l, step<mov_to_psr_l>);
  h.set(Op::mov_to_psr_um, step<mov_to_psr_um>);
  h.set(Op::mov_from_psr, step<mov_from_psr>);
  h.set(Op::mov_from_psr_um, step<mov_from_psr_um>);
  h.set(Op::sum, step<user_mask<true>>);
  h.set(Op::rum, step<user_mask<false>>);
  h.set(Op::ssm, step<system_mask<true>>);
  h.set(Op::rsm, step<system_mask<false>>);
  h.set(Op::mov_to_cr, step<mov_to_cr>);
  h.set(Op::mov_from_cr, step<mov_from_cr>);
  h.set(Op::mov_to_rr, step<mov_to_rr>);
  h.set(Op::mov_from_rr, step<mov_from_rr>);
  h.set(Op::mov_to_pkr, step<mov_to_pkr>);
  h.set(Op::mov_from_pkr, step<mov_from_pkr>);
  h.set(Op::mov_to_dbr, step<mov_to_breakpoint<true>>);
  h.set(Op::mov_from_dbr, step<mov_from_breakpoint<true>>);
  h.set(Op::mov_to_ibr, step<mov_to_breakpoint<false>>);
  h.set(Op::mov_from_ibr, step<mov_from_breakpoint<false>>);
  h.set(Op::mov_to_pmc, step<mov_to_pmc>);
  h.set(Op::mov_from_pmc, step<mov_from_pmc>);
  h.set(Op::mov_to_pmd, step<mov_to_pmd>);
  h.set(Op::mov_from_pmd, step<mov_from_pmd>);
  h.set(Op::mov_from_cpuid, step<mov_from_cpuid>);
}

}  // namespace

Handler interruption_register_move(bool to, unsigned number) {
  static constexpr auto moves =
      plain_moves<interruption_registers, true, step<mov_to_cr>, step<mov_from_cr>>();
  const PlainRegister* r = find_plain(interruption_registers, number);
  return r ? moves[static_cast<std::size_t>(r - interruption_registers)].of(to) : nullptr;
}

void add_system(Handlers& h) {
  set_psr_and_registers(h);
  h.set(Op::alloc, step<alloc>);
  h.set(Op::flushrs, step<flushrs>);
  h.set(Op::loadrs, step<loadrs>);
  for (const Op op : {Op::fwb, Op::mf, Op::mf_a, Op::srlz_d, Op::srlz_i, Op::sync_i}) h.set(op, step<fence>);
  h.set(Op::fc, step<flush_cache>);
  h.set(Op::fc_i, step<flush_cache>);
  h.set(Op::invala, step<invala>);
  h.set(Op::invala_e, step<invala_e>);
  h.set(Op::invala_e_fp, step<invala_e_fp>);
}

}  // namespace xs::ia64
