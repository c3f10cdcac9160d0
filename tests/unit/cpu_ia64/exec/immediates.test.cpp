// Immediates reach their handlers: whole instructions, fields where the manual's formats have them (SDM vol.
// 3, chapter 4), small operands that tell position from length and mask from mask.
#include <limits>

#include "tests/unit/cpu_ia64/exec/float_bench.h"

using namespace xs;
using namespace xs::ia64;
using namespace xs::ia64::test;

namespace {

struct Field {
  unsigned at;
  u64 value;
};
u64 encoded(Op op, std::initializer_list<Field> fields) {
  u64 bits = bits_for(row_of(op), {42, 40, 41}, 0);
  for (const Field& f : fields) bits |= f.value << f.at;
  return bits;
}

struct Case {
  const char* text;
  Op op;
  std::initializer_list<Field> fields;
  u64 result;  // of r40 = 0xfedcba9876543210, r41 = 0x0123456789abcdef
};
const Case cases[] = {
    {"extr.u r42=r41,8,20", Op::extr_u, {{14, 8}, {27, 19}}, 0x9abcd},
    {"extr r42=r41,8,20", Op::extr, {{14, 8}, {27, 19}}, 0xffff'ffff'fff9'abcd},
    {"dep.z r42=r40,8,20", Op::dep_z, {{20, 63 - 8}, {27, 19}}, 0x0432'1000},
    {"dep.z r42=-3,8,20", Op::dep_z_imm, {{20, 63 - 8}, {27, 19}, {13, 0x7d}, {36, 1}}, 0x0fff'fd00},
    {"dep r42=-1,r41,8,20", Op::dep_imm, {{14, 63 - 8}, {27, 19}, {36, 1}}, 0x0123'4567'8fff'ffef},
    {"dep r42=0,r41,8,20", Op::dep_imm, {{14, 63 - 8}, {27, 19}}, 0x0123'4567'8000'00ef},
    {"dep r42=r40,r41,8,12", Op::dep, {{31, 63 - 8}, {27, 11}}, 0x0123'4567'89a2'10ef},
    {"shrp r42=r40,r41,12", Op::shrp, {{27, 12}}, 0x2100'1234'5678'9abc},
    {"shladd r42=r40,3,r41", Op::shladd, {{27, 2}}, 0xf809'1a2b'3c4d'5e6f},
    {"adds r42=-2,r41", Op::add_imm, {{13, 0x7e}, {27, 0x3f}, {36, 1}}, 0x0123'4567'89ab'cded},
    {"pshr2.u r42=r41,4", Op::pshr2_u_imm, {{14, 4}}, 0x0012'0456'089a'0cde},
    {"pshl2 r42=r40,4", Op::pshl2_imm, {{20, 31 - 4}}, 0xedc0'a980'6540'2100},
    {"mux2 r42=r40,0x1b", Op::mux2, {{20, 0x1b}}, 0x3210'7654'ba98'fedc},
    {"pmpyshr2.u r42=r40,r41,16", Op::pmpyshr2_u, {{30, 3}}, 0x0121'3296'3fa1'2845},
};

}  // namespace

TEST_CASE("instructions with immediates, from their bits") {
  Bench bench;
  for (const Case& c : cases) {
    INFO(c.text);
    bench.set(40, 0xfedc'ba98'7654'3210);
    bench.set(41, 0x0123'4567'89ab'cdef);
    REQUIRE(bench.run_bits(row_of(c.op), encoded(c.op, c.fields)) == Next::leave);
    CHECK(bench.p.r.gr[42] == c.result);
  }
}

TEST_CASE("tests and compares with immediates, from their bits") {
  Bench bench;
  bench.set(41, 1 << 9);
  const auto predicates = [&](Op op, std::initializer_list<Field> fields) {
    u64 bits = bits_for(row_of(op), {7, 0, 41, 9}, 0);
    for (const Field& f : fields) bits |= f.value << f.at;
    bench.p.r.pr = 1;
    REQUIRE(bench.run_bits(row_of(op), bits) == Next::leave);
    return bench.p.r.pr;
  };
  constexpr u64 first = 1 | 1 << 7, second = 1 | 1 << 9;
  CHECK(predicates(Op::tbit_z, {{14, 9}}) == second);
  CHECK(predicates(Op::tbit_z, {{14, 8}}) == first);
  CHECK(predicates(Op::cmp_lt_imm, {{13, 0x7f}, {36, 1}}) == first);  // -1 < 512
  CHECK(predicates(Op::cmp_ltu_imm, {{13, 0x7f}, {36, 1}}) == second);
}

TEST_CASE("floating-point fields, from their bits") {
  FloatBench bench;
  // fsetc.sf2 0x0f,0x70
  const u64 fsetc = row_of(Op::fsetc).bits.value | u64{2} << 34 | u64{0x0f} << 13 | u64{0x70} << 20;
  REQUIRE(bench.run_bits(row_of(Op::fsetc), fsetc) == Next::leave);
  CHECK(fp::controls(bench.p.r.fpsr, 2) == ((fp::controls(fp::default_fpsr, 0) & 0x0f) | 0x70));
  // fcvt.fx.s3
  bench.operands(number(2.5), {});
  const u64 fcvt = bits_for(row_of(Op::fcvt_fx), places_of(row_of(Op::fcvt_fx)), 0) | u64{3} << 34;
  REQUIRE(bench.run_bits(row_of(Op::fcvt_fx), fcvt) == Next::leave);
  CHECK(bench.flags(3) == fp::exception::inexact);
  // fclass.m with @qnan alone: the upper seven bits of the mask stand at 20
  bench.operands(number(std::numeric_limits<double>::quiet_NaN()), {});
  const u64 fclass = bits_for(row_of(Op::fclass_m), places_of(row_of(Op::fclass_m)), 0) | u64{0x80 >> 2}
                                                                                              << 20;
  REQUIRE(bench.run_bits(row_of(Op::fclass_m), fclass) == Next::leave);
  CHECK(bench.predicate(p1));
  CHECK_FALSE(bench.predicate(p2));
}
