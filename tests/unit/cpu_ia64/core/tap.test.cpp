// What an observer is told: taps, new translations, stores to guarded frames.
#include "sim/cpu_ia64/core_group.h"
#include "tests/unit/cpu_ia64/core/bench.h"
#include "tests/unit/cpu_ia64/core/encode.h"

using namespace xs;
using namespace xs::ia64;
using namespace xs::ia64::test;

namespace {

constexpr unsigned mmi = 0x08;
constexpr u64 code = 0x10000, vectors = 0x20000, target = 0x30000, data_va = u64{5} << 61;

struct Told {
  u64 pc, address, value, expected, caller, instructions, time_ps, before;
  bool operator==(const Told&) const = default;
};

class Listener final : public CpuObserver {
 public:
  explicit Listener(Ram& memory) : ram(memory) {}
  void on_tap(const CpuView& v) override {
    u64 before = 0;
    std::memcpy(&before, &ram.bytes[target], 8);
    taps.push_back({v.pc(), v.tap_reg(0), v.tap_reg(1), v.tap_reg(5), v.caller(), v.instructions(),
                    v.time_ps(), before});
    if (guard_at_tap) guarded = guard_at_tap, ++version;
  }
  void on_tlb_fill(const CpuView&, u64 va, u64 pa, u64 size, bool write, bool user) override {
    fills.push_back({va, pa, size, write, user});
  }
  bool guards(u64 pa) const override { return guarded && pa >> frame_shift == guarded; }
  u64 guards_version() const override { return version; }
  void on_guarded_store(const CpuView& v, u64 va, u64 pa) override { stores.push_back({v.pc(), va, pa}); }

  Ram& ram;
  std::vector<Told> taps;
  std::vector<std::array<u64, 5>> fills;
  std::vector<std::array<u64, 3>> stores;
  u64 guarded = 0, guard_at_tap = 0, version = 0;
};

/// Memory and an observer first: a core's configuration names it.
struct Watched {
  explicit Watched(std::vector<u64> taps)
      : listener(ram),
        core({.processor = {}, .observer = &listener, .taps = std::move(taps)}, ram, bus, sapics) {
    bus.core = &core;
    bus.listener = &listener;
    core.reset(code);
    r().iva = vectors;
  }
  Registers& r() { return core.processor().r; }
  void put(u64 pa, Bundle bundle) { std::memcpy(&ram.bytes[pa], &bundle, sizeof bundle); }
  u64 word(u64 pa) {
    u64 value = 0;
    std::memcpy(&value, &ram.bytes[pa], 8);
    return value;
  }
  /// A routine's frame: r32 and r33.
  void arguments(u64 address, u64 value) {
    FrameMarker frame;
    frame.raw = 2;
    core.processor().set_frame(frame);
    r().gr[32] = address, r().gr[33] = value;
    r().gr[8] = 0x88, r().br[0] = 0x4440;
  }

  struct Bus final : CoreBus {
    bool transport(bool, u64, u8* data, unsigned n, u64& cycles) override {
      cycles = 0;
      std::memset(data, 0xff, n);
      return false;
    }
    std::string refused_call(u64) const override { return ""; }
    void wake() override {}
    void purge_elsewhere(u32, u64, unsigned) override {}
    void watch_code(u64) override {}
    bool code_watched(u64) const override { return false; }
    void code_written(u64) override {}
    bool tells_stores(u64 mfn) const override { return listener->guards(mfn << frame_shift); }
    void stored(u64 va, u64 pa) override { listener->on_guarded_store(*core, va, pa); }
    Core* core = nullptr;
    Listener* listener = nullptr;
  };

  Ram ram;
  Listener listener;
  Bus bus;
  SapicBus sapics;
  Core core;
};

/// (p6) and the instruction.
constexpr u64 if_p6(u64 instruction) { return instruction | 6; }
/// itc.d r2
constexpr u64 itc_d(unsigned r2) { return u64{1} << 37 | u64{0x2e} << 27 | u64{r2} << 13; }

}  // namespace

TEST_CASE("a tap is told in front of its store, with slot, registers and time") {
  const u64 slice = GENERATE(1, 2, 3, 4, 5, 1000);
  CAPTURE(slice);
  Watched b({code + 16});
  b.put(code, Bundle::make(mii, nop, set(9, 1), set(10, 2)));
  b.put(code + 16, Bundle::make(mib, store(32, 33), nop, nop));
  b.put(code + 32, Bundle::make(mib, store(32, 10), nop, branch_to_itself));  // is none
  b.arguments(target, 0x1234);
  while (b.core.cycles() < 40) b.core.run(b.core.cycles() + slice);
  REQUIRE(b.listener.taps.size() == 1);
  CHECK(b.listener.taps[0] == Told{code + 16, target, 0x1234, 0x88, 0x4440, 3, b.core.to_ps(3), 0});
  CHECK(b.word(target) == 2);
}

TEST_CASE("the slot is part of a tap's address, and a false predicate leaves it out") {
  Watched b({code | 0, code + 16 | 1, code + 32});
  b.put(code, Bundle::make(mii, if_p6(store(32, 33)), nop, nop));
  b.put(code + 16, Bundle::make(mmi, nop, store(32, 33), nop));
  b.put(code + 32, Bundle::make(mib, nop, nop, branch_to_itself));
  b.arguments(target, 7);
  b.core.run(40);
  REQUIRE(b.listener.taps.size() == 1);  // a nop does nothing to tell of
  CHECK(b.listener.taps[0].pc == (code + 16 | 1));
  CHECK(b.listener.taps[0].before == 0);
}

TEST_CASE("a store that is refused is told when it is executed in the end, once") {
  Watched b({code});
  b.put(code, Bundle::make(mib, store(32, 33), nop, nop));
  b.put(code + 16, Bundle::make(mib, nop, nop, branch_to_itself));
  // Alternate data TLB: inserts a page of 16 KiB and returns.
  constexpr u64 rfi = u64{8} << 27;
  b.put(vectors + 0x1000, Bundle::make(mib, itc_d(11), nop, nop));
  b.put(vectors + 0x1010, Bundle::make(mib, nop, nop, rfi));
  b.arguments(data_va + 8, 9);
  b.core.processor().set_psr(psr::ic | psr::dt);
  for (const unsigned at : {11u, unsigned(Registers::place(11, false))})
    b.r().gr[at] = (target & ~u64{0x3fff}) | 0x661 | 2 << 7;
  b.core.processor().mmu.set_region(5, 14 << 2);
  b.core.run(1000);
  CHECK(b.core.counters().interruptions == 1);
  REQUIRE(b.listener.taps.size() == 1);
  CHECK(b.listener.taps[0].address == data_va + 8);
  CHECK(b.word((target & ~u64{0x3fff}) + 8) == 9);
  REQUIRE(b.listener.fills.size() == 1);
  CHECK(b.listener.fills[0] == std::array<u64, 5>{data_va, target & ~u64{0x3fff}, 1 << 14, 1, 1});
}

TEST_CASE("a store to a guarded frame is told each time, also when the page was written before") {
  Watched b({code + 16});
  b.put(code, Bundle::make(mib, store(32, 33), nop, nop));
  b.put(code + 16,
        Bundle::make(mib, store(34, 33), nop, nop));  // from here on the first one's frame is guarded
  b.put(code + 32, Bundle::make(mib, store(32, 33), nop, nop));
  b.put(code + 48, Bundle::make(mib, store(32, 33), nop, branch_to_itself));
  b.arguments(target, 1);
  FrameMarker frame;
  frame.raw = 3;
  b.core.processor().set_frame(frame);
  b.r().gr[34] = target + 2 * frame_size;
  b.listener.guard_at_tap = target >> frame_shift;
  b.core.run(11);
  REQUIRE(b.listener.stores.size() == 2);
  CHECK(b.listener.stores[0] == std::array<u64, 3>{code, target, target});
}

TEST_CASE("what a translation grants to levels above 0") {
  namespace tlb = mmu::ia64;
  struct Row {
    unsigned ar, pl;
    bool dirty, write, user;
  };
  const Row row =
      GENERATE(Row{2, 3, true, true, true}, Row{2, 3, false, false, true}, Row{3, 0, true, false, false},
               Row{0, 1, true, false, true}, Row{4, 1, true, false, true}, Row{4, 2, true, true, true},
               Row{7, 0, true, false, true}, Row{1, 2, true, false, true});
  CAPTURE(row.ar, row.pl, row.dirty);
  Watched b({});
  const u64 pte = target | 0x21 | u64{row.dirty} << 6 | u64{row.pl} << 7 | u64{row.ar} << 9;
  tlb::Mmu& mmu = b.core.processor().mmu;
  CHECK(mmu.insert_cached(false, pte, 12 << 2, data_va + 5));
  REQUIRE(b.listener.fills.size() == 1);
  CHECK(b.listener.fills[0] == std::array<u64, 5>{data_va, target, frame_size, row.write, row.user});
  CHECK(mmu.maps_frame(target >> frame_shift, true) == row.user);
  CHECK(mmu.insert_register(true, 1, pte & ~u64{1}, 12 << 2, data_va));  // not present: maps nothing
  CHECK(b.listener.fills.size() == 1);
}
