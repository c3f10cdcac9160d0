// Slots as ia64-linux-gnu-as (binutils 2.40) assembles the text beside them.
#include <catch2/catch.hpp>

#include "sim/cpu_ia64/isa/decode.h"
#include "sim/cpu_ia64/isa/disassemble.h"

using namespace xs;
using namespace xs::ia64;

namespace {

struct Case {
  const char* text;  ///< with branch targets counted from address 0x100000
  Unit unit;
  u64 slot;
  const char* format;
  Op op;
  u8 qp;
  std::array<u8, 4> r;
  std::array<i64, 3> imm;
  u64 l_slot = 0;
};

constexpr Unit m = Unit::m, i = Unit::i, f = Unit::f, b = Unit::b, x = Unit::x;
constexpr Case cases[] = {
    {"(p06) add r14=r15,r16", m, 0x1000101e386, "A1", Op::add, 6, {14, 15, 16, 0}, {}},
    {"adds r1=-8192,r127", m, 0x11807f00040, "A4", Op::add_imm, 0, {1, 0, 127, 0}, {-8192}},
    {"addl r12=-2097152,r3", m, 0x13000300300, "A5", Op::add_imm, 0, {12, 0, 3, 0}, {-2097152}},
    {"addl r2=2097151,r1", i, 0x12fffdfe080, "A5", Op::add_imm, 0, {2, 0, 1, 0}, {2097151}},
    {"sub r8=-1,r9", m, 0x111289fe200, "A3", Op::sub_imm, 0, {8, 0, 9, 0}, {-1}},
    {"shladd r5=r6,4,r7", i, 0x1009870c140, "A2", Op::shladd, 0, {5, 6, 7, 0}, {4}},
    {"(p09) cmp4.le.or.andcm p6,p63=r0,r20",
     m,
     0x1d5f9401189,
     "A7",
     Op::cmp4_le_or_andcm,
     9,
     {6, 0, 20, 63},
     {}},
    {"cmp.ltu.unc p8,p9=-128,r33", m, 0x1b84a101200, "A8", Op::cmp_ltu_unc_imm, 0, {8, 0, 33, 9}, {-128}},
    {"(p01) extr.u r4=r5,7,12", i, 0x0a45851c101, "I11", Op::extr_u, 1, {4, 0, 5, 0}, {7, 12}},
    {"dep.z r4=r5,7,12", i, 0x0a65b80a100, "I12", Op::dep_z, 0, {4, 5, 0, 0}, {7, 12}},
    {"dep.z r4=-128,63,1", i, 0x0b604000100, "I13", Op::dep_z_imm, 0, {4, 0, 0, 0}, {63, 1, -128}},
    {"dep r4=-1,r5,40,20", i, 0x0be9855c100, "I14", Op::dep_imm, 0, {4, 0, 5, 0}, {40, 20, -1}},
    {"dep r4=r5,r6,60,3", i, 0x0819060a100, "I15", Op::dep, 0, {4, 5, 6, 0}, {60, 3}},
    {"shrp r4=r5,r6,63", i, 0x0adf860a100, "I10", Op::shrp, 0, {4, 5, 6, 0}, {63}},
    {"pmpyshr2.u r4=r5,r6,15", i, 0x0e29060a100, "I1", Op::pmpyshr2_u, 0, {4, 5, 6, 0}, {15}},
    {"pshl2 r4=r5,15", i, 0x0ee5100a100, "I8", Op::pshl2_imm, 0, {4, 5, 0, 0}, {15}},
    {"tbit.nz.and p3,p4=r5,33", i, 0x0b0205850c0, "I16", Op::tbit_nz_and, 0, {3, 0, 5, 4}, {33}},
    {"mov pr=r7,0xfffffffffffffffe", i, 0x016ff00ffc0, "I23", Op::mov_to_pr, 0, {0, 7, 0, 0}, {-2}},
    {"mov pr.rot=0xffffffffffff0000", i, 0x015ffffffc0, "I24", Op::mov_to_pr_rotating, 0, {}, {-65536}},
    {"mov.i ar.lc=-5", i, 0x010541f6000, "I27", Op::mov_to_ar_i_imm, 0, {0, 0, 65, 0}, {-5}},
    {"mov b6=r20", i, 0x00e03128180, "I21", Op::mov_to_br, 0, {6, 20, 0, 0}, {0x30}},
    {"(p05) ld8.c.clr.acq r33=[r34],-256",
     m,
     0x0bac2200845,
     "M3",
     Op::ld8_c_clr_acq,
     5,
     {33, 0, 34, 0},
     {-256}},
    {"ld4.s.nta r10=[r11],r12", m, 0x091b0b18280, "M2", Op::ld4_s, 0, {10, 12, 11, 0}, {}},
    {"st8.spill [r13]=r14,255", m, 0x0aec8d1dfc0, "M5", Op::st8_spill, 0, {0, 14, 13, 0}, {255}},
    {"ldfpd f6,f7=[r8],16", m, 0x0d0c880e180, "M12", Op::ldfpd, 0, {6, 7, 8, 0}, {16}},
    {"stfe [r9]=f10,-256", m, 0x0fc00914000, "M10", Op::stfe, 0, {0, 10, 9, 0}, {-256}},
    {"cmpxchg8.rel r5=[r6],r7,ar.ccv", m, 0x081c860e140, "M16", Op::cmpxchg8_rel, 0, {5, 7, 6, 0}, {}},
    {"fetchadd8.acq r5=[r6],-16", m, 0x084c8608140, "M17", Op::fetchadd8_acq, 0, {5, 0, 6, 0}, {-16}},
    {"alloc r35=ar.pfs,32,16,16", m, 0x02c110408c0, "M34", Op::alloc, 0, {35, 0, 0, 0}, {32, 16, 16}},
    {"mov cr.itir=r9", m, 0x02161512000, "M32", Op::mov_to_cr, 0, {0, 9, 21, 0}, {}},
    {"mov.m r8=ar.bspstore", m, 0x02111200200, "M31", Op::mov_from_ar_m, 0, {8, 0, 18, 0}, {}},
    {"rsm 0x804006", m, 0x01038100180, "M44", Op::rsm, 0, {}, {0x804006}},
    {"probe.w.fault r5,3", m, 0x02198506000, "M40", Op::probe_w_fault, 0, {0, 0, 5, 0}, {3}},
    {"ptc.ga r32,r33", m, 0x0205a042000, "M45", Op::ptc_ga, 0, {0, 33, 32, 0}, {}},
    {"chk.a.clr f9,0xffef0", m, 0x01ffffde240, "M23", Op::chk_a_clr_fp, 0, {9, 0, 0, 0}, {-0x110}},
    {"lfetch.fault.excl [r5],64", m, 0x0ebc0580000, "M15", Op::lfetch_fault, 0, {0, 0, 5, 0}, {64}},
    {"(p07) fma.d.s2 f8=f9,f10,f11", f, 0x12850916207, "F1", Op::fma_d, 7, {8, 11, 9, 10}, {2}},
    {"fcmp.unord.unc.s3 p6,p7=f8,f9", f, 0x09e38911180, "F4", Op::fcmp_unord_unc, 0, {6, 8, 9, 7}, {3}},
    {"fclass.m p6,p7=f8,0x155", f, 0x0a23d510180, "F5", Op::fclass_m, 0, {6, 8, 0, 7}, {0x155}},
    {"frcpa.s1 f8,p6=f9,f10", f, 0x00630a12200, "F6", Op::frcpa, 0, {8, 9, 10, 6}, {1}},
    {"fsetc.s3 0x15,0x6a", f, 0x00c26a2a000, "F12", Op::fsetc, 0, {}, {3, 0x15, 0x6a}},
    {"fchkf.s1 0xfffc0", f, 0x01443ffff00, "F14", Op::fchkf, 0, {}, {-0x40, 1}},
    {"xma.hu f8=f9,f10,f11", f, 0x1d850916200, "F2", Op::xma_hu, 0, {8, 11, 9, 10}, {}},
    {"(p06) br.cond.dptk.many 0x100120", b, 0x08400025006, "B1", Op::br_cond, 6, {}, {0x120}},
    {"br.call.sptk.few b6=0xffffffffff100000",
     b,
     0x0b000000180,
     "B3",
     Op::br_call,
     0,
     {6, 0, 0, 0},
     {-0x1000000}},
    {"br.ret.sptk.many b0", b, 0x00108001100, "B4", Op::br_ret, 0, {}, {}},
    {"br.ctop.sptk.few 0xfffe0", b, 0x091ffffc1c0, "B2", Op::br_ctop, 0, {}, {-0x20}},
    {"bsw.1", b, 0x00068000000, "B8", Op::bsw_1, 0, {}, {}},
    {"break.b 0x1fffff", b, 0x01003ffffc0, "B9", Op::break_, 0, {}, {0x1fffff}},
    {"movl r9=0x8123456789abcdef",
     x,
     0x0dcdaede240,
     "X2",
     Op::movl,
     0,
     {9, 0, 0, 0},
     {static_cast<i64>(0x8123456789abcdef)},
     0x0048d159e26},
    {"brl.call.sptk.few b7=0xfffffc00000ffff0",
     x,
     0x1b1ffffe1c0,
     "X4",
     Op::br_call,
     0,
     {7, 0, 0, 0},
     {-0x40000000010},
     0x1ffffeffffc},
    {"break.x 0x3fffffffffffffff",
     x,
     0x01003ffffc0,
     "X1",
     Op::break_,
     0,
     {},
     {0x3fffffffffffffff},
     0x1ffffffffff},
};

}  // namespace

TEST_CASE("assembled instructions are decoded") {
  for (const Case& c : cases) {
    INFO(c.text);
    const Decoded d = decode(c.unit, c.slot, c.l_slot);
    REQUIRE(d.row != nullptr);
    CHECK(std::string(d.row->format) == c.format);
    CHECK(d.op == c.op);
    CHECK(d.reserved == Reserved::no);
    CHECK(unsigned{d.qp} == unsigned{c.qp});
    CHECK(std::array<unsigned, 4>{d.r1, d.r2, d.r3, d.r4} ==
          std::array<unsigned, 4>{c.r[0], c.r[1], c.r[2], c.r[3]});
    for (unsigned n = 0; n < 3; ++n) CHECK(static_cast<i64>(d.imm[n]) == c.imm[n]);
    CHECK(disassemble(c.unit, c.slot, 0x100000, c.l_slot) == c.text);
  }
}

TEST_CASE("what has no predicate is decoded with p0") {
  CHECK(decode(Unit::b, 0x091ffffc1c0 | 17).qp == 0);  // br.ctop
  CHECK(decode(Unit::b, 0x00040000000 | 17).qp == 0);  // rfi
}

TEST_CASE("alloc and br.ia look at their predicate: it must be 0") {
  for (const auto& [unit, bits] : {std::pair{Unit::m, 0x02c110408c0}, std::pair{Unit::b, 0x00100000040}}) {
    CHECK(decode(unit, static_cast<u64>(bits) | 17).qp == 17);
    CHECK(decode(unit, static_cast<u64>(bits)).row->has(flag::predicate_zero));
  }
}

TEST_CASE("reserved encodings are of three kinds") {
  const auto kind = [](Unit unit, u64 opcode, u64 x6) {
    return decode(unit, opcode << 37 | x6 << 27).reserved;
  };
  CHECK(kind(Unit::b, 0, 0x01) == Reserved::ignored);
  CHECK(kind(Unit::b, 0, 0x03) == Reserved::illegal_if_predicated);
  CHECK(kind(Unit::b, 0, 0x1f) == Reserved::illegal_if_predicated);
  CHECK(kind(Unit::b, 0, 0x22) == Reserved::illegal);
  CHECK(kind(Unit::b, 2, 0x02) == Reserved::ignored);
  CHECK(kind(Unit::b, 3, 0) == Reserved::ignored);
  CHECK(kind(Unit::b, 6, 0) == Reserved::ignored);
  CHECK(decode(Unit::b, u64{4} << 37 | 1 << 6).reserved == Reserved::illegal);  // btype 1
  CHECK(decode(Unit::b, u64{0x20} << 27 | 2 << 6).reserved == Reserved::illegal);
  for (u64 opcode = 8; opcode < 16; ++opcode) CHECK(kind(Unit::b, opcode, 0) == Reserved::illegal);
  CHECK(kind(Unit::m, 2, 0) == Reserved::illegal_if_predicated);
  CHECK(kind(Unit::i, 1, 0) == Reserved::illegal_if_predicated);
  CHECK(kind(Unit::f, 15, 0) == Reserved::illegal_if_predicated);
  CHECK(kind(Unit::x, 8, 0) == Reserved::illegal_if_predicated);
  CHECK(decode(Unit::i, 0x0ee5100a100 ^ u64{1} << 32).reserved == Reserved::illegal_if_predicated);  // ve = 1
}

TEST_CASE("another processor's instructions have a text but are reserved") {
  const u64 clz = 0x0e6d0600140;  // clz r5=r6
  CHECK(disassemble(Unit::i, clz, 0) == "clz r5=r6");
  const Decoded d = decode(Unit::i, clz | 9);
  CHECK(d.row == nullptr);
  CHECK(d.op == Op::none);
  CHECK(d.reserved == Reserved::illegal_if_predicated);
  CHECK(d.qp == 9);
}

TEST_CASE("the long instruction stands in slot 1; slot 2 of its bundle and reserved templates are illegal") {
  const Bundle mlx = Bundle::make(5, 0x00008000000, 0x0048d159e26, 0x0dcdaede240);
  CHECK(decode(mlx, 0).op == Op::nop);
  CHECK(decode(mlx, 1).op == Op::movl);
  CHECK(decode(mlx, 1).imm[0] == 0x8123456789abcdef);
  CHECK(unsigned{decode(mlx, 1).slot} == 1);
  CHECK(decode(mlx, 1).stop);
  CHECK_FALSE(decode(mlx, 0).stop);
  CHECK(decode(mlx, 2).reserved == Reserved::illegal);
  const Bundle reserved = Bundle::make(6, 0x00008000000, 0x00008000000, 0x00008000000);
  for (unsigned n = 0; n < 3; ++n) CHECK(decode(reserved, n).reserved == Reserved::illegal);
}
