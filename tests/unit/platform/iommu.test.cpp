// The IOMMU's registers, its tables in memory, and what it remembers of them.
#include "sim/platform/iommu.h"

#include "tests/unit/platform/virtio_driver.h"

using namespace xs;
using namespace xs::platform;
using namespace xs::platform::test;

namespace {

constexpr u64 both = XS_IOMMU_READ | XS_IOMMU_WRITE;
constexpr u64 high = 0xf2d40000;  // a frame far above the tables

/// Tables of slots 0 and 1 at frames 0x100 and 0x110: a page of each level, all frames that are used here
/// share the upper three of their slot's or have their own.
struct Tables {
  Dram dram{{ram_bytes_total, high << frame_shift, 1 << 20}};
  Iommu iommu{dram, 2};
  u64 next_page = 0x100;

  u64 get(u64 offset) {
    u64 value = 0;
    REQUIRE(iommu.read(offset, 4, value));
    return value;
  }
  void put(u64 offset, u64 value) { REQUIRE(iommu.write(offset, 4, value)); }
  void put64(u64 offset, u64 value) {
    put(offset, value & 0xffffffff);
    put(offset + 4, value >> 32);
  }
  u64 new_page() { return next_page++ << frame_shift; }

  u64 word(u64 pa) {
    u64 value = 0;
    REQUIRE(dram.read(pa, &value, 8));
    return value;
  }
  void set_word(u64 pa, u64 value) { REQUIRE(dram.write(pa, &value, 8)); }

  u64 make_root(unsigned slot) {
    const u64 root = new_page();
    put64(XS_IOMMU_ROOT(slot), root | XS_IOMMU_VALID);
    return root;
  }
  /// The leaf's entry; pages on the way are made.
  u64 entry(u64 root, u64 mfn, u64 upper_rights = both) {
    u64 page = root;
    for (unsigned level = XS_IOMMU_LEVELS - 1; level > 0; --level) {
      const u64 at = page + 8 * (mfn >> (9 * level) & 511);
      if (!word(at)) set_word(at, new_page() | upper_rights);
      page = word(at) & XS_IOMMU_PAGE;
    }
    return page + 8 * (mfn & 511);
  }
  void enable() { put(XS_IOMMU_CONTROL, 1); }
  bool reads(u64 pa, u64 size = 16, unsigned slot = 0) { return iommu.allows(slot, pa, size, false); }
  bool writes(u64 pa, u64 size = 16, unsigned slot = 0) { return iommu.allows(slot, pa, size, true); }
};

}  // namespace

TEST_CASE("the IOMMU's registers") {
  Tables t;
  CHECK(t.get(XS_IOMMU_VERSION) == 1);
  CHECK(t.get(XS_IOMMU_CONTROL) == 0);
  t.put(XS_IOMMU_CONTROL, 0xffffffff);
  CHECK(t.get(XS_IOMMU_CONTROL) == 1);
  t.put(XS_IOMMU_ROOT(1), 0x5001);
  CHECK(t.get(XS_IOMMU_ROOT(1)) == 0);  // half of it has come
  t.put(XS_IOMMU_ROOT(1) + 4, 0x12);
  CHECK(t.get(XS_IOMMU_ROOT(1)) == 0x5001);
  CHECK(t.get(XS_IOMMU_ROOT(1) + 4) == 0x12);
  u64 value = 0;
  CHECK_FALSE(t.iommu.read(XS_IOMMU_ROOT(2), 4, value));  // as many as there are slots
  CHECK_FALSE(t.iommu.write(XS_IOMMU_ROOT(2), 4, 1));
  CHECK_FALSE(t.iommu.write(XS_IOMMU_VERSION, 4, 1));
  CHECK_FALSE(t.iommu.write(XS_IOMMU_FAULTS, 4, 1));
  CHECK_FALSE(t.iommu.read(0x30, 4, value));
  CHECK_FALSE(t.iommu.read(XS_IOMMU_VERSION, 1, value));
  CHECK_FALSE(t.iommu.read(XS_IOMMU_ROOT(0) + 2, 4, value));
}

TEST_CASE("disabled it lets everything pass, enabled without tables nothing") {
  Tables t;
  CHECK(t.writes(0x5000));
  CHECK(t.iommu.reach(0, 5) == both);
  t.enable();
  CHECK_FALSE(t.writes(0x5000));
  CHECK_FALSE(t.reads(0x5000));
  CHECK(t.iommu.reach(0, 5) == 0);
  CHECK(t.iommu.counters().refused == 2);
}

TEST_CASE("rights are the frame's, of the slot's tables") {
  Tables t;
  const u64 root = t.make_root(0), other = t.make_root(1);
  t.enable();
  t.set_word(t.entry(root, 5), XS_IOMMU_READ | ~u64{3});  // the other bits are software's
  t.set_word(t.entry(root, high), both);
  t.set_word(t.entry(other, 6), XS_IOMMU_WRITE);
  CHECK(t.reads(0x5000));
  CHECK_FALSE(t.writes(0x5000));
  CHECK(t.reads(high << frame_shift));
  CHECK(t.writes(high << frame_shift));
  CHECK_FALSE(t.reads(0x6000));
  CHECK_FALSE(t.reads(0x6000, 16, 1));
  CHECK(t.writes(0x6000, 16, 1));
  CHECK_FALSE(t.reads((u64{1} << 48) + 0x5000));  // more than the tables can name
  CHECK(t.iommu.reach(0, 5) == XS_IOMMU_READ);
  CHECK(t.iommu.reach(1, 6) == XS_IOMMU_WRITE);
}

TEST_CASE("a right has to be in all levels, in memory that there is") {
  Tables t;
  const u64 root = t.make_root(0);
  t.enable();
  t.set_word(t.entry(root, 5, XS_IOMMU_READ), both);
  CHECK(t.iommu.reach(0, 5) == XS_IOMMU_READ);
  t.put64(XS_IOMMU_ROOT(0), root);  // not valid
  CHECK(t.iommu.reach(0, 5) == 0);
  t.put64(XS_IOMMU_ROOT(0), 0x7000000000 | XS_IOMMU_VALID);
  CHECK(t.iommu.reach(0, 5) == 0);
}

TEST_CASE("a transfer is allowed as a whole or not at all, and a refused one is recorded") {
  Tables t;
  const u64 root = t.make_root(0);
  t.enable();
  t.set_word(t.entry(root, 5), both);
  t.set_word(t.entry(root, 7), both);
  CHECK(t.writes(0x5ff0, 16));
  CHECK_FALSE(t.writes(0x5ff0, 17));
  CHECK(t.get(XS_IOMMU_FAULTS) == 1);
  CHECK(t.get(XS_IOMMU_FAULT_ADDRESS) == 0x6000);
  CHECK(t.get(XS_IOMMU_FAULT_INFO) == XS_IOMMU_FAULT_WRITE);
  CHECK_FALSE(t.reads((high << frame_shift) + 8, 4, 1));
  CHECK(t.get(XS_IOMMU_FAULTS) == 2);
  CHECK(t.get(XS_IOMMU_FAULT_ADDRESS) == ((high << frame_shift) + 8 & 0xffffffff));
  CHECK(t.get(XS_IOMMU_FAULT_ADDRESS + 4) == high >> 20);
  CHECK(t.get(XS_IOMMU_FAULT_INFO) == 1);
  CHECK(t.writes(0x8000, 0));  // nothing is transferred
}

TEST_CASE("what was allowed is remembered until a flush, what was refused is looked up anew") {
  Tables t;
  const u64 root = t.make_root(0), entry = t.entry(root, 5);
  t.enable();
  t.set_word(entry, XS_IOMMU_READ);
  CHECK(t.reads(0x5000));
  CHECK(t.reads(0x5000));
  CHECK(t.iommu.counters().lookups == 1);
  CHECK(t.iommu.counters().hits == 1);
  CHECK_FALSE(t.writes(0x5000));
  t.set_word(entry, both);
  CHECK(t.writes(0x5000));
  t.set_word(entry, 0);
  CHECK(t.writes(0x5000));
  CHECK(t.iommu.reach(0, 5) == both);
  t.put(XS_IOMMU_FLUSH, 0);
  CHECK(t.iommu.counters().flushes == 1);
  CHECK(t.iommu.reach(0, 5) == 0);
  CHECK_FALSE(t.writes(0x5000));
}

TEST_CASE_METHOD(VirtioFixture, "nothing of a refused transfer happens") {
  refused = {0x30};
  store<u32>(0x30000, 0x1234);
  u32 value = 7;
  CHECK_FALSE(dma.read(0x30000, &value, 4));
  CHECK(value == 7);
  CHECK_FALSE(dma.write(0x30000, &value, 4));
  CHECK_FALSE(dma.write(0x2fffe, &value, 4));
  CHECK(dma_writes == 0);
  CHECK(load<u32>(0x30000) == 0x1234);
  CHECK(load<u16>(0x2fffe) == 0);
}
