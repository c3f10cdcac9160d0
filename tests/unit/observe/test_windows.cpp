// A hypervisor without page tables: its windows tell where its addresses lead.
#include <catch2/catch.hpp>

#include "fake_machine.h"
#include "sim/observe/hypervisor_memory.h"

using namespace xs;
using namespace xs::observe;
using namespace xs::test;

namespace {

constexpr u64 direct_map = 0xf000000000000000, table = 0xea00000000000000, list_pa = 0x8000;

xs_layout layout() {
  return {XS_LAYOUT_MAGIC,
          XS_LAYOUT_VERSION,
          sizeof(xs_frame),
          table,
          0xeb00000000000000,
          direct_map,
          0,
          0,
          direct_map + list_pa,
          4};
}

struct Windows {
  Windows() {
    put(0, {direct_map, direct_map + (u64{1} << 50), 0, 0x661});
    memory_map.attach(layout(), memory, "hv.elf");
  }
  void put(unsigned n, xs_window w) { std::memcpy(memory.host(list_pa) + n * sizeof w, &w, sizeof w); }
  u64 address(u64 va) const {
    u64 pa = ~u64{0};
    return memory_map.translate(cpu, va, pa) ? pa : ~u64{0};
  }
  FakeMemory memory;
  FakeCpu cpu{memory, 0};
  HypervisorMemory memory_map;
};

std::string refusal(const xs_layout& l, const char* architecture = "ia64") {
  ScratchDir dir;
  FakeElf elf = hypervisor_elf();
  elf.layout = l;
  ObserverOptions options;
  options.hypervisor = dir.write("hv.elf", elf.bytes());
  options.architecture = architecture;
  FakeMemory memory;
  try {
    Observer(options).attach(memory);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("windows translate, as they are at the moment") {
  Windows w;
  w.cpu.pages[table >> 12] = 0x33;  // what the core's own TLB may hold does not count
  CHECK(w.address(direct_map + 0x1234) == 0x1234);
  CHECK(w.address(direct_map + (u64{1} << 50)) == ~u64{0});
  CHECK(w.address(table) == ~u64{0});
  w.put(3, {table, table + 0x3000, 0x20000, 0});  // entries in front are not in use
  CHECK(w.address(table + 0x2fff) == 0x22fff);
  CHECK(w.address(table + 0x3000) == ~u64{0});
  w.put(3, {});
  CHECK(w.address(table) == ~u64{0});
}

TEST_CASE("reading goes over pages, and not beyond windows or memory") {
  Windows w;
  w.put(1, {table, table + 0x2000, 0x20000, 0});
  u64 words[2] = {1, 2}, out[2] = {};
  std::memcpy(w.memory.host(0x20ff8), words, sizeof words);
  CHECK(w.memory_map.peek(w.cpu, table + 0xff8, out, sizeof out));
  CHECK((out[0] == 1 && out[1] == 2));
  CHECK_FALSE(w.memory_map.peek(w.cpu, table + 0x1ff8, out, sizeof out));
  const u64 end = frames_per_range << 12;
  CHECK(w.memory_map.peek(w.cpu, direct_map + end - 8, out, 8));
  CHECK_FALSE(w.memory_map.peek(w.cpu, direct_map + end - 8, out, 16));
}

TEST_CASE("the direct map has one part or two") {
  xs_layout one = layout();
  CHECK(direct_map_address(one, direct_map + (u64{1} << 49)) == u64{1} << 49);
  CHECK(direct_map_address(one, 0x1000) == ~u64{0});
  const xs_layout two = FakeElf{}.layout;
  CHECK(direct_map_address(two, two.directmap_low_va + 5) == 5);
  CHECK(direct_map_address(two, two.directmap_high_va + 5) == two.directmap_high_base + 5);
  CHECK(direct_map_address(two, 5) == ~u64{0});
}

TEST_CASE("a layout whose windows cannot be is refused in one sentence") {
  xs_layout l = layout();
  CHECK(refusal(l).empty());
  SECTION("version") {
    l.version = 3;
    CHECK(refusal(l) == "hv.elf: .xs_layout: version 3 is not 2");
  }
  SECTION("endless") {
    l.window_count = ~u64{0};
    CHECK(refusal(l) == "hv.elf: .xs_layout: 18446744073709551615 windows, more than 64");
  }
  SECTION("outside of memory") {
    l.windows_va = direct_map + (frames_per_range << 12) - 32;
    CHECK(refusal(l) == "hv.elf: .xs_layout: 4 windows at 0xf0000000000fffe0 do not lie in memory");
    l.windows_va = 0x1000;
    CHECK(refusal(l) == "hv.elf: .xs_layout: 4 windows at 0x1000 do not lie in memory");
    l.windows_va = ~u64{0} - 7;
    CHECK(refusal(l) == "hv.elf: .xs_layout: 4 windows at 0xfffffffffffffff8 do not lie in memory");
  }
  SECTION("not aligned") {
    l.windows_va += 4;
    CHECK(refusal(l) == "hv.elf: .xs_layout: windows at 0xf000000000008004, which is no multiple of 8");
  }
  SECTION("none") {
    l.window_count = 0;
    CHECK(refusal(l) == "hv.elf: .xs_layout: no windows, which a hypervisor on IA-64 must publish");
    CHECK(refusal(l, "x86_64").empty());
  }
}

TEST_CASE("guest code at the address of a store routine is no tap") {
  ScratchDir dir;
  FakeElf elf = hypervisor_elf();
  elf.layout = layout();
  ObserverOptions options;
  options.hypervisor = dir.write("hv.elf", elf.bytes());
  options.architecture = "ia64";
  FakeMemory memory;
  struct Cpu : FakeCpu {
    using FakeCpu::FakeCpu;
    bool in_guest() const override { return guest; }
    bool guest = true;
  } cpu{memory, 0};
  Observer observer(options);
  observer.attach(memory);
  cpu.pc_value = pc_store32;
  cpu.regs[0] = table + 5 * sizeof(xs_frame) + offsetof(xs_frame, owner), cpu.regs[1] = 3;
  observer.on_tap(cpu);
  CHECK(observer.frame(5)->owner == XS_OWNER_NONE);
  cpu.guest = false;
  observer.on_tap(cpu);
  CHECK(observer.frame(5)->owner == 3);
}
