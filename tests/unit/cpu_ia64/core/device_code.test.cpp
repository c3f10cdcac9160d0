// Code that a device writes, as Ia64Board::invalidate_code tells it to the cores of a machine: no core runs
// what it had decoded, the one that is just asking the device included.
#include "sim/cpu_ia64/core_group.h"
#include "tests/unit/cpu_ia64/core/bench.h"
#include "tests/unit/cpu_ia64/core/encode.h"

using namespace xs;
using namespace xs::ia64;
using namespace xs::ia64::test;

namespace {

constexpr u64 code = 0x10000, device = 0x80000000;
/// Two cores; a device that, when it is written, writes {nop; nop; r8 = value} to the address it is told.
struct TwoCores final {
  struct Bus final : CoreBus {
    explicit Bus(TwoCores& m) : machine(m) {}
    bool transport(bool write, u64 pa, u8* data, unsigned size, u64& cycles) override {
      cycles = 5;
      u64 to = 0;
      std::memcpy(&to, data, size);
      if (write && pa == device) machine.device_writes(to, 2);
      return true;
    }
    std::string refused_call(u64 call) const override { return std::to_string(call); }
    void wake() override { ++wakes; }
    unsigned wakes = 0;
    void purge_elsewhere(u32, u64, unsigned) override {}
    void watch_code(u64 mfn) override { machine.group.watch(mfn); }
    bool code_watched(u64 mfn) const override { return machine.group.watched(mfn); }
    void code_written(u64 mfn) override { machine.group.written(mfn); }

    TwoCores& machine;
  };

  TwoCores() {
    for (Core* core : {&first, &second}) {
      group.attach(*core);
      core->reset(code);
    }
  }
  void put(u64 pa, Bundle bundle) { std::memcpy(&ram.bytes[pa], &bundle, sizeof bundle); }
  void device_writes(u64 pa, u64 value) {
    put(pa, Bundle::make(mii, nop, nop, set(8, value)));
    group.written(pa >> frame_shift);
  }

  Ram ram;
  CoreGroup group;
  Bus bus{*this};
  Core first{{}, ram, bus, group.sapics}, second{{}, ram, bus, group.sapics};
};

u64 r8(Core& core) { return core.processor().r.gr[8]; }

}  // namespace

TEST_CASE("code that a device writes between two quanta is what all cores run") {
  TwoCores m;
  m.put(code, Bundle::make(mii, nop, nop, set(8, 1)));
  m.put(code + 16, Bundle::make(mib, nop, nop, branch_back));
  for (u64 value = 1; value < 6; ++value) {
    for (Core* core : {&m.first, &m.second}) {
      core->run(core->cycles() + 100);
      CHECK(r8(*core) == value);
    }
    m.device_writes(code, value + 1);
  }
}

TEST_CASE(
    "code that a device writes while a core stores to it is what that core goes on with, and the other one") {
  for (const u64 slice : {1000, 1}) {
    INFO("slices of " << slice);
    TwoCores m;
    m.put(code, Bundle::make(mii, store(2, 3), nop, nop));
    m.put(code + 16, Bundle::make(mii, nop, nop, set(8, 1)));
    m.put(code + 32, Bundle::make(mib, nop, nop, branch_to_itself));
    for (Core* core : {&m.first, &m.second}) {
      core->processor().r.gr[2] = core == &m.first ? u64{1} << 63 | device : 0x40000;
      core->processor().r.gr[3] = code + 16;
    }
    m.second.run(6);
    CHECK(r8(m.second) == 1);
    while (m.first.cycles() < 1000) m.first.run(std::min<u64>(1000, m.first.cycles() + slice));
    CHECK(r8(m.first) == 2);
    m.second.processor().r.ip = code;
    m.second.run(1000);
    CHECK(r8(m.second) == 2);
  }
}
