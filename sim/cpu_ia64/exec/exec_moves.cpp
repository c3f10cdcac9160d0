// Moves between register files: branch registers, predicates, IP, application registers: formats I21 to I28,
// M29 to M31 (SDM vol. 3).
#include "sim/cpu_ia64/exec/operands.h"

namespace xs::ia64 {
namespace {

bool to_br(Processor& p, const Slot& s) {
  if (is_nat(p, s.r2)) return p.nat_consumption(0);
  p.r.br[s.r1] = p.r.gr[s.r2];
  return true;
}

/// The usual case of it.
Next to_br_plain(Processor& p, const Slot* s) {
  if (p.any_nat) [[unlikely]]
    return step<to_br>(p, s);
  p.r.br[s->r1] = p.r.gr[s->r2];
  return go_on(p, s + 1);
}

void from_br(Processor& p, const Slot& s) { write_gr(p, s.r1, p.r.br[s.r2]); }

/// Only the static predicates and, by one bit for all, the rotating ones of the mask.
bool to_pr(Processor& p, const Slot& s) {
  if (is_nat(p, s.r2)) return p.nat_consumption(0);
  p.set_physical_predicates((p.physical_predicates() & ~s.imm) | (p.r.gr[s.r2] & s.imm));
  return true;
}

void to_pr_rotating(Processor& p, const Slot& s) {
  p.set_physical_predicates((p.physical_predicates() & 0xffff) | (s.imm & ~u64{0xffff}));
}

void from_pr(Processor& p, const Slot& s) { write_gr(p, s.r1, p.physical_predicates()); }

void from_ip(Processor& p, const Slot& s) { write_gr(p, s.r1, bundle_of(p, &s)); }

/// Registers below 64 belong to the M unit, the others to the I unit.
constexpr unsigned first_of_i = 64;

/// What comes after may depend on the run loop having looked: the timer, a breakpoint.
bool write(Processor& p, unsigned number, u64 value) {
  if (!p.write_application(number, value)) return false;
  if (number == ar::itc) p.call_attention();
  return true;
}

template <bool i_unit>
bool to_ar(Processor& p, const Slot& s) {
  if ((s.r3 >= first_of_i) != i_unit) return p.general_exception(isr::illegal_operation);
  if (is_nat(p, s.r2)) return p.nat_consumption(0);
  return write(p, s.r3, p.r.gr[s.r2]);
}

template <bool i_unit>
bool to_ar_imm(Processor& p, const Slot& s) {
  if ((s.r3 >= first_of_i) != i_unit) return p.general_exception(isr::illegal_operation);
  return write(p, s.r3, s.imm);
}

/// Reading ITC in the middle of a block: what lies behind has been paid for, and has not happened yet.
template <bool i_unit>
bool from_ar(Processor& p, const Slot& s) {
  if ((s.r3 >= first_of_i) != i_unit) return p.general_exception(isr::illegal_operation);
  u64 value = 0;
  if (!p.read_application(s.r3, value)) return false;
  if (s.r3 == ar::itc) value -= s.behind;
  write_gr(p, s.r1, value);
  return true;
}

}  // namespace

Handler application_register_move(bool to, bool i_unit, unsigned number) {
  static constexpr auto of_i =
      plain_moves<application_registers, false, step<to_ar<true>>, step<from_ar<true>>>();
  static constexpr auto of_m =
      plain_moves<application_registers, false, step<to_ar<false>>, step<from_ar<false>>>();
  const PlainRegister* r = find_plain(application_registers, number);
  if (!r || (number >= first_of_i) != i_unit) return nullptr;
  return (i_unit ? of_i : of_m)[static_cast<std::size_t>(r - application_registers)].of(to);
}

void add_moves(Handlers& h) {
  h.set(Op::mov_to_br, to_br_plain);
  h.set(Op::mov_from_br, step<from_br>);
  h.set(Op::mov_to_pr, step<to_pr>);
  h.set(Op::mov_to_pr_rotating, step<to_pr_rotating>);
  h.set(Op::mov_from_pr, step<from_pr>);
  h.set(Op::mov_from_ip, step<from_ip>);
  h.set(Op::mov_to_ar_i, step<to_ar<true>>);
  h.set(Op::mov_to_ar_m, step<to_ar<false>>);
  h.set(Op::mov_to_ar_i_imm, step<to_ar_imm<true>>);
  h.set(Op::mov_to_ar_m_imm, step<to_ar_imm<false>>);
  h.set(Op::mov_from_ar_i, step<from_ar<true>>);
  h.set(Op::mov_from_ar_m, step<from_ar<false>>);
}

}  // namespace xs::ia64
