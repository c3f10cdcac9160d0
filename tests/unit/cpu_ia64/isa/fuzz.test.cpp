// Any bits can be decoded and printed.
#include <catch2/catch.hpp>
#include <random>

#include "sim/cpu_ia64/isa/decode.h"
#include "sim/cpu_ia64/isa/disassemble.h"

using namespace xs;
using namespace xs::ia64;

namespace {

void check_slot(const Bundle& bundle, unsigned n) {
  const Decoded d = decode(bundle, n);
  REQUIRE((d.row == nullptr) == (d.reserved != Reserved::no));
  REQUIRE(d.qp < 64);
  if (d.row == nullptr) return;
  const bool is_long = bundle.layout().long_immediate() && n == 1;
  REQUIRE(d.row->bits.matches(bundle.slot(is_long ? 2 : n)));
  REQUIRE(d.op == d.row->op);
  const u8 fields[] = {d.r1, d.r2, d.r3, d.r4};
  for (unsigned k = 0; k < 4; ++k) REQUIRE(fields[k] >> operand_bits(d.row->operand[k]) == 0);
}

}  // namespace

TEST_CASE("random bundles are decoded and printed") {
  std::mt19937_64 random(20030115);
  u64 decoded = 0;
  for (unsigned n = 0; n < 40000; ++n) {
    const Bundle bundle{random(), random()};
    for (unsigned s = 0; s < 3; ++s) {
      check_slot(bundle, s);
      decoded += decode(bundle, s).row != nullptr;
    }
    const std::vector<std::string> lines = disassemble_lines(bundle, random());
    REQUIRE(lines.size() == (bundle.layout().long_immediate() ? 2 : 3));
    for (const std::string& line : lines) {
      REQUIRE(line.size() > 12);
      REQUIRE(line.find('%') == std::string::npos);  // no token is left over
    }
  }
  CHECK(decoded > 10000);
}

TEST_CASE("every field of every major opcode can be printed") {
  // One bit, or all bits but one, over each unit and major opcode: what dense random bits hardly reach.
  for (unsigned unit = 0; unit < unit_count; ++unit) {
    if (static_cast<Unit>(unit) == Unit::l) continue;
    for (u64 opcode = 0; opcode < 16; ++opcode)
      for (unsigned bit = 0; bit < 37; ++bit)
        for (const u64 open : {u64{1} << bit, ~(u64{1} << bit)}) {
          const u64 slot = (open & (slot_mask >> 4)) | opcode << 37;
          const std::string text = disassemble(static_cast<Unit>(unit), slot, 0, ~u64{0} & slot_mask);
          REQUIRE_FALSE(text.empty());
          REQUIRE(text.find('%') == std::string::npos);
        }
  }
}
