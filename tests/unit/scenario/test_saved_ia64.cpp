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

}  // namespace

TEST_CASE("a saved IA-64 VCPU shows its registers, and writes none") {
  observe::SavedIa64 v;
  v.ip = 0xa0000000'00001230, v.psr = u64{2} << 41, v.cfm = u64{1} << 63 | 5, v.predicates = 0x41;
  v.general[12] = 12, v.general[0] = 99, v.branch[6] = 6, v.kernel[7] = 7, v.nats = 0x100, v.lc = 65;
  v.floating[2] = {0x1122, 0x3ffff};
  v.bspstore = 0x9000, v.dirty = {1, 2, 3, 4, 5, 6, 7, 8};
  const Core core;
  SavedIa64Control c(v, core, [](u64 va, u64& pa) { return pa = va + 1, va == 0x10; });
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
  u64 pa = 0;
  CHECK(c.translate(0x10, pa));
  CHECK(pa == 0x11);
  CHECK_FALSE(c.translate(0x20, pa));
  CHECK(std::string(c.architecture()) == "ia64-elf64");
}
