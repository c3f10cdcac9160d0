// Between general and floating-point registers: formats M18, M19 (SDM vol. 3, setf, getf). A NaT becomes a
// NaTVal and the other way round.
#include "sim/cpu_ia64/exec/dispatch.h"
#include "sim/cpu_ia64/exec/operands.h"

namespace xs::ia64 {
namespace {

fp::Register from_single(u64 general) { return fp::from_single(static_cast<u32>(general)); }
u64 significand(fp::Register r) { return r.significand; }
u64 sign_exponent(fp::Register r) { return r.sign_exponent; }
u64 to_single(fp::Register r) { return fp::to_single(r); }

template <auto f>
void setf(Processor& p, const Slot& s) {
  write_fr(p, s.r1, is_nat(p, s.r2) ? fp::nat_value : f(p.r.gr[s.r2]));
}
template <auto f>
void getf(Processor& p, const Slot& s) {
  const fp::Register from = p.r.fr[s.r2];
  write_gr(p, s.r1, f(from), fp::is_nat(from));
}

}  // namespace

void add_float_moves(Handlers& h) {
  h.set(Op::setf_sig, step<setf<fp::integer>>);
  h.set(Op::setf_exp, step<setf<fp::from_exponent>>);
  h.set(Op::setf_s, step<setf<from_single>>);
  h.set(Op::setf_d, step<setf<fp::from_double>>);
  h.set(Op::getf_sig, step<getf<significand>>);
  h.set(Op::getf_exp, step<getf<sign_exponent>>);
  h.set(Op::getf_s, step<getf<to_single>>);
  h.set(Op::getf_d, step<getf<fp::to_double>>);
}

}  // namespace xs::ia64
