// The IOMMU against ownership: what a device could reach is what its domain, dom0, owns or has mapped.
#include <catch2/catch.hpp>

#include "fake_grants.h"
#include "hypervisor/abi/iommu.h"

using namespace xs;
using namespace xs::observe;
using namespace xs::test;

namespace {

constexpr u64 own = 0x61, own_table = 0x62, both = XS_IOMMU_READ | XS_IOMMU_WRITE;

struct Devices : Grants {
  bool enabled = true;
  std::map<u64, u64> reach;  // of the device in slot 22

  Devices() {
    m.give(0, own, 1);
    m.give(0, own_table, 2);
    m.set_type(own_table, FakeMachine::type(XS_FRAME_L1, 1, true));
    reach = {{own, both}, {own_table, XS_IOMMU_READ}, {0x41, both}};
    m.observer->watch_iommu({{22},
                             [](unsigned) { return u64{0xfeb02c00}; },
                             [this](unsigned slot, u64 mfn) -> std::optional<u64> {
                               if (!enabled) return std::nullopt;
                               const auto found = reach.find(mfn);
                               return slot == 22 && found != reach.end() ? found->second : 0;
                             }});
  }
  /// Of all that is checked between operations: findings about DMA.
  std::vector<std::string> findings() {
    std::vector<std::string> out;
    for (const Violation& v : m.observer->check_invariants().violations)
      if (v.which == Invariant::dma) out.push_back(v.text.substr(0, v.text.find(';')));
    return out;
  }
  u64 told() { return counters().isolation_violations; }
  std::string last_told() { return m.observer->isolation_violations().back().text; }
};

}  // namespace

TEST_CASE("an IOMMU that lets dom0's devices reach what is dom0's") {
  Devices d;
  CHECK(d.findings().empty());
  d.reach[own] = 0;
  d.reach[0x41] = XS_IOMMU_READ;
  CHECK(d.findings() ==
        std::vector<std::string>{
            "the IOMMU does not let the device of dom0 in slot 22 write frame 0x41, its own",
            "the IOMMU does not let the device of dom0 in slot 22 read and write frame 0x61, its own"});
  d.enabled = false;
  CHECK(d.findings().empty());
}

TEST_CASE("rights to what is not dom0's are found between operations") {
  constexpr struct {
    u64 mfn;
    const char* found;
  } cases[] = {{0x10, "read and write frame 0x10 of xen"},
               {0x80, "read and write frame 0x80 of free"},
               {granted, "read and write frame 0x60 of dom1"},
               {own_table, "write frame 0x62 of dom0, a table in use"}};
  for (const auto& c : cases) {
    Devices d;
    d.reach[c.mfn] = both;
    CHECK(d.findings() ==
          std::vector<std::string>{std::string("the IOMMU lets the device of dom0 in slot 22 ") + c.found});
  }
}

TEST_CASE("a right that is left when the frame changes hands is told at once") {
  Devices d;
  const bool left = GENERATE(false, true);
  d.reach[own] = left ? XS_IOMMU_READ : 0;
  d.m.set_owner(own, XS_OWNER_FREE);
  CHECK(d.told() == (left ? 1 : 0));
  if (left)
    CHECK(
        d.last_told().starts_with("the IOMMU lets the device of dom0 in slot 22 read frame 0x61 of free; "));
}

TEST_CASE("a right to write that is left when the frame becomes a table is told at once") {
  Devices d;
  const bool left = GENERATE(false, true);
  d.reach[own] = left ? both : u64{XS_IOMMU_READ};
  d.m.set_type(own, FakeMachine::type(XS_FRAME_L2, 1, true));
  CHECK(d.told() == (left ? 1 : 0));
}

TEST_CASE("rights by grants last as long as a mapping, as it is") {
  Devices d;
  d.entry(GTF_permit_access | GTF_reading, 0);
  d.use(XS_GRANT_MAP, 0, 0);
  d.reach[granted] = XS_IOMMU_READ;
  CHECK(d.findings().empty());
  d.reach[granted] = both;
  CHECK(d.findings().size() == 1);
  d.entry(GTF_permit_access | GTF_reading | GTF_writing, 0);
  d.use(XS_GRANT_MAP, XS_GRANT_WRITE, 0);
  CHECK(d.findings().empty());
  d.reach[granted] = XS_IOMMU_READ;
  d.m.grant(XS_GRANT_UNMAP, granter, 0, ref, granted, XS_GRANT_WRITE);
  CHECK(d.told() == 0);
  d.m.grant(XS_GRANT_UNMAP, granter, 0, ref, granted, 0);
  CHECK(d.told() == 1);
  CHECK(d.last_told().starts_with("the IOMMU lets the device of dom0 in slot 22 read frame 0x60 of dom1; "));
}

TEST_CASE("what is counted of an IOMMU") {
  Devices d;
  d.m.mark(XS_MARK_IOMMU, 0, both, own);
  d.m.mark(XS_MARK_IOMMU, 0, both << 8 | XS_IOMMU_READ, own);
  d.m.mark(XS_MARK_IOMMU, 0, XS_IOMMU_READ << 8 | both, own);
  CHECK(d.counters().iommu_maps == 2);
  CHECK(d.counters().iommu_unmaps == 1);
  CHECK(d.counters().rejected == 0);
}

TEST_CASE("a refused transfer is told and does not happen") {
  struct Told : Listener {
    std::vector<std::string> lines;
    void on_dma_refused(const std::string& text) override { lines.push_back(text); }
  } told;
  Devices d;
  d.m.observer->set_listener(&told);
  for (int i = 0; i < 30; ++i)
    d.m.observer->on_dma_refused({"block", 22, (granted << 12) + 0x100, 16, true, 5'000'000});
  CHECK(d.counters().dma_refused == 30);
  CHECK(d.counters().dma_writes == 0);
  CHECK(d.told() == 0);
  REQUIRE(told.lines.size() == 20);
  CHECK(told.lines[0] ==
        "the block device of dom0 in slot 22 writes to frame 0x60 of dom1 (16 bytes at 0x60100): the IOMMU "
        "refuses it");
  d.m.observer->set_listener(nullptr);
}
