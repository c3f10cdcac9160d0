// One instruction at a time: registers in, the handler that decoding would pick, registers out.
#pragma once
#include <catch2/catch.hpp>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>

#include "sim/cpu_ia64/exec/translate.h"
#include "sim/cpu_ia64/isa/tables.h"
#include "tests/support/flat_memory.h"

namespace xs::ia64::test {

struct NoBus final : CoreBus {
  bool transport(bool, u64, u8*, unsigned, u64&) override { return false; }
  std::string refused_call(u64 call) const override { return std::to_string(call); }
  void wake() override { ++wakes; }
  unsigned wakes = 0;
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

/// The 41 bits, immediates 0.
inline u64 bits_for(const Row& row, Places places, unsigned qp) {
  const unsigned numbers[] = {places.r1, places.r2, places.r3, places.r4};
  constexpr unsigned at[] = {6, 13, 20, 27};
  u64 bits = row.bits.value | qp;
  for (unsigned n = 0; n < 4; ++n)
    bits |= (numbers[n] & ((u64{1} << operand_bits(row.operand[n])) - 1)) << at[n];
  return bits;
}

/// The slot that decoding makes: `qp` is where an unconditional instruction finds it.
inline Slot slot_of(Op op, Places places, u64 imm = 0, u8 x = 0, u16 y = 0, unsigned qp = 0) {
  const Row& row = row_of(op);
  const Unit unit = row.in(Unit::i) ? Unit::i : row.in(Unit::m) ? Unit::m : Unit::f;
  const Decoded d = decode(unit, bits_for(row, places, qp));
  REQUIRE(d.op == op);
  const bool always = row.has(flag::unconditional);
  Slot slot{.run = handlers().get(op, Handlers::none),
            .imm = imm,
            .r1 = d.r1,
            .r2 = d.r2,
            .r3 = d.r3,
            .r4 = d.r4,
            .qp = always ? u8{0} : d.qp,
            .x = always ? d.qp : x,
            .y = y};
  handlers().prepare(op, slot);
  return slot;
}

struct Bench {
  Next run(const Slot& slot) {
    const Slot end{.run = [](Processor&, const Slot*) { return Next::leave; }};
    const Slot slots[] = {guard(slot.qp), slot, end};
    REQUIRE(slot.run != nullptr);
    return go_on(p, slots);
  }
  /// The instruction alone, through decoding: in a bundle of units M, F, I.
  Next run_bits(const Row& row, u64 bits, u64 mode = 0) {
    const unsigned slot = row.in(Unit::i) ? 2 : row.in(Unit::f) ? 1 : 0;
    const Bundle bundle =
        Bundle::make(0x0c, slot == 0 ? bits : 0, slot == 1 ? bits : 0, slot == 2 ? bits : 0);
    u8 bytes[bundle_size];
    std::memcpy(bytes, &bundle, sizeof bytes);
    Block block;
    translate(block, {.mode = mode | psr::bn, .code = bytes, .bundles = 1, .first_slot = slot, .most = 1});
    block.slots.back().run = [](Processor&, const Slot*) { return Next::leave; };
    p.block = &block;
    return go_on(p, block.slots.data());
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
