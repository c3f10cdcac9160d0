// Short cuts through Unicorn's inside: each program runs with and without them, to the same end, and the
// short cuts are taken.
#pragma once
#include <catch2/catch.hpp>
#include <functional>

#include "tests/unit/cpu_x86/machine.h"

namespace xs::test {

inline constexpr u64 handler = 0x110000, user_program = 0x210000, results = 0x600000;
inline constexpr u64 global = 0x100, present_rw = 3;

using Setup = std::function<void(Machine&)>;

inline u64& pte(Machine& m, u64 va) { return m.ram.word(Machine::page_table + 8 * (va >> 12)); }

struct Outcome {
  std::unique_ptr<Machine> machine;
  x86::CpuCounters counters;
  u64 result(unsigned i) const { return machine->ram.word(results + 8 * i); }
};

inline Outcome run(test::Code code, const Setup& setup, bool in_place) {
  x86::CpuConfig config;
  config.in_place = in_place;
  Outcome o{std::make_unique<Machine>(config), {}};
  setup(*o.machine);
  o.machine->run(code);
  o.counters = o.machine->core().counters();
  return o;
}

inline void check_same(const Outcome& a, const Outcome& b) {
  CHECK(a.machine->core().execution_hash() == b.machine->core().execution_hash());
  CHECK(a.counters.instructions == b.counters.instructions);
  CHECK(a.counters.cycles == b.counters.cycles);
  CHECK(a.counters.irets == b.counters.irets);
  CHECK(a.counters.single_steps == b.counters.single_steps);
  CHECK(a.counters.mmu.misses == b.counters.mmu.misses);
  CHECK(a.counters.mmu.upgrades == b.counters.mmu.upgrades);
  CHECK(a.counters.mmu.walk_reads == b.counters.mmu.walk_reads);
  CHECK(a.counters.mmu.ad_updates == b.counters.mmu.ad_updates);
  CHECK(a.machine->fills == b.machine->fills);
  REQUIRE(a.machine->traps.size() == b.machine->traps.size());
  for (std::size_t i = 0; i < a.machine->traps.size(); ++i) {
    CHECK(a.machine->traps[i].vector == b.machine->traps[i].vector);
    CHECK(a.machine->traps[i].pc == b.machine->traps[i].pc);
    CHECK(a.machine->traps[i].address == b.machine->traps[i].address);
  }
  CHECK(std::memcmp(a.machine->ram.at(0), b.machine->ram.at(0), 8 << 20) == 0);
}

/// What the program does with short cuts, compared with what it does without; `saved`: so many entries of the
/// engine at least.
inline Outcome both(
    test::Code code, u64 saved, const Setup& setup = [](Machine&) {}) {
  Outcome fast = run(code, setup, true);
  const Outcome slow = run(code, setup, false);
  check_same(fast, slow);
  if (saved) CHECK(fast.counters.engine_entries + saved <= slow.counters.engine_entries);
  return fast;
}

}  // namespace xs::test
