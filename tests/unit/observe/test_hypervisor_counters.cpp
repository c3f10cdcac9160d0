// What a hypervisor counts for itself, found in its memory, sound or damaged.
#include <algorithm>
#include <catch2/catch.hpp>

#include "fake_machine.h"
#include "hypervisor/abi/counters.h"
#include "sim/observe/hypervisor_counters.h"

using namespace xs;
using namespace xs::observe;
using namespace xs::test;

namespace {

// In one frame: the layout, and the blocks of two CPUs.
constexpr u64 va = 0xffff82d080200000, frame = 0x20, blocks = 0x100, stride = 0x300;

struct Hypervisor {
  FakeMemory memory;
  FakeCpu cpu{memory, 0};
  xs_counters layout{
      XS_COUNTERS_MAGIC, va + blocks, stride, 2, static_cast<u32>(hypervisor_counter_names().size()), 0};
  Image image;

  Hypervisor() : image("hv.elf", elf().bytes()) {
    cpu.pages[va >> 12] = frame;
    publish();
  }
  static FakeElf elf() {
    FakeElf e = hypervisor_elf();
    e.symbols.push_back({XS_COUNTERS_SYMBOL, va, sizeof(xs_counters), STT_OBJECT});
    return e;
  }
  void publish() { std::memcpy(memory.host(frame << 12), &layout, sizeof layout); }
  void count(unsigned of, u64 index, u64 value) {
    std::memcpy(memory.host((frame << 12) + blocks + of * stride + index * 8), &value, sizeof value);
  }
  std::map<std::string, u64> read() const {
    return hypervisor_counters(image,
                               [this](u64 at, void* out, u64 size) { return cpu.peek(at, out, size); });
  }
};

}  // namespace

TEST_CASE("counters of all CPUs are added up under their names") {
  Hypervisor h;
  const auto names = hypervisor_counter_names();
  CHECK(names.at(0) == "vhpt.insertions");
  CHECK(names.at(XS_VHPT_COUNTERS) == "hyperprivop.rfi.fast");
  CHECK(names.back() == "hyperprivop.set_rr0_to_rr4.slow");
  h.count(0, XS_VHPT_collisions, 3), h.count(1, XS_VHPT_collisions, 4);
  h.count(1, names.size() - 1, 9);
  const auto all = h.read();
  CHECK(all.size() == names.size());
  CHECK(all.at("vhpt.collisions") == 7);
  CHECK(all.at("vhpt.insertions") == 0);
  CHECK(all.at("hyperprivop.set_rr0_to_rr4.slow") == 9);
}

TEST_CASE("where none are published, or others than are known here, there are none") {
  Hypervisor h;
  REQUIRE_FALSE(h.read().empty());
  CHECK(hypervisor_counters(Image("other.elf", hypervisor_elf().bytes()), [](u64, void*, u64) {
          return true;
        }).empty());
  ++h.layout.count, h.publish();
  CHECK(h.read().empty());
  --h.layout.count, h.layout.cpus = 100, h.publish();  // leads out of what is mapped
  CHECK(h.read().empty());
  h.layout.cpus = 2, h.layout.magic = 1, h.publish();
  CHECK(h.read().empty());
}
