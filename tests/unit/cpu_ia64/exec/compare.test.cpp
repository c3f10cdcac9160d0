// cmp, cmp4, tbit, tnat: both targets, for every form, against the manual's table of forms and NaTs.
#include <bitset>
#include <limits>
#include <map>
#include <string>

#include "tests/unit/cpu_ia64/exec/bench.h"

using namespace xs;
using namespace xs::ia64;
using namespace xs::ia64::test;

namespace {

enum class Form { ordinary, unc, and_, or_, or_andcm };

/// p1 and p2 after a compare (SDM vol. 3, cmp: table of comparison types).
struct Targets {
  bool first, second;
  bool operator==(const Targets&) const = default;
};
Targets expected(Form form, bool qp, bool result, bool nat, Targets before) {
  const Targets neither{false, false};
  if (!qp) return form == Form::unc ? neither : before;
  switch (form) {
    case Form::ordinary:
    case Form::unc:
      return nat ? neither : result ? Targets{true, false} : Targets{false, true};
    case Form::and_:
      return nat || !result ? neither : before;
    case Form::or_:
      return result && !nat ? Targets{true, true} : before;
    default:
      return result && !nat ? Targets{true, false} : before;
  }
}

/// What an instruction's name says: "cmp4", "ne", or_andcm.
struct Name {
  std::string what, relation;
  Form form;
};
Name name_of(const Row& row) {
  const std::string text = row.text, name = text.substr(0, text.find(' '));
  const auto first = name.find('.'), second = name.find('.', first + 1);
  static const std::map<std::string, Form> forms = {{"", Form::ordinary},
                                                    {".unc", Form::unc},
                                                    {".and", Form::and_},
                                                    {".or", Form::or_},
                                                    {".or.andcm", Form::or_andcm}};
  const std::string form = second == std::string::npos ? "" : name.substr(second);
  return {name.substr(0, first), name.substr(first + 1, second - first - 1), forms.at(form)};
}
template <class Visit>
unsigned for_each_row(const std::string& what, Visit visit) {
  unsigned count = 0;
  for (unsigned table : {0u, 1u})
    for (const Row& row : rows_of_table(table)) {
      if (row.has(flag::not_itanium2) || std::string(row.text).rfind(what, 0) != 0) continue;
      INFO(row.text);
      visit(row, name_of(row));
      ++count;
    }
  return count;
}

/// Of sign-extended numbers.
bool related(const std::string& relation, i64 a, i64 b) {
  constexpr i64 sign = std::numeric_limits<i64>::min();
  if (relation == "eq") return (a ^ b) == 0;
  if (relation == "ne") return (a ^ b) != 0;
  if (relation == "lt") return a < b;
  if (relation == "le") return a <= b;
  if (relation == "gt") return a > b;
  if (relation == "ge") return a >= b;
  REQUIRE(relation == "ltu");  // that of the numbers with their sign bits inverted
  return (a ^ sign) < (b ^ sign);
}

struct Predicates {
  unsigned p1, p2, qp;
};
Predicates pick(Numbers& numbers) {
  Predicates n{};
  do n = {unsigned(numbers.below(64)), unsigned(numbers.below(64)), unsigned(numbers.below(64))};
  while (n.p1 == n.p2);
  return n;
}
/// All predicates as they must be: targets changed, p0 still 1, the others untouched.
u64 with_targets(u64 before, Predicates n, Targets t) {
  u64 after = 0;
  for (unsigned i = 0; i < 64; ++i) {
    const bool bit = i == 0 ? true : i == n.p1 ? t.first : i == n.p2 ? t.second : (before >> i & 1) != 0;
    after |= u64{bit} << i;
  }
  return after;
}

/// Runs one compare with random predicates; `result` and `nat` are what the test saw.
void check(Bench& bench, Numbers& numbers, Op op, Form form, unsigned r2, unsigned r3, u64 imm, bool result,
           bool nat) {
  const Predicates n = pick(numbers);
  const u64 before = numbers.next() | 1;
  bench.p.r.pr = before;
  const Targets old{(before >> n.p1 & 1) != 0, (before >> n.p2 & 1) != 0};
  const bool qp = (before >> n.qp & 1) != 0;
  const Slot slot = slot_of(op, {n.p1, r2, r3, n.p2}, imm, 0, 0, n.qp);
  REQUIRE(bench.run(slot) == Next::leave);
  REQUIRE(bench.p.r.pr == with_targets(before, n, expected(form, qp, result, nat, old)));
}

i64 sign_extended(u64 x, bool four_bytes) {
  return four_bytes ? static_cast<i32>(static_cast<u32>(x)) : static_cast<i64>(x);
}

}  // namespace

TEST_CASE("cmp and cmp4") {
  Bench bench;
  Numbers numbers;
  const unsigned rows = for_each_row("cmp", [&](const Row& row, const Name& name) {
    const bool four_bytes = name.what == "cmp4";
    const bool constant = row.imm[0] != nullptr, registers = row.operand[1] == Operand::gr;
    for (unsigned i = 0; i < 1000; ++i) {
      u64 a = registers ? numbers.next() : constant ? numbers.below(256) - 128 : 0, b = numbers.next();
      if (numbers.one_in(3)) b = a ^ (numbers.one_in(2) ? numbers.below(4) << 32 : 0);
      const bool nat_a = registers && numbers.one_in(4), nat_b = numbers.one_in(4);
      bench.forget_nats();
      bench.p.any_nat = numbers.one_in(2);
      bench.set(40, a, nat_a);
      bench.set(41, b, nat_b);
      const bool result = related(name.relation, sign_extended(a, four_bytes), sign_extended(b, four_bytes));
      check(bench, numbers, row.op, name.form, 40, 41, constant ? a : 0, result, nat_a || nat_b);
    }
  });
  CHECK(rows == 24 + 24 + 24);  // formats A6, A7, A8
}

TEST_CASE("tbit") {
  Bench bench;
  Numbers numbers;
  const unsigned rows = for_each_row("tbit", [&](const Row& row, const Name& name) {
    for (unsigned i = 0; i < 1000; ++i) {
      const u64 x = numbers.next(), position = i % 64;
      const bool nat = numbers.one_in(3);
      bench.forget_nats();
      bench.set(41, x, nat);
      const bool bit = std::bitset<64>(x).test(position);
      check(bench, numbers, row.op, name.form, 0, 41, position, bit == (name.relation == "nz"), nat);
    }
  });
  CHECK(rows == 8);
}

TEST_CASE("tnat tests the NaT bit, and is no victim of it") {
  Bench bench;
  Numbers numbers;
  const unsigned rows = for_each_row("tnat", [&](const Row& row, const Name& name) {
    for (unsigned i = 0; i < 300; ++i) {
      const bool nat = numbers.one_in(2);
      bench.forget_nats();
      bench.p.any_nat = numbers.one_in(2);
      bench.set(41, numbers.next(), nat);
      check(bench, numbers, row.op, name.form, 0, 41, 0, nat == (name.relation == "nz"), false);
    }
  });
  CHECK(rows == 8);
}
