// ALU, shifts, bit fields, extension and counts, bit by bit.
#include <bitset>
#include <functional>
#include <map>

#include "tests/unit/cpu_ia64/exec/bench.h"

using namespace xs;
using namespace xs::ia64;
using namespace xs::ia64::test;

namespace {

__extension__ using i128 = __int128;
using Bits = const std::bitset<64>;  // const: [] is a bit, not a reference to one

/// Bit i of the result is `bit(i)`.
u64 each_bit(const std::function<bool(unsigned)>& bit) {
  std::bitset<64> bits;
  for (unsigned i = 0; i < 64; ++i) bits[i] = bit(i);
  return bits.to_ullong();
}

struct Sources {
  u64 r2, r3, imm;
  unsigned x = 0;
  i64 y = 0;
};
using Rule = std::function<u64(const Sources&)>;

/// Runs the instruction on r40, r41 into r42 (now and then into a source) and asks for value and NaT.
void check(Bench& bench, Numbers& numbers, Op op, const Sources& from, u64 value) {
  const Row& row = row_of(op);
  INFO(row.text << std::hex << " r2=" << from.r2 << " r3=" << from.r3 << " imm=" << from.imm
                << " x=" << from.x << " y=" << from.y);
  const bool reads_r2 = row.operand[1] == Operand::gr;
  const bool reads_r3 = row.operand[2] == Operand::gr;
  const bool nat2 = numbers.one_in(4), nat3 = numbers.one_in(4);
  bench.forget_nats();
  bench.p.any_nat = numbers.one_in(2);
  bench.set(40, from.r2, nat2);
  bench.set(41, from.r3, nat3);
  bench.p.r.nat[42] = bench.p.any_nat && numbers.one_in(2);
  const unsigned target = 40 + unsigned(numbers.below(3));
  REQUIRE(bench.run(slot_of(op, {target, 40, 41}, from.imm, u8(from.x), u16(from.y))) == Next::leave);
  REQUIRE(bench.p.r.gr[target] == value);
  REQUIRE(bench.p.r.nat[target] == ((reads_r2 && nat2) || (reads_r3 && nat3)));
}

void check_all(const std::map<Op, Rule>& rules, const std::function<Sources(Numbers&)>& make) {
  Bench bench;
  Numbers numbers;
  for (const auto& [op, rule] : rules)
    for (unsigned i = 0; i < 2000; ++i) {
      const Sources from = make(numbers);
      check(bench, numbers, op, from, rule(from));
    }
}

Sources two_numbers(Numbers& n) { return {n.next(), n.next(), n.one_in(2) ? n.next() : n.below(4) + 1}; }
Sources with_count(Numbers& n) { return {n.next(), n.next(), n.below(64)}; }
Sources with_field(Numbers& n) {
  return {n.next(), n.next(), n.below(64), unsigned(n.below(64)) + 1, i64(n.below(256)) - 128};
}

/// Bits 63:61 of a pointer of 32 bits come from bits 31:30, and bit 61 counts from 61 (SDM vol. 3, addp4).
u64 pointer(u64 sum, u64 r3) {
  return each_bit([&](unsigned i) {
    return i < 32 ? Bits(sum)[i] : i == 61 ? Bits(r3)[30] : i == 62 ? Bits(r3)[31] : false;
  });
}
u64 shifted_left(u64 x, u64 count) {
  return each_bit([&](unsigned i) { return i >= count && Bits(x)[i - unsigned(count)]; });
}
u64 shifted_right(u64 x, u64 count, bool fill) {
  return each_bit([&](unsigned i) { return count < 64 - i ? Bits(x)[i + unsigned(count)] : fill; });
}
bool in_field(const Sources& s, unsigned i) { return i >= s.imm && i < s.imm + s.x; }
u64 extended(u64 x, unsigned bits, bool is_signed) {
  return each_bit([&](unsigned i) { return i < bits ? Bits(x)[i] : is_signed && Bits(x)[bits - 1]; });
}
/// Elements that are not zero in front of the first one that is.
u64 czx(u64 x, unsigned bytes, bool from_left) {
  const unsigned count = 8 / bytes;
  for (unsigned i = 0; i < count; ++i) {
    const unsigned at = (from_left ? count - 1 - i : i) * bytes;
    bool zero = true;
    for (unsigned b = at; b < at + bytes; ++b) zero = zero && (x >> 8 * b) % 256 == 0;
    if (zero) return i;
  }
  return count;
}

}  // namespace

TEST_CASE("integer ALU") {
  const auto low = [](i128 x) { return static_cast<u64>(x); };
  const auto bitwise = [](u64 a, u64 b, bool (*f)(bool, bool)) {
    return each_bit([&](unsigned i) { return f(Bits(a)[i], Bits(b)[i]); });
  };
  const auto conjunction = [](bool a, bool b) { return a && b; };
  const auto complement = [](bool a, bool b) { return a && !b; };
  const auto disjunction = [](bool a, bool b) { return a || b; };
  const auto exclusive = [](bool a, bool b) { return a != b; };
  check_all({{Op::add, [=](const Sources& s) { return low(i128(s.r2) + s.r3); }},
             {Op::add_plus1, [=](const Sources& s) { return low(i128(s.r2) + s.r3 + 1); }},
             {Op::sub, [=](const Sources& s) { return low(i128(s.r2) - i128(s.r3)); }},
             {Op::sub_minus1, [=](const Sources& s) { return low(i128(s.r2) - i128(s.r3) - 1); }},
             {Op::add_imm, [=](const Sources& s) { return low(i128(s.imm) + s.r3); }},
             {Op::sub_imm, [=](const Sources& s) { return low(i128(s.imm) - i128(s.r3)); }},
             {Op::and_, [=](const Sources& s) { return bitwise(s.r2, s.r3, conjunction); }},
             {Op::andcm, [=](const Sources& s) { return bitwise(s.r2, s.r3, complement); }},
             {Op::or_, [=](const Sources& s) { return bitwise(s.r2, s.r3, disjunction); }},
             {Op::xor_, [=](const Sources& s) { return bitwise(s.r2, s.r3, exclusive); }},
             {Op::and_imm, [=](const Sources& s) { return bitwise(s.imm, s.r3, conjunction); }},
             {Op::andcm_imm, [=](const Sources& s) { return bitwise(s.imm, s.r3, complement); }},
             {Op::or_imm, [=](const Sources& s) { return bitwise(s.imm, s.r3, disjunction); }},
             {Op::xor_imm, [=](const Sources& s) { return bitwise(s.imm, s.r3, exclusive); }},
             {Op::addp4, [=](const Sources& s) { return pointer(low(i128(s.r2) + s.r3), s.r3); }},
             {Op::addp4_imm, [=](const Sources& s) { return pointer(low(i128(s.imm) + s.r3), s.r3); }}},
            two_numbers);
  const auto scaled = [](const Sources& s) { return static_cast<u64>((i128(s.r2) << s.imm) + s.r3); };
  check_all(
      {{Op::shladd, scaled}, {Op::shladdp4, [=](const Sources& s) { return pointer(scaled(s), s.r3); }}},
      [](Numbers& n) {
        return Sources{n.next(), n.next(), n.below(4) + 1};
      });
}

TEST_CASE("movl is valid whatever its target was") {
  Bench bench;
  bench.set(42, 1, true);
  Slot slot{.run = handlers().get(Op::movl, Handlers::none), .imm = 0x0123'4567'89ab'cdef, .r1 = 42};
  REQUIRE(bench.run(slot) == Next::leave);
  CHECK(bench.p.r.gr[42] == 0x0123'4567'89ab'cdef);
  CHECK(bench.p.r.nat[42] == 0);
}

TEST_CASE("shifts by a register: counts are 64-bit numbers") {
  check_all({{Op::shl, [](const Sources& s) { return shifted_left(s.r2, s.r3); }},
             {Op::shr_u, [](const Sources& s) { return shifted_right(s.r3, s.r2, false); }},
             {Op::shr, [](const Sources& s) { return shifted_right(s.r3, s.r2, s.r3 >> 63 != 0); }}},
            [](Numbers& n) {
              const bool small = n.one_in(2);
              return Sources{small ? n.below(70) : n.next(), small ? n.below(70) : n.next(), 0};
            });
  // One operand is a count, the other is not: both kinds of values for both.
  check_all({{Op::shl, [](const Sources& s) { return shifted_left(s.r2, s.r3); }}}, [](Numbers& n) {
    return Sources{n.next(), n.below(70), 0};
  });
  check_all({{Op::shr_u, [](const Sources& s) { return shifted_right(s.r3, s.r2, false); }},
             {Op::shr, [](const Sources& s) { return shifted_right(s.r3, s.r2, s.r3 >> 63 != 0); }}},
            [](Numbers& n) {
              return Sources{n.below(70), n.next(), 0};
            });
}

TEST_CASE("shrp takes 64 bits out of 128") {
  check_all({{Op::shrp,
              [](const Sources& s) {
                return each_bit([&](unsigned i) {
                  const unsigned from = i + unsigned(s.imm);
                  return from < 64 ? Bits(s.r3)[from] : Bits(s.r2)[from - 64];
                });
              }}},
            with_count);
}

TEST_CASE("extr and dep: fields that reach beyond bit 63 end there") {
  const auto top = [](const Sources& s) { return std::min<u64>(s.imm + s.x, 64) - 1; };
  const auto deposited = [](const Sources& s, u64 from, u64 into) {
    return each_bit(
        [&](unsigned i) { return in_field(s, i) ? Bits(from)[i - unsigned(s.imm)] : Bits(into)[i]; });
  };
  check_all({{Op::extr_u,
              [](const Sources& s) {
                return each_bit(
                    [&](unsigned i) { return i < s.x && i + s.imm < 64 && Bits(s.r3)[i + unsigned(s.imm)]; });
              }},
             {Op::extr,
              [=](const Sources& s) {
                return each_bit([&](unsigned i) { return Bits(s.r3)[std::min<u64>(i + s.imm, top(s))]; });
              }},
             {Op::dep_z, [=](const Sources& s) { return deposited(s, s.r2, 0); }},
             {Op::dep_z_imm, [=](const Sources& s) { return deposited(s, static_cast<u64>(s.y), 0); }},
             {Op::dep, [=](const Sources& s) { return deposited(s, s.r2, s.r3); }}},
            with_field);
  check_all({{Op::dep_imm, [=](const Sources& s) { return deposited(s, static_cast<u64>(s.y), s.r3); }}},
            [](Numbers& n) {
              Sources s = with_field(n);
              s.y = n.one_in(2) ? -1 : 0;
              return s;
            });
}

TEST_CASE("extension, population count, zero search") {
  std::map<Op, Rule> rules = {{Op::zxt1, [](const Sources& s) { return extended(s.r3, 8, false); }},
                              {Op::zxt2, [](const Sources& s) { return extended(s.r3, 16, false); }},
                              {Op::zxt4, [](const Sources& s) { return extended(s.r3, 32, false); }},
                              {Op::sxt1, [](const Sources& s) { return extended(s.r3, 8, true); }},
                              {Op::sxt2, [](const Sources& s) { return extended(s.r3, 16, true); }},
                              {Op::sxt4, [](const Sources& s) { return extended(s.r3, 32, true); }},
                              {Op::popcnt, [](const Sources& s) { return Bits(s.r3).count(); }},
                              {Op::czx1_l, [](const Sources& s) { return czx(s.r3, 1, true); }},
                              {Op::czx1_r, [](const Sources& s) { return czx(s.r3, 1, false); }},
                              {Op::czx2_l, [](const Sources& s) { return czx(s.r3, 2, true); }},
                              {Op::czx2_r, [](const Sources& s) { return czx(s.r3, 2, false); }}};
  check_all(rules, two_numbers);
}
