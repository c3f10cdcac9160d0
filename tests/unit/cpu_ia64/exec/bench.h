// One instruction at a time: registers in, the handler that decoding would pick, registers out.
#pragma once
#include <catch2/catch.hpp>
#include <random>
#include <stdexcept>
#include <string>

#include "sim/cpu_ia64/exec/translate.h"
#include "sim/cpu_ia64/isa/tables.h"
#include "tests/support/flat_memory.h"

namespace xs::ia64::test {

struct NoBus final : CoreBus {
  bool transport(bool, u64, u8*, unsigned, u64&) override { return false; }
  std::string no_code_at(u64) const override { return {}; }
  void purge_elsewhere(u32, u64, unsigned) override {}
  void watch_code(u64) override {}
  bool code_watched(u64) const override { return false; }
  void code_written(u64) override {}
};

inline const Row& row_of(Op op) {
  for (unsigned table = 0; table < table_count; ++table)
    for (const Row& row : rows_of_table(table))
      if (row.op == op) return row;
  throw std::logic_error("no row");
}

/// Numbers for the places r1 to r4 of a row; those that it does not have are ignored.
struct Places {
  unsigned r1 = 0, r2 = 0, r3 = 0, r4 = 0;
};

/// The slot that decoding makes: `qp` is where an unconditional instruction finds it.
inline Slot slot_of(Op op, Places places, u64 imm = 0, u8 x = 0, u16 y = 0, unsigned qp = 0) {
  const Row& row = row_of(op);
  const unsigned numbers[] = {places.r1, places.r2, places.r3, places.r4};
  constexpr unsigned at[] = {6, 13, 20, 27};
  u64 bits = row.bits.value | qp;
  for (unsigned n = 0; n < 4; ++n)
    bits |= (numbers[n] & ((u64{1} << operand_bits(row.operand[n])) - 1)) << at[n];
  constexpr Unit units[] = {Unit::i, Unit::m, Unit::f};
  const Unit unit = row.in(Unit::i) ? units[0] : row.in(Unit::m) ? units[1] : units[2];
  const Decoded d = decode(unit, bits);
  REQUIRE(d.op == op);
  const bool always = row.has(flag::unconditional);
  return {.run = handlers().get(op, Handlers::none),
          .imm = imm,
          .r1 = d.r1,
          .r2 = d.r2,
          .r3 = d.r3,
          .r4 = d.r4,
          .qp = always ? u8{0} : d.qp,
          .x = always ? d.qp : x,
          .y = y};
}

struct Bench {
  Next run(const Slot& slot) {
    const Slot end{.run = [](Processor&, const Slot*) { return Next::leave; }};
    const Slot slots[] = {slot, end};
    REQUIRE(slot.run != nullptr);
    return go_on(p, slots);
  }
  void set(unsigned reg, u64 value, bool nat = false) {
    p.r.gr[reg] = value;
    p.r.nat[reg] = nat;
    p.any_nat |= nat;
  }
  void forget_nats() {
    p.r.nat.fill(0);
    p.any_nat = false;
  }

  xs::test::FlatMemory memory{4096};
  NoBus bus;
  SapicBus sapics;
  Processor p{ProcessorConfig{}, memory, bus, sapics};
};

/// Random, with a liking for limits: of the whole register and of its elements.
class Numbers {
 public:
  u64 next() {
    switch (random_() % 4) {
      case 0:
        return random_();
      case 1:
        return edges[random_() % std::size(edges)];
      case 2:
        return random_() >> random_() % 64;
      default: {
        u64 value = 0;
        for (unsigned i = 0; i < 8; ++i) value = value << 8 | bytes[random_() % std::size(bytes)];
        return value;
      }
    }
  }
  u64 below(u64 limit) { return random_() % limit; }
  bool one_in(unsigned n) { return random_() % n == 0; }

 private:
  static constexpr u64 edges[] = {
      0,          1,          ~u64{0},    u64{1} << 63, ~u64{0} >> 1, u64{1} << 32,
      0xffffffff, 0x80000000, 0x7fffffff, 63,           64,           65};
  static constexpr u8 bytes[] = {0, 1, 2, 0x7e, 0x7f, 0x80, 0x81, 0xfe, 0xff};
  std::mt19937_64 random_{64};
};

}  // namespace xs::ia64::test
