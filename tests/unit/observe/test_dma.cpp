// The monitor of DMA: which frames devices may reach. They are dom0's, unless it has given them away.
#include <catch2/catch.hpp>

#include "fake_grants.h"

using namespace xs;
using namespace xs::observe;
using namespace xs::test;

namespace {

constexpr u64 own = 0x61, own_table = 0x62;

struct Devices : Grants {
  static constexpr u64 page = 0xfeb02;
  u64 registers = (page << 12) + 0xc00;
  Devices() {
    m.give(0, own, 1);
    m.give(0, own_table, 2);
    m.set_type(own_table, FakeMachine::type(XS_FRAME_L1, 1, true));
  }
  /// Violations so far, behind a transfer of 16 bytes.
  u64 transfer(u64 mfn, bool write, u64 offset = 0x100) {
    m.observer->on_dma({"block", 22, (mfn << 12) + offset, 16, write, 5'000'000, registers});
    return counters().isolation_violations;
  }
  u64 reads(u64 mfn) { return transfer(mfn, false); }
  u64 writes(u64 mfn) { return transfer(mfn, true); }
  void name(unsigned slot, u64 mfn, u64 bits) { m.memory.word(own_table, slot) = mfn << 12 | bits; }
};

}  // namespace

TEST_CASE("devices reach dom0's own frames") {
  Devices d;
  CHECK(d.reads(own) == 0);
  CHECK(d.writes(own) == 0);
  CHECK(d.writes(0x41) == 0);  // shared_info
  CHECK(d.counters().dma_reads == 1);
  CHECK(d.counters().dma_writes == 2);
  CHECK(d.counters().dma_foreign == 0);
}

TEST_CASE("devices write to no table that a CPU goes by") {
  Devices d;
  CHECK(d.reads(own_table) == 0);
  CHECK(d.writes(own_table) == 1);
  CHECK(d.m.observer->isolation_violations()[0].which == Invariant::dma);
  CHECK(d.m.observer->isolation_violations()[0].text.starts_with(
      "the block device of dom0 in slot 22 writes to frame 0x62 of dom0 (16 bytes at 0x62100), where it has "
      "an L1 "
      "table, at 0.005000 ms; last changed by"));
  d.m.set_type(own_table, FakeMachine::type(XS_FRAME_L1, 0));
  CHECK(d.writes(own_table) == 1);  // not one any more
}

TEST_CASE("devices reach nobody else's frames") {
  Devices d;
  CHECK(d.reads(0x10) == 1);  // the hypervisor's
  CHECK(d.reads(0x80) == 2);  // free
  CHECK(d.reads(granted) == 3);
  CHECK(d.writes(FakeGuest::mfn(1)) == 4);
  CHECK(d.counters().dma_foreign == 0);
  CHECK(d.m.observer->isolation_violations()[2].text.starts_with(
      "the block device of dom0 in slot 22 reads frame 0x60 of dom1 (16 bytes at 0x60100), which it neither "
      "owns nor "
      "has mapped, at 0.005000 ms; last changed by"));
  CHECK(d.reads(0x5000) == 4);  // no RAM: the device's own error
}

TEST_CASE("a transfer is judged by all its frames") {
  Devices d;
  CHECK(d.transfer(own, false, 0xff0) == 0);
  CHECK(d.transfer(own, true, 0xff8) == 1);  // into the table behind it
  CHECK(d.transfer(granted, false, 0xff8) == 2);
}

TEST_CASE("devices reach what is granted to dom0, as long as it is, as it is") {
  Devices d;
  const bool held = GENERATE(false, true);
  const u64 how = held ? u64{XS_GRANT_HELD} : 0;
  d.entry(GTF_permit_access | GTF_reading, 0);
  d.use(XS_GRANT_MAP, how, 0);
  CHECK(d.reads(granted) == 0);
  CHECK(d.counters().dma_foreign == 1);
  CHECK(d.writes(granted) == 1);
  d.entry(GTF_permit_access | GTF_reading | GTF_writing, 0);
  d.use(XS_GRANT_MAP, how | XS_GRANT_WRITE, 0);
  CHECK(d.writes(granted) == 1);
  d.m.grant(XS_GRANT_UNMAP, granter, 0, ref, granted, how | XS_GRANT_WRITE);
  CHECK(d.writes(granted) == 2);
  CHECK(d.reads(granted) == 2);
  d.m.grant(XS_GRANT_UNMAP, granter, 0, ref, granted, how);
  CHECK(d.reads(granted) == 3);
}

TEST_CASE("what is granted to somebody else is not for dom0's devices") {
  Devices d;
  d.map(true);
  CHECK(d.reads(granted) == 1);
}

TEST_CASE("devices reach what dom0's page tables name") {
  Devices d;
  d.name(3, granted, pte_ro);
  CHECK(d.reads(granted) == 0);
  CHECK(d.writes(granted) == 1);
  d.name(4, granted, pte_rw);
  CHECK(d.writes(granted) == 1);
  CHECK(d.counters().dma_foreign == 2);
  d.name(3, granted, 0);
  d.name(4, granted, 0);
  d.show(0, true, 1, 1);  // another domain's table does
  CHECK(d.reads(granted) == 2);
}

TEST_CASE("devices reach what dom0's P2M names of others") {
  Devices d;
  constexpr u64 leaf = 0x1f;
  d.m.set_owner(leaf, XS_OWNER_XEN);
  d.m.mark(XS_MARK_P2M_PAGE, u64{1} << 32, leaf, 512);
  const u64 foreign = granted << XS_P2M_MFN_SHIFT | XS_P2M_PRESENT | XS_P2M_FOREIGN;
  d.m.memory.word(leaf, 7) = foreign;
  CHECK(d.reads(granted) == 0);
  CHECK(d.writes(granted) == 1);
  d.m.memory.word(leaf, 7) = foreign | XS_P2M_WRITABLE;
  CHECK(d.writes(granted) == 1);
  d.m.memory.word(leaf, 7) = 0;
  CHECK(d.reads(granted) == 2);
}

TEST_CASE("a device reaches what its domain may, while it is that domain's") {
  Devices d;
  d.m.mark(XS_MARK_DEVICE, granter, Devices::page);
  CHECK(d.writes(granted) == 0);
  CHECK(d.reads(own) == 1);  // dom0's
  CHECK(d.m.observer->isolation_violations()[0].text.starts_with(
      "the block device of dom1 in slot 22 reads frame 0x61 of dom0"));
  d.registers -= 0x1000;  // another page, which dom0 has kept
  CHECK(d.reads(own) == 1);
  d.registers += 0x1000;
  d.m.mark(XS_MARK_DEVICE, 0, Devices::page);
  CHECK(d.writes(own) == 1);
  CHECK(d.writes(granted) == 2);
}

TEST_CASE("without dom0 nobody is to blame, and without the monitor nothing is looked at") {
  ObserverOptions options;
  options.isolation_monitor = GENERATE(false, true);
  FakeMachine m(options);
  m.boot();
  if (!options.isolation_monitor) m.create(0, 0x41);
  m.observer->on_dma({"block", 22, 0x10000, 4096, true, 0});
  CHECK(m.observer->counters().dma_writes == 1);
  CHECK(m.observer->counters().isolation_violations == 0);
}
