// What must hold of the tables as such. That no two rows overlap is checked by the compiler (decode_index.h).
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>

#include "sim/cpu_ia64/isa/decode.h"
#include "sim/cpu_ia64/isa/tables.h"

using namespace xs;
using namespace xs::ia64;

namespace {

template <typename Visit>
void for_each_row(Visit visit) {
  for (unsigned t = 0; t < table_count; ++t)
    for (const Row& row : rows_of_table(t)) {
      INFO(row.format << " " << row.text);
      visit(row);
    }
}

/// Bits that the operands and immediates of a row occupy, qp included.
u64 operand_mask(const Row& row) {
  constexpr unsigned at[] = {6, 13, 20, 27};
  u64 mask = 63;
  for (unsigned n = 0; n < 4; ++n) mask |= ((u64{1} << operand_bits(row.operand[n])) - 1) << at[n];
  for (const Immediate* immediate : row.imm)
    if (immediate != nullptr)
      for (const Piece& p : immediate->pieces)
        if (p.at < 64) mask |= ((u64{1} << p.width) - 1) << p.at;
  return mask;
}

}  // namespace

TEST_CASE("every format of the manual has rows, and no other has") {
  // Formats and their number: SDM volume 3, 4.2 to 4.7.
  const std::map<char, unsigned> last = {{'A', 10}, {'I', 30}, {'M', 48}, {'F', 16}, {'B', 9}, {'X', 5}};
  std::set<std::string> present, expected;
  for_each_row([&](const Row& row) { present.insert(row.format); });
  for (const auto& [letter, count] : last)
    for (unsigned n = 1; n <= count; ++n) expected.insert(letter + std::to_string(n));
  CHECK(present == expected);
}

TEST_CASE("a row fixes no bit that it also reads, and its value lies within its mask") {
  for_each_row([](const Row& row) {
    CHECK((row.bits.value & ~row.bits.mask) == 0);
    CHECK((row.bits.mask & ~slot_mask) == 0);
    CHECK((row.bits.mask >> 37) == 15);
    CHECK((row.bits.mask & operand_mask(row)) == 0);
  });
}

TEST_CASE("the decoder finds each row whatever its open bits are") {
  for_each_row([](const Row& row) {
    for (unsigned unit = 0; unit < unit_count; ++unit) {
      if (!row.in(static_cast<Unit>(unit))) continue;
      for (const u64 open : {u64{0}, ~u64{0}, u64{0x5555555555555555}, u64{0xaaaaaaaaaaaaaaaa}}) {
        const u64 slot = (open & ~row.bits.mask & slot_mask) | row.bits.value;
        const Row* found = find(static_cast<Unit>(unit), slot);
        REQUIRE(found != nullptr);
        CHECK(std::string(found->text) == row.text);
      }
    }
  });
}

TEST_CASE("flags agree with operands and immediates") {
  for_each_row([](const Row& row) {
    const bool steps = row.has(flag::step_register | flag::step_immediate);
    CHECK(steps == (row.operand[2] == Operand::gr_inout));
    if (row.has(flag::step_register)) CHECK(row.operand[1] == Operand::gr);
    if (row.has(flag::step_immediate)) CHECK(row.imm[0] != nullptr);
    if (row.has(flag::targets_differ))
      CHECK((row.operand[0] == Operand::pr_out && row.operand[3] == Operand::pr_out));
    if (row.has(flag::unconditional)) CHECK(row.operand[3] == Operand::pr_out);
    CHECK(row.has(flag::in_l_slot) == (row.format[0] == 'X'));
    // A post-increment load of general registers must not write its base twice.
    const bool general_load = row.has(flag::load) && row.operand[0] == Operand::gr_out;
    CHECK(row.has(flag::base_differs) == (general_load && steps));
    CHECK(row.has(flag::banks_differ) == (row.operand[1] == Operand::fr_out));
  });
}

TEST_CASE("every operation has an encoding") {
  std::set<Op> used;
  for_each_row([&](const Row& row) { used.insert(row.op); });
  CHECK(used.count(Op::none) == 0);
  CHECK(used.size() == op_count - 1);
}

TEST_CASE("an alias stands for rows of its format") {
  for (const Alias& alias : aliases()) {
    INFO(alias.format << " " << alias.text);
    bool found = false;
    for_each_row([&](const Row& row) {
      if (std::string(row.format) != alias.format || (row.bits.mask & ~alias.bits.mask) != 0) return;
      found |= (alias.bits.value & row.bits.mask) == row.bits.value;
    });
    CHECK(found);
  }
}
