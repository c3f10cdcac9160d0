// Addresses of an x86-64 VCPU that does not run, by its own page tables: of machine frames, or of GFNs that a
// P2M names.
#include <catch2/catch.hpp>
#include <cstring>

#include "sim/scenario/saved_vcpu_control.h"
#include "tests/support/x86_tables.h"

using namespace xs;
using namespace xs::scenario;
using namespace xs::test;

namespace {

/// A core of which only the hypervisor's part is asked.
struct Core final : CpuControl {
  std::span<const DebugRegister> registers() const override { return {}; }
  void read_register(unsigned, std::span<u8>) const override {}
  bool write_register(unsigned, std::span<const u8>) override { return false; }
  bool translate(u64, u64&) const override { return false; }
  u64 linear_pc() const override { return 0; }
  void set_debug_points(const std::vector<DebugPoint>&) override {}
  void request_step(bool) override {}
  Explanation explain(u64 va, AddressUse) const override {
    Explanation out;
    out.now.ok = true, out.now.pa = va & 0xffffff;
    return out;
  }
};

constexpr u64 root = 0x10000, va = 0x7f0000005000;

struct Saved {
  Saved() : tables(memory, root) { v.table = root >> frame_shift; }
  Explanation way(u64 address, AddressUse use, SavedVcpuControl::FrameOf frame_of = {}) {
    return SavedVcpuControl(v, core, memory, std::move(frame_of)).explain(address, use);
  }
  FlatMemory memory{0x80000};
  X86Tables tables;
  Core core;
  observe::SavedVcpu v;
};

}  // namespace

TEST_CASE("a saved VCPU's tables are walked, and nothing in them changes") {
  Saved s;
  s.tables.map(va, 0x42000, pte_p);  // neither W nor U nor A
  const std::vector<u8> before = s.memory.bytes();
  const Explanation read = s.way(va + 0x123, AddressUse::read);
  CHECK(read.now.ok);  // kernel and user mode of a PV guest are both ring 3: U says nothing
  CHECK(read.now.pa == 0x42123);
  REQUIRE(read.steps.size() == 5);
  CHECK(read.steps[0].what == "CR3");
  CHECK(read.steps[4].what == "PTE 0x5");
  CHECK(read.steps[4].at == *s.tables.entry_pa(va, 1));
  CHECK(read.steps[4].frame == 0x42u);
  CHECK_FALSE(read.steps[4].name);
  const Explanation write = s.way(va, AddressUse::write);
  CHECK_FALSE(write.now.ok);
  CHECK(write.now.fault == 3);  // present, write
  CHECK(s.way(va + 0x1000, AddressUse::read).now.why == "#PF: the PTE is not present");
  CHECK(s.way(u64{1} << 47, AddressUse::read).now.why == "not canonical");
  CHECK(s.memory.bytes() == before);
  u64 pa = 0;
  CHECK(SavedVcpuControl(s.v, s.core, s.memory, {}).translate(va, pa));
  CHECK(pa == 0x42000);
}

TEST_CASE("entries of a translated guest name GFNs, tables too") {
  Saved s;
  s.tables.map(va, 0x42000);
  s.tables.map(u64{1} << 30, 0, pte_p | pte_w, 21);
  constexpr u64 gap = 0x100;  // GFN n is frame n - gap
  const auto frame_of = [](u64 gfn) { return gfn >= gap && gfn < gap + 0x50 ? gfn - gap : invalid_frame; };
  s.v.table += gap;
  const auto rename = [&](u64 address, unsigned level) {
    s.tables.set_entry(address, level, s.tables.entry(address, level) + (gap << frame_shift));
  };
  for (unsigned level = 1; level <= 4; ++level)
    rename(va, level);  // from below: the way is still the old one
  for (unsigned level = 3; level <= 4; ++level) rename(u64{1} << 30, level);
  const Explanation way = s.way(va, AddressUse::write, frame_of);
  CHECK(way.now.ok);
  CHECK(way.now.pa == 0x42000);
  CHECK(way.steps.back().name == gap + 0x42);
  CHECK(way.steps.back().frame == 0x42u);
  // Of a large page each frame is looked up by itself: GFNs from 0 on have none.
  const Explanation none = s.way(u64{1} << 30, AddressUse::read, frame_of);
  CHECK_FALSE(none.now.ok);
  CHECK(none.now.why == "#PF: the PDE names no frame of the domain's");
  CHECK(s.way((u64{1} << 30) + (gap << 12), AddressUse::read, frame_of).now.pa == 0);
}

TEST_CASE("the hypervisor's addresses are a core's, and without tables there is nothing") {
  Saved s;
  const Explanation own = s.way(0xffff82d080000123, AddressUse::fetch);
  CHECK(own.of_hypervisor);
  CHECK(own.now.pa == 0x123);
  s.v.table = invalid_frame;
  const Explanation none = s.way(va, AddressUse::read);
  CHECK_FALSE(none.now.ok);
  CHECK(none.steps.empty());
}
