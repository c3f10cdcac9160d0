// A halted core executes nothing and time passes, until an interrupt that TPR lets through is pending. And
// code in ROM, which nobody writes.
#include "tests/unit/cpu_ia64/core/bench.h"
#include "tests/unit/cpu_ia64/core/encode.h"

using namespace xs;
using namespace xs::ia64;
using namespace xs::ia64::test;

namespace {

constexpr u64 code = 0x10000, handlers = 0x20000, uncached = u64{1} << 63;
constexpr u8 vector = 0x40;

/// st8 [r9] = r10 at `code`, r9 the halt register, r8 counts from then on.
struct Sleeper : Bench {
  Sleeper() {
    core.reset(code);
    put(code, Bundle::make(mib, store(9, 10), nop, nop));
    put(code + 16, Bundle::make(mii, nop, set(8, 1), nop));
    put(code + 32, Bundle::make(mib, nop, nop, branch_to_itself));
    put(handlers + 0x3000, Bundle::make(mib, nop, nop, branch_to_itself));
    r().gr[9] = uncached | interrupt_block | block_halt;
    r().iva = handlers;
  }
  void send() { sapics.send({.vector = vector}); }
};

}  // namespace

TEST_CASE("a halted core lets time pass, and counts it as idle") {
  Sleeper b;
  b.core.run(1000);
  CHECK(b.core.halted());
  CHECK(b.core.cycles() == 1000);
  const u64 instructions = b.core.instructions();
  CHECK(instructions <= 3);
  b.core.run(100000);
  CHECK(b.core.instructions() == instructions);
  CHECK(b.core.counters().idle_cycles >= 99000);
  CHECK(b.r().gr[8] == 0);
}

TEST_CASE("a message ends a halt whether PSR.i is set or not") {
  const bool on = GENERATE(false, true);
  Sleeper b;
  b.core.processor().set_psr(psr::bn | psr::ic | (on ? psr::i : 0));
  b.core.run(1000);
  REQUIRE(b.core.halted());
  b.send();
  CHECK_FALSE(b.core.halted());
  CHECK(b.bus.wakes == 1);
  b.core.run(2000);
  CHECK(b.core.counters().external_interrupts == (on ? 1 : 0));
  CHECK(b.r().gr[8] == (on ? 0 : 1));
  CHECK((b.core.processor().sapic.irr(1) & 1) == 1);
}

TEST_CASE("what TPR holds back does not end a halt") {
  Sleeper b;
  b.core.processor().sapic.write_tpr(0x40);
  b.core.run(1000);
  b.send();
  CHECK(b.core.halted());
  CHECK(b.bus.wakes == 0);
  b.sapics.send({.vector = 0x50});
  CHECK_FALSE(b.core.halted());
}

TEST_CASE("with an interrupt pending there is no halt") {
  Sleeper b;
  b.send();
  b.core.run(100);
  CHECK_FALSE(b.core.halted());
  CHECK(b.r().gr[8] == 1);
  CHECK(b.core.counters().idle_cycles == 0);
}

TEST_CASE("the timer ends a halt at its cycle, however the time is cut into slices") {
  const u64 slice = GENERATE(1, 37, 100000);
  Sleeper b;
  b.r().itm = 5000;
  b.core.processor().write_control(1, 5000);
  b.core.processor().sapic.write_vector_register(0, vector);
  CHECK_FALSE(b.core.timer_off());
  while (b.core.cycles() < 5000 && (b.core.halted() || b.core.cycles() < 50))
    b.core.run(b.core.cycles() + slice);
  CHECK_FALSE(b.core.halted());
  b.core.run(6000);
  CHECK(b.r().gr[8] == 1);
  CHECK(b.core.counters().idle_cycles > 4900);
  CHECK(b.core.counters().idle_cycles < 5000);
  CHECK(b.core.timer_off());
}

TEST_CASE("firmware's refusal ends the run with the name of what was called") {
  Sleeper b;
  b.r().gr[9] = uncached | interrupt_block | block_refused;
  b.r().gr[10] = 26;
  b.core.run(1000);
  CHECK(b.core.stopped());
  CHECK(b.core.stop_reason() == "the program calls firmware that this machine does not have: 26");
  CHECK(b.r().gr[8] == 0);
}

TEST_CASE("code in ROM runs, its data can be loaded, and a store there is nobody's") {
  constexpr u64 rom = 0xff000000;
  Bench b;
  const Bundle first = Bundle::make(mii, load(11, 9), set(8, 5), nop),
               second = Bundle::make(mib, store(9, 10), nop, nop),
               last = Bundle::make(mib, nop, nop, branch_to_itself);
  std::memcpy(&b.ram.rom_bytes[0], &first, 16);
  std::memcpy(&b.ram.rom_bytes[16], &second, 16);
  std::memcpy(&b.ram.rom_bytes[32], &last, 16);
  const auto before = b.ram.rom_bytes;
  const u64 log = b.bus.log;
  b.core.reset(rom);
  b.r().gr[9] = rom + 32;
  b.r().gr[10] = ~u64{0};
  b.core.run(500);
  u64 word = 0;
  std::memcpy(&word, &before[32], 8);
  CHECK(b.r().gr[8] == 5);
  CHECK(b.r().gr[11] == word);
  CHECK(b.ram.rom_bytes == before);
  CHECK(b.bus.log != log);  // the store went out to the devices
  CHECK_FALSE(b.core.stopped());
}
