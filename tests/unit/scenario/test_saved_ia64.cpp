// Registers of an IA-64 VCPU that does not run, under gdb's numbers.
#include <catch2/catch.hpp>
#include <cstring>

#include "sim/core/ia64_debug.h"
#include "sim/scenario/saved_ia64_control.h"

using namespace xs;
using namespace xs::scenario;
namespace r = xs::ia64_debug;

namespace {

/// A core of which only the names are asked.
struct Core final : CpuControl {
  std::span<const DebugRegister> registers() const override { return {}; }
  const char* architecture() const override { return "ia64-elf64"; }
  void read_register(unsigned, std::span<u8>) const override {}
  bool write_register(unsigned, std::span<const u8>) override { return true; }
  bool translate(u64, u64&) const override { return true; }
  u64 linear_pc() const override { return 0; }
  void set_debug_points(const std::vector<DebugPoint>&) override {}
  void request_step(bool) override {}
};

/// Two frames at 0x10000; the hypervisor's addresses are physical ones plus hypervisor_base.
constexpr u64 hypervisor_base = 0xf000000000000000;
struct Memory final : MemoryPort {
  bool read(u64, void*, unsigned) override { return false; }
  bool write(u64, const void*, unsigned) override { return false; }
  std::span<const RamRange> ram() const override { return {&range, 1}; }
  std::vector<u8> bytes = std::vector<u8>(0x10000);
  RamRange range{0x10000, 0x10000, bytes.data()};
};
bool hypervisors(u64 va, u64& pa) { return pa = va - hypervisor_base, pa < u64{1} << 50; }
/// GFN n is frame 0x70 + n, as long as there are any.
u64 frame_of(u64 gfn) { return gfn < 16 ? 0x70 + gfn : invalid_frame; }

struct Saved {
  Saved() { v.virtual_psr = u64{1} << 17, v.regions[5] = 5 << 8 | 12 << 2; }
  /// ~0: nowhere.
  u64 leads_to(u64 va) const {
    u64 pa = 0;
    return SavedIa64Control(v, core, memory, hypervisors, frame_of).translate(va, pa) ? pa : ~u64{0};
  }
  observe::SavedIa64 v;
  Core core;
  Memory memory;
};

}  // namespace

TEST_CASE("a saved IA-64 VCPU shows its registers, and writes none") {
  observe::SavedIa64 v;
  v.ip = 0xa0000000'00001230, v.psr = u64{2} << 41, v.cfm = u64{1} << 63 | 5, v.predicates = 0x41;
  v.general[12] = 12, v.general[0] = 99, v.branch[6] = 6, v.kernel[7] = 7, v.nats = 0x100, v.lc = 65;
  v.floating[2] = {0x1122, 0x3ffff};
  v.bspstore = 0x9000, v.dirty = {1, 2, 3, 4, 5, 6, 7, 8};
  const Core core;
  const Memory memory;
  SavedIa64Control c(v, core, memory, hypervisors, frame_of);
  const auto read = [&](unsigned index) {
    u64 value = ~u64{0};
    c.read_register(index, {reinterpret_cast<u8*>(&value), sizeof value});
    return value;
  };
  CHECK(read(r::general) == 0);
  CHECK(read(r::general + 12) == 12);
  CHECK(read(r::general + 32) == 0);
  CHECK(read(r::predicates + 6) == 1);
  CHECK(read(r::predicates + 5) == 0);
  CHECK(read(r::branches + 6) == 6);
  CHECK(read(r::all_predicates) == 0x41);
  CHECK(read(r::pointer) == v.ip);
  CHECK(read(r::status) == v.psr);
  CHECK(read(r::frame_marker) == 5);
  CHECK(read(r::application + r::k0 + 7) == 7);
  CHECK(read(r::application + r::bsp) == 0x9008);
  CHECK(read(r::application + r::bspstore) == 0x9000);
  CHECK(read(r::application + r::unat) == 0x100);
  CHECK(read(r::application + r::lc) == 65);
  CHECK(read(r::application + 44) == 0);  // ar.itc is the machine's
  std::array<u64, 2> wide{};
  c.read_register(r::floating + 2, {reinterpret_cast<u8*>(wide.data()), 16});
  CHECK(wide == v.floating[2]);
  CHECK(c.linear_pc() == (v.ip | 2));
  const u8 byte[8] = {};
  CHECK_FALSE(c.write_register(r::general + 12, byte));
  u8 held = 0;
  CHECK(c.read_held(0x9007, held));
  CHECK(held == 8);
  CHECK_FALSE(c.read_held(0x9008, held));
  CHECK_FALSE(c.read_held(0x8fff, held));
  CHECK(std::string(c.architecture()) == "ia64-elf64");
}

TEST_CASE("addresses of a saved IA-64 VCPU: the hypervisor's, or physical without PSR.dt") {
  Saved s;
  CHECK(s.leads_to(hypervisor_base + 0x123) == 0x123);
  CHECK(s.leads_to(0x1234) == ~u64{0});
  s.v.virtual_psr = 0;
  CHECK(s.leads_to(0x1234) == 0x71234);
  CHECK(s.leads_to(0x8000000000001234) == 0x71234);
  CHECK(s.leads_to(0x10000) == ~u64{0});  // no such GFN
  CHECK(s.leads_to(hypervisor_base + 0x123) == 0x123);
}

TEST_CASE("addresses of a saved IA-64 VCPU by its own translations") {
  Saved s;
  const u64 va = 0xa000000000004000;
  s.v.translations = {{0x2661, 14 << 2, va, 5, 1}};
  CHECK(s.leads_to(va + 0x1abc) == 0x71abc);  // 16 KiB from GFN 0 on: a large page's lower bits do not count
  CHECK(s.leads_to(va + 0x4000) == ~u64{0});
  CHECK(s.leads_to(va - 1) == ~u64{0});
  CHECK(s.leads_to(0x8000000000004000) == ~u64{0});  // another region
  s.v.regions[5] = 6 << 8;
  CHECK(s.leads_to(va) == ~u64{0});
  s.v.regions[5] = 5 << 8;
  s.v.translations.push_back({0x3661, 12 << 2, va, 5, 1});
  CHECK(s.leads_to(va) == 0x73000);  // data translations are the last ones
  s.v.translations = {{0x2660, 12 << 2, va, 5, 1}};
  CHECK(s.leads_to(va) == ~u64{0});  // not present
}

TEST_CASE("a saved IA-64 VCPU explains its addresses: code by PSR.it, data by PSR.dt") {
  Saved s;
  const u64 va = 0xa000000000004000;
  s.v.translations = {{0x2661, 12 << 2, va, 5, 1}, {0x3661, 12 << 2, va, 5, 1}};
  s.v.virtual_psr |= u64{1} << 36;
  const auto way = [&](u64 address, AddressUse use) {
    return SavedIa64Control(s.v, s.core, s.memory, hypervisors, frame_of).explain(address, use);
  };
  const Explanation fetch = way(va, AddressUse::fetch), read = way(va, AddressUse::read);
  CHECK(fetch.now.pa == 0x72000);  // instruction translations are the first ones
  CHECK(read.now.pa == 0x73000);
  REQUIRE(read.steps.size() == 4);
  CHECK(read.steps[0].what == "PSR.dt");
  CHECK(read.steps[1].what == "rr5");
  CHECK(read.steps[2].name == 3u);
  CHECK(read.steps[3].what == "P2M");
  CHECK(read.steps[3].name == 3u);
  CHECK(read.steps[3].frame == 0x73u);
  s.v.virtual_psr &= ~(u64{1} << 36);
  CHECK(way(0x1234, AddressUse::fetch).now.pa == 0x71234);
  CHECK(way(va, AddressUse::read).now.pa == 0x73000);
  const Explanation nothing = way(va + 0x10000, AddressUse::read);
  CHECK_FALSE(nothing.now.ok);
  CHECK(nothing.partial);  // the guest may have inserted it long ago
  CHECK(way(hypervisor_base, AddressUse::fetch).of_hypervisor);
}

TEST_CASE("addresses of a saved IA-64 VCPU by the table that the CPU walks") {
  Saved s;
  s.v.vhpt = hypervisor_base + 0x10000, s.v.vhpt_shift = 16, s.v.rid_block = 2;
  const u64 va = 0xa000000000000000 | 0x7 << 12;
  // Page number XOR region identifier, 32 bytes each; as tag, with the identifier from bit 39 on.
  const u64 rid = u64{2} << 18 | 5, place = ((7 ^ rid) & 0x7ff) * 32;
  const auto put = [&](u64 pte, u64 tag) {
    const u64 entry[3] = {pte, 12 << 2, tag};
    std::memcpy(&s.memory.bytes[place], entry, sizeof entry);
  };
  CHECK(s.leads_to(va) == ~u64{0});
  put(0x55661, 7 ^ rid << 39);
  CHECK(s.leads_to(va + 0x89) == 0x55089);
  CHECK(s.leads_to(va + 0x1000) == ~u64{0});
  put(0x55661, u64{1} << 63);
  CHECK(s.leads_to(va) == ~u64{0});
  put(0x55660, 7 ^ rid << 39);
  CHECK(s.leads_to(va) == ~u64{0});
  s.v.vhpt = 0;
  CHECK(s.leads_to(va) == ~u64{0});
}
