// Instructions on elements of a register. Permutations are held against the manual's pictures of them,
// written as the elements' names from left to right; arithmetic against sums of integers, element by element.
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/unit/cpu_ia64/exec/bench.h"

using namespace xs;
using namespace xs::ia64;
using namespace xs::ia64::test;

namespace {

using Elements = std::vector<long>;  // from right to left

Elements split(u64 x, unsigned bytes, bool is_signed) {
  Elements elements;
  const long size = 1L << 8 * bytes;
  for (unsigned i = 0; i < 8 / bytes; ++i) {
    long value = 0;
    for (unsigned b = bytes; b-- > 0;)
      value = value * 256 + static_cast<long>(x >> (8 * (i * bytes + b)) & 255);
    elements.push_back(is_signed && value >= size / 2 ? value - size : value);
  }
  return elements;
}
u64 join(const Elements& elements, unsigned bytes) {
  const long size = 1L << 8 * bytes;
  u64 x = 0;
  for (unsigned i = 0; i < elements.size(); ++i)
    x += static_cast<u64>(((elements[i] % size) + size) % size) << 8 * bytes * i;
  return x;
}
long within(long x, long low, long high) { return x < low ? low : x > high ? high : x; }

void check(Bench& bench, Numbers& numbers, Op op, u64 a, u64 b, u64 imm, u64 value) {
  const Row& row = row_of(op);
  INFO(row.text << std::hex << " r2=" << a << " r3=" << b << " imm=" << imm);
  const bool nat2 = numbers.one_in(4), nat3 = numbers.one_in(4);
  bench.forget_nats();
  bench.set(40, a, nat2);
  bench.set(41, b, nat3);
  const unsigned target = 40 + unsigned(numbers.below(3));
  REQUIRE(bench.run(slot_of(op, {target, 40, 41}, imm)) == Next::leave);
  REQUIRE(bench.p.r.gr[target] == value);
  const bool nat = (row.operand[1] == Operand::gr && nat2) || (row.operand[2] == Operand::gr && nat3);
  REQUIRE(bench.p.r.nat[target] == nat);
}

using Rule = std::function<long(long, long)>;
struct Arithmetic {
  Op op;
  unsigned bytes;
  bool signed2, signed3;
  Rule rule;
};
Rule limited(long sign, long low, long high) {  // r2 plus or minus r3
  return [=](long a, long b) { return within(a + sign * b, low, high); };
}
Rule plain(long sign) {
  return [=](long a, long b) { return a + sign * b; };
}
/// Half of a number, rounded down; odd whenever something was lost or it was odd already.
long averaged(long x) {
  const long half = (x - (x % 2 != 0 ? 1 : 0)) / 2;
  return x % 2 != 0 && half % 2 == 0 ? half + 1 : half;
}

const Rule average = [](long a, long b) { return averaged(a + b); };
const Rule average_up = [](long a, long b) { return (a + b) / 2 + (a + b) % 2; };
const Rule average_difference = [](long a, long b) { return averaged(a - b); };
const Rule equal = [](long a, long b) { return a == b ? -1L : 0L; };
const Rule above = [](long a, long b) { return a > b ? -1L : 0L; };
const Rule least = [](long a, long b) { return a < b ? a : b; };
const Rule most = [](long a, long b) { return a < b ? b : a; };

const std::vector<Arithmetic> arithmetic = {
    {Op::padd1, 1, false, false, plain(1)},
    {Op::padd2, 2, false, false, plain(1)},
    {Op::padd4, 4, false, false, plain(1)},
    {Op::padd1_sss, 1, true, true, limited(1, -128, 127)},
    {Op::padd2_sss, 2, true, true, limited(1, -32768, 32767)},
    {Op::padd1_uuu, 1, false, false, limited(1, 0, 255)},
    {Op::padd2_uuu, 2, false, false, limited(1, 0, 65535)},
    {Op::padd1_uus, 1, false, true, limited(1, 0, 255)},
    {Op::padd2_uus, 2, false, true, limited(1, 0, 65535)},
    {Op::psub1, 1, false, false, plain(-1)},
    {Op::psub2, 2, false, false, plain(-1)},
    {Op::psub4, 4, false, false, plain(-1)},
    {Op::psub1_sss, 1, true, true, limited(-1, -128, 127)},
    {Op::psub2_sss, 2, true, true, limited(-1, -32768, 32767)},
    {Op::psub1_uuu, 1, false, false, limited(-1, 0, 255)},
    {Op::psub2_uuu, 2, false, false, limited(-1, 0, 65535)},
    {Op::psub1_uus, 1, false, true, limited(-1, 0, 255)},
    {Op::psub2_uus, 2, false, true, limited(-1, 0, 65535)},
    {Op::pavg1, 1, false, false, average},
    {Op::pavg2, 2, false, false, average},
    {Op::pavg1_raz, 1, false, false, average_up},
    {Op::pavg2_raz, 2, false, false, average_up},
    {Op::pavgsub1, 1, false, false, average_difference},
    {Op::pavgsub2, 2, false, false, average_difference},
    {Op::pcmp1_eq, 1, true, true, equal},
    {Op::pcmp2_eq, 2, true, true, equal},
    {Op::pcmp4_eq, 4, true, true, equal},
    {Op::pcmp1_gt, 1, true, true, above},
    {Op::pcmp2_gt, 2, true, true, above},
    {Op::pcmp4_gt, 4, true, true, above},
    {Op::pmin1_u, 1, false, false, least},
    {Op::pmax1_u, 1, false, false, most},
    {Op::pmin2, 2, true, true, least},
    {Op::pmax2, 2, true, true, most},
};

/// "2: a3 b3 a1 b1": elements of 2 bytes, a of r2, b of r3, from left to right.
u64 drawn(const std::string& picture, u64 a, u64 b) {
  std::istringstream in(picture);
  unsigned bytes = 0;
  char name = 0;
  unsigned index = 0;
  in >> bytes >> name;
  const Elements from_a = split(a, bytes, false), from_b = split(b, bytes, false);
  Elements result;
  while (in >> name >> index)
    result.insert(result.begin(), name == 'a' ? from_a.at(index) : from_b.at(index));
  REQUIRE(result.size() == 8 / bytes);
  return join(result, bytes);
}
// SDM vol. 3, figures of mix, unpack, mux1.
const std::map<Op, std::string> pictures = {{Op::mix1_l, "1: a7 b7 a5 b5 a3 b3 a1 b1"},
                                            {Op::mix1_r, "1: a6 b6 a4 b4 a2 b2 a0 b0"},
                                            {Op::mix2_l, "2: a3 b3 a1 b1"},
                                            {Op::mix2_r, "2: a2 b2 a0 b0"},
                                            {Op::mix4_l, "4: a1 b1"},
                                            {Op::mix4_r, "4: a0 b0"},
                                            {Op::unpack1_h, "1: a7 b7 a6 b6 a5 b5 a4 b4"},
                                            {Op::unpack1_l, "1: a3 b3 a2 b2 a1 b1 a0 b0"},
                                            {Op::unpack2_h, "2: a3 b3 a2 b2"},
                                            {Op::unpack2_l, "2: a1 b1 a0 b0"},
                                            {Op::unpack4_h, "4: a1 b1"},
                                            {Op::unpack4_l, "4: a0 b0"},
                                            {Op::mux1_brcst, "1: a0 a0 a0 a0 a0 a0 a0 a0"},
                                            {Op::mux1_mix, "1: a7 a3 a5 a1 a6 a2 a4 a0"},
                                            {Op::mux1_shuf, "1: a7 a3 a6 a2 a5 a1 a4 a0"},
                                            {Op::mux1_alt, "1: a7 a5 a3 a1 a6 a4 a2 a0"},
                                            {Op::mux1_rev, "1: a0 a1 a2 a3 a4 a5 a6 a7"}};

long power_of_two(u64 count) {
  long result = 1;
  while (count-- > 0) result *= 2;
  return result;
}
/// x / 2^count, rounded down.
long shifted_right(long x, u64 count) {
  const long unit = power_of_two(std::min<u64>(count, 40));
  return x >= 0 ? x / unit : -((-x + unit - 1) / unit);
}

}  // namespace

TEST_CASE("parallel arithmetic") {
  Bench bench;
  Numbers numbers;
  for (const Arithmetic& c : arithmetic)
    for (unsigned n = 0; n < 1000; ++n) {
      const u64 a = numbers.next(), b = numbers.one_in(8) ? a : numbers.next();
      const Elements x = split(a, c.bytes, c.signed2), y = split(b, c.bytes, c.signed3);
      Elements result;
      for (unsigned i = 0; i < x.size(); ++i) result.push_back(c.rule(x[i], y[i]));
      check(bench, numbers, c.op, a, b, 0, join(result, c.bytes));
    }
}

TEST_CASE("mix, unpack and mux1 as drawn") {
  Bench bench;
  Numbers numbers;
  for (const auto& [op, picture] : pictures)
    for (unsigned n = 0; n < 300; ++n) {
      const u64 a = numbers.next(), b = numbers.next();
      check(bench, numbers, op, a, b, 0, drawn(picture, a, b));
    }
}

TEST_CASE("mux2: any four words") {
  Bench bench;
  Numbers numbers;
  for (unsigned selection = 0; selection < 256; ++selection) {
    const u64 a = numbers.next();
    std::string picture = "2:";
    for (unsigned at : {6u, 4u, 2u, 0u}) picture += " a" + std::to_string(selection >> at & 3);
    check(bench, numbers, Op::mux2, a, 0, selection, drawn(picture, a, 0));
  }
}

TEST_CASE("pack: r2 on the right, saturated") {
  struct Pack {
    Op op;
    unsigned bytes;
    long low, high;
  };
  Bench bench;
  Numbers numbers;
  for (const Pack& c : {Pack{Op::pack2_uss, 2, 0, 255}, Pack{Op::pack2_sss, 2, -128, 127},
                        Pack{Op::pack4_sss, 4, -32768, 32767}})
    for (unsigned n = 0; n < 1000; ++n) {
      const u64 a = numbers.next(), b = numbers.next();
      Elements result;
      for (u64 x : {a, b})
        for (long e : split(x, c.bytes, true)) result.push_back(within(e, c.low, c.high));
      check(bench, numbers, c.op, a, b, 0, join(result, c.bytes / 2));
    }
}

TEST_CASE("parallel shifts: counts beyond an element's width") {
  struct Shift {
    Op op, with_constant;
    unsigned bytes;
    bool left, is_signed;
  };
  Bench bench;
  Numbers numbers;
  for (const Shift& c : {Shift{Op::pshr2, Op::pshr2_imm, 2, false, true},
                         {Op::pshr4, Op::pshr4_imm, 4, false, true},
                         {Op::pshr2_u, Op::pshr2_u_imm, 2, false, false},
                         {Op::pshr4_u, Op::pshr4_u_imm, 4, false, false},
                         {Op::pshl2, Op::pshl2_imm, 2, true, false},
                         {Op::pshl4, Op::pshl4_imm, 4, true, false}})
    for (unsigned n = 0; n < 2000; ++n) {
      const u64 x = numbers.next(), count = numbers.one_in(4) ? numbers.next() : numbers.below(40);
      Elements result;
      for (long e : split(x, c.bytes, c.is_signed))
        result.push_back(!c.left ? shifted_right(e, count) : count > 31 ? 0 : e * power_of_two(count));
      const u64 value = join(result, c.bytes);
      check(bench, numbers, c.op, c.left ? x : count, c.left ? count : x, 0, value);
      if (count < 32) check(bench, numbers, c.with_constant, x, x, count, value);
    }
}

TEST_CASE("pshladd2 and pshradd2 saturate") {
  Bench bench;
  Numbers numbers;
  for (unsigned n = 0; n < 3000; ++n) {
    const u64 a = numbers.next(), b = numbers.next(), count = numbers.below(3) + 1;
    const Elements x = split(a, 2, true), y = split(b, 2, true);
    Elements left, right;
    for (unsigned i = 0; i < 4; ++i) {
      const long shifted = x[i] * power_of_two(count);
      const bool fits = shifted >= -32768 && shifted <= 32767;
      left.push_back(within(fits ? shifted + y[i] : shifted, -32768, 32767));
      right.push_back(within(shifted_right(x[i], count) + y[i], -32768, 32767));
    }
    check(bench, numbers, Op::pshladd2, a, b, count, join(left, 2));
    check(bench, numbers, Op::pshradd2, a, b, count, join(right, 2));
  }
}

TEST_CASE("parallel products and sums of differences") {
  Bench bench;
  Numbers numbers;
  for (unsigned n = 0; n < 3000; ++n) {
    const u64 a = numbers.next(), b = numbers.next();
    const Elements x = split(a, 2, true), y = split(b, 2, true), ux = split(a, 2, false),
                   uy = split(b, 2, false);
    check(bench, numbers, Op::pmpy2_r, a, b, 0, join({x[0] * y[0], x[2] * y[2]}, 4));
    check(bench, numbers, Op::pmpy2_l, a, b, 0, join({x[1] * y[1], x[3] * y[3]}, 4));
    for (u64 count : {0u, 7u, 15u, 16u}) {
      Elements products, unsigned_products;
      for (unsigned i = 0; i < 4; ++i) {
        products.push_back(shifted_right(x[i] * y[i], count));
        unsigned_products.push_back(shifted_right(ux[i] * uy[i], count));
      }
      check(bench, numbers, Op::pmpyshr2, a, b, count, join(products, 2));
      check(bench, numbers, Op::pmpyshr2_u, a, b, count, join(unsigned_products, 2));
    }
    const Elements p = split(a, 1, false), q = split(b, 1, false);
    u64 sum = 0;
    for (unsigned i = 0; i < 8; ++i) sum += static_cast<u64>(p[i] < q[i] ? q[i] - p[i] : p[i] - q[i]);
    check(bench, numbers, Op::psad1, a, b, 0, sum);
  }
}
