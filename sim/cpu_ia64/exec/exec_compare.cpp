// Compares and tests of a bit or a NaT bit: formats A6 to A8, I16, I17 (SDM vol. 3, cmp, cmp4, tbit, tnat).
//
//     ordinary    p1 = test, p2 = !test          both are cleared for a NaT
//     .unc        the same, both cleared first    even when PR[qp] is 0
//     .and        both cleared unless test        both are cleared for a NaT
//     .or         both set if test                nothing for a NaT
//     .or.andcm   p1 set, p2 cleared if test      nothing for a NaT
#include "sim/cpu_ia64/exec/dispatch.h"
#include "sim/cpu_ia64/exec/operands.h"

namespace xs::ia64 {
namespace {

bool lt(u64 a, u64 b) { return static_cast<i64>(a) < static_cast<i64>(b); }
bool ltu(u64 a, u64 b) { return a < b; }
bool eq(u64 a, u64 b) { return a == b; }
bool ne(u64 a, u64 b) { return a != b; }
bool gt(u64 a, u64 b) { return lt(b, a); }
bool le(u64 a, u64 b) { return !lt(b, a); }
bool ge(u64 a, u64 b) { return !lt(a, b); }
bool lt4(u64 a, u64 b) { return static_cast<i32>(a) < static_cast<i32>(b); }
bool ltu4(u64 a, u64 b) { return static_cast<u32>(a) < static_cast<u32>(b); }
bool eq4(u64 a, u64 b) { return static_cast<u32>(a) == static_cast<u32>(b); }
bool ne4(u64 a, u64 b) { return !eq4(a, b); }
bool gt4(u64 a, u64 b) { return lt4(b, a); }
bool le4(u64 a, u64 b) { return !lt4(b, a); }
bool ge4(u64 a, u64 b) { return !lt4(a, b); }
bool bit_clear(u64 position, u64 x) { return (x >> position & 1) == 0; }
bool bit_set(u64 position, u64 x) { return (x >> position & 1) != 0; }
bool valid(bool nat) { return !nat; }
bool invalid(bool nat) { return nat; }

// What is tested. Formats that compare with zero name r0 as r2.

template <auto f>
struct Registers {
  static bool holds(const Processor& p, const Slot& s) { return f(p.r.gr[s.r2], p.r.gr[s.r3]); }
  static bool nat(const Processor& p, const Slot& s) { return (p.r.nat[s.r2] | p.r.nat[s.r3]) != 0; }
};
template <auto f>
struct Constant {
  static bool holds(const Processor& p, const Slot& s) { return f(s.imm, p.r.gr[s.r3]); }
  static bool nat(const Processor& p, const Slot& s) { return p.r.nat[s.r3] != 0; }
};
template <auto f>
struct NatBit {
  static bool holds(const Processor& p, const Slot& s) { return f(is_nat(p, s.r3)); }
  static bool nat(const Processor&, const Slot&) { return false; }
};

template <class Test>
bool nat_in(const Processor& p, const Slot& s) {
  return p.any_nat && Test::nat(p, s);
}

[[gnu::cold, gnu::noinline]] Next to_neither(Processor& p, const Slot* s) {
  clear_prs(p, *s);
  return go_on(p, s + 1);
}
/// The hottest semantics there are.
template <class Test>
Next ordinary(Processor& p, const Slot* s) {
  if (nat_in<Test>(p, *s)) [[unlikely]]
    return to_neither(p, s);
  write_prs(p, *s, Test::holds(p, *s));
  return go_on(p, s + 1);
}
template <class Test>
Next unconditional(Processor& p, const Slot* s) {
  if (!predicated_on(p, *s)) return to_neither(p, s);
  return ordinary<Test>(p, s);
}
template <class Test>
[[gnu::always_inline]] inline void and_form(Processor& p, const Slot& s) {
  if (nat_in<Test>(p, s) || !Test::holds(p, s)) clear_prs(p, s);
}
template <class Test>
[[gnu::always_inline]] inline void or_form(Processor& p, const Slot& s) {
  if (!nat_in<Test>(p, s) && Test::holds(p, s)) p.r.pr |= u64{1} << s.r1 | u64{1} << s.r4;
}
template <class Test>
[[gnu::always_inline]] inline void or_andcm_form(Processor& p, const Slot& s) {
  if (!nat_in<Test>(p, s) && Test::holds(p, s)) write_prs(p, s, true);
}

template <class Test>
void plain(Handlers& h, Op op, Op unc) {
  h.set(op, ordinary<Test>);
  h.set(unc, unconditional<Test>);
}
template <class Test>
void parallel(Handlers& h, Op and_op, Op or_op, Op or_andcm_op) {
  h.set(and_op, step<and_form<Test>>);
  h.set(or_op, step<or_form<Test>>);
  h.set(or_andcm_op, step<or_andcm_form<Test>>);
}

void add_cmp(Handlers& h) {
  plain<Registers<lt>>(h, Op::cmp_lt, Op::cmp_lt_unc);
  plain<Registers<ltu>>(h, Op::cmp_ltu, Op::cmp_ltu_unc);
  plain<Registers<eq>>(h, Op::cmp_eq, Op::cmp_eq_unc);
  parallel<Registers<eq>>(h, Op::cmp_eq_and, Op::cmp_eq_or, Op::cmp_eq_or_andcm);
  parallel<Registers<ne>>(h, Op::cmp_ne_and, Op::cmp_ne_or, Op::cmp_ne_or_andcm);
  parallel<Registers<gt>>(h, Op::cmp_gt_and, Op::cmp_gt_or, Op::cmp_gt_or_andcm);
  parallel<Registers<le>>(h, Op::cmp_le_and, Op::cmp_le_or, Op::cmp_le_or_andcm);
  parallel<Registers<ge>>(h, Op::cmp_ge_and, Op::cmp_ge_or, Op::cmp_ge_or_andcm);
  parallel<Registers<lt>>(h, Op::cmp_lt_and, Op::cmp_lt_or, Op::cmp_lt_or_andcm);
  plain<Constant<lt>>(h, Op::cmp_lt_imm, Op::cmp_lt_unc_imm);
  plain<Constant<ltu>>(h, Op::cmp_ltu_imm, Op::cmp_ltu_unc_imm);
  plain<Constant<eq>>(h, Op::cmp_eq_imm, Op::cmp_eq_unc_imm);
  parallel<Constant<eq>>(h, Op::cmp_eq_and_imm, Op::cmp_eq_or_imm, Op::cmp_eq_or_andcm_imm);
  parallel<Constant<ne>>(h, Op::cmp_ne_and_imm, Op::cmp_ne_or_imm, Op::cmp_ne_or_andcm_imm);
}

void add_cmp4(Handlers& h) {
  plain<Registers<lt4>>(h, Op::cmp4_lt, Op::cmp4_lt_unc);
  plain<Registers<ltu4>>(h, Op::cmp4_ltu, Op::cmp4_ltu_unc);
  plain<Registers<eq4>>(h, Op::cmp4_eq, Op::cmp4_eq_unc);
  parallel<Registers<eq4>>(h, Op::cmp4_eq_and, Op::cmp4_eq_or, Op::cmp4_eq_or_andcm);
  parallel<Registers<ne4>>(h, Op::cmp4_ne_and, Op::cmp4_ne_or, Op::cmp4_ne_or_andcm);
  parallel<Registers<gt4>>(h, Op::cmp4_gt_and, Op::cmp4_gt_or, Op::cmp4_gt_or_andcm);
  parallel<Registers<le4>>(h, Op::cmp4_le_and, Op::cmp4_le_or, Op::cmp4_le_or_andcm);
  parallel<Registers<ge4>>(h, Op::cmp4_ge_and, Op::cmp4_ge_or, Op::cmp4_ge_or_andcm);
  parallel<Registers<lt4>>(h, Op::cmp4_lt_and, Op::cmp4_lt_or, Op::cmp4_lt_or_andcm);
  plain<Constant<lt4>>(h, Op::cmp4_lt_imm, Op::cmp4_lt_unc_imm);
  plain<Constant<ltu4>>(h, Op::cmp4_ltu_imm, Op::cmp4_ltu_unc_imm);
  plain<Constant<eq4>>(h, Op::cmp4_eq_imm, Op::cmp4_eq_unc_imm);
  parallel<Constant<eq4>>(h, Op::cmp4_eq_and_imm, Op::cmp4_eq_or_imm, Op::cmp4_eq_or_andcm_imm);
  parallel<Constant<ne4>>(h, Op::cmp4_ne_and_imm, Op::cmp4_ne_or_imm, Op::cmp4_ne_or_andcm_imm);
}

void add_tests(Handlers& h) {
  plain<Constant<bit_clear>>(h, Op::tbit_z, Op::tbit_z_unc);
  parallel<Constant<bit_clear>>(h, Op::tbit_z_and, Op::tbit_z_or, Op::tbit_z_or_andcm);
  parallel<Constant<bit_set>>(h, Op::tbit_nz_and, Op::tbit_nz_or, Op::tbit_nz_or_andcm);
  plain<NatBit<valid>>(h, Op::tnat_z, Op::tnat_z_unc);
  parallel<NatBit<valid>>(h, Op::tnat_z_and, Op::tnat_z_or, Op::tnat_z_or_andcm);
  parallel<NatBit<invalid>>(h, Op::tnat_nz_and, Op::tnat_nz_or, Op::tnat_nz_or_andcm);
}

}  // namespace

void add_compare(Handlers& h) {
  add_cmp(h);
  add_cmp4(h);
  add_tests(h);
}

}  // namespace xs::ia64
