// Integer ALU: formats A1 to A5, and movl (SDM vol. 3). A result has a NaT bit when an operand has one.
#include "sim/cpu_ia64/exec/dispatch.h"
#include "sim/cpu_ia64/exec/operands.h"

namespace xs::ia64 {
namespace {

u64 add(u64 a, u64 b) { return a + b; }
u64 add_plus1(u64 a, u64 b) { return a + b + 1; }
u64 sub(u64 a, u64 b) { return a - b; }
u64 sub_minus1(u64 a, u64 b) { return a - b - 1; }
u64 and_(u64 a, u64 b) { return a & b; }
u64 andcm(u64 a, u64 b) { return a & ~b; }
u64 or_(u64 a, u64 b) { return a | b; }
u64 xor_(u64 a, u64 b) { return a ^ b; }
/// Into the 32-bit address space of a region: bits 62:61 are those of r3's bits 31:30.
u64 to_pointer(u64 sum, u64 r3) { return (sum & 0xffffffff) | (r3 & 0xc0000000) << 31; }
u64 addp4(u64 a, u64 b) { return to_pointer(a + b, b); }
u64 shladd(u64 a, u64 b, u64 count) { return (a << count) + b; }
u64 shladdp4(u64 a, u64 b, u64 count) { return to_pointer((a << count) + b, b); }

}  // namespace

void add_alu(Handlers& h) {
  h.set(Op::add, two<add>, if_predicated<two<add>>);
  h.set(Op::add_plus1, two<add_plus1>);
  h.set(Op::sub, two<sub>);
  h.set(Op::sub_minus1, two<sub_minus1>);
  h.set(Op::and_, two<and_>);
  h.set(Op::andcm, two<andcm>);
  h.set(Op::or_, two<or_>);
  h.set(Op::xor_, two<xor_>);
  h.set(Op::addp4, two<addp4>);
  h.set(Op::shladd, two_imm<shladd>);
  h.set(Op::shladdp4, two_imm<shladdp4>);
  h.set(Op::add_imm, imm_one<add>, if_predicated<imm_one<add>>);
  h.set(Op::addp4_imm, imm_one<addp4>);
  h.set(Op::sub_imm, imm_one<sub>);
  h.set(Op::and_imm, imm_one<and_>);
  h.set(Op::andcm_imm, imm_one<andcm>);
  h.set(Op::or_imm, imm_one<or_>);
  h.set(Op::xor_imm, imm_one<xor_>);
  h.set(Op::movl, step<[](Processor& p, const Slot& s) { write_gr(p, s.r1, s.imm); }>);
}

}  // namespace xs::ia64
