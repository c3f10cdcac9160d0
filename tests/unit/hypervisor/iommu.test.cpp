// What the IOMMU's tables say of frames, as their owners, their types and the grants of them change.
#include "hypervisor/common/iommu.h"
#include "grants_world.h"
#include "hypervisor/arch/x86_64/mm_tables.h"

using namespace hvtest;

namespace {

constexpr unsigned kSlot = 7;
constexpr u64 kBoth = XS_IOMMU_READ | XS_IOMMU_WRITE;

u64 root_of(unsigned slot) {
  const u32* at = iommu_registers + XS_IOMMU_ROOT(slot) / 4;
  return u64{at[1]} << 32 | at[0];
}

/// As the device's transfers would find it.
u64 rights(Mfn mfn, unsigned slot = kSlot) {
  u64 entry = root_of(slot), all = entry & XS_IOMMU_VALID ? kBoth : 0;
  for (unsigned level = XS_IOMMU_LEVELS; all != 0 && level-- > 0;) {
    entry = words((entry & XS_IOMMU_PAGE) >> kPageShift)[mfn >> (9 * level) & 511];
    all &= entry;
  }
  return all;
}

bool flushed() {
  u32& written = iommu_registers[XS_IOMMU_FLUSH / 4];
  return std::exchange(written, 0) != 0;
}

/// Two domains; the device in kSlot is the user's until the end.
struct Devices {
  World w;
  Party &granter = *w.granter, &user = *w.user;
  explicit Devices(std::pair<xs_memory_model, xs_memory_model> models)
      : w(prepared(models.first), models.second) {
    REQUIRE(iommu_assign(kSlot, user.domain) == 0);
    flushed();
  }
  ~Devices() { iommu_domain_ends(user.domain); }
  static xs_memory_model prepared(xs_memory_model model) {
    boot();
    if (!iommu_in_use()) iommu_init(0);
    return model;
  }
  Mfn granted() const { return granter.frame(granter.names[10]); }
};

#define EACH_PAIR_WITH_DEVICES()           \
  Devices d(kPairs[GENERATE(0, 1, 2, 3)]); \
  Party &granter = d.granter, &user = d.user

}  // namespace

TEST_CASE("all devices are domain 0's at first, and reach nothing before it has something") {
  Devices::prepared(XS_MODEL_DIRECT);
  CHECK(iommu_registers[XS_IOMMU_CONTROL / 4] == 1);
  for (unsigned slot = 0; slot < kIommuSlots; slot++) CHECK(root_of(slot) == root_of(0));
  CHECK((root_of(0) & XS_IOMMU_VALID) != 0);
  CHECK(root_of(kIommuSlots) == 0);
  for (Mfn mfn = 0; mfn < kLowFrames; mfn++) REQUIRE(rights(mfn, 0) == 0);
}

TEST_CASE("a device reaches what is its domain's when it gets it, but for tables in use") {
  EACH_PAIR_WITH_DEVICES();
  CHECK(root_of(kSlot) != root_of(0));
  for (const u64 name : user.names) {
    const Mfn mfn = user.frame(name);
    const bool table = user.l1 != 0 && name <= user.l1;
    CHECK(rights(mfn) == (table ? XS_IOMMU_READ : kBoth));
    CHECK(rights(mfn, 0) == 0);
  }
  for (const u64 name : granter.names) CHECK(rights(granter.frame(name)) == 0);
  CHECK(rights(root_of(kSlot) >> kPageShift) == 0);
}

TEST_CASE("frames that come and go") {
  EACH_PAIR_WITH_DEVICES();
  const u64 name = user.add_frame(100);
  const Mfn mfn = user.frame(name);
  CHECK(rights(mfn) == kBoth);
  CHECK_FALSE(flushed());
  {
    MmGuard guard;
    REQUIRE(user.domain->mm.model->remove(user.domain, name) == 0);
  }
  CHECK(frame_owner(mfn) == XS_OWNER_FREE);
  CHECK(rights(mfn) == 0);
  CHECK(flushed());
  const Mfn others = granter.frame(granter.add_frame(100));
  CHECK(rights(others) == 0);
  MmGuard guard;
  frame_change_owner(granter.domain, user.domain, others);
  CHECK(rights(others) == kBoth);
  frame_change_owner(user.domain, granter.domain, others);
  CHECK(rights(others) == 0);
  CHECK(flushed());
}

TEST_CASE("a page table is not written, whosever it is") {
  Devices d(kPairs[0]);
  const Mfn mfn = d.user.frame(d.user.names[20]);
  memset(words(mfn), 0, kPageSize);
  {
    MmGuard guard;
    REQUIRE(type_pin(mfn, XS_FRAME_L1, d.user.domain) == 0);
    CHECK(rights(mfn) == XS_IOMMU_READ);
    CHECK(flushed());
    REQUIRE(type_unpin(mfn, d.user.domain) == 0);
    CHECK(rights(mfn) == kBoth);
    words(mfn)[0] = ~0ull;  // no entry that a table may have
    REQUIRE(type_pin(mfn, XS_FRAME_L1, d.user.domain) != 0);
  }
  CHECK(rights(mfn) == kBoth);
  // The user overwrites what shows the frame: the granter may do with it what it likes.
  d.granter.grant(9, d.user, d.granter.names[10]);
  REQUIRE(d.user.map(d.granter, 9).status == GNTST_okay);
  const Pte shown = std::exchange(words(d.user.l1)[kPlaceSlot], 0);
  memset(words(d.granted()), 0, kPageSize);
  {
    MmGuard guard;
    entry_put(1, shown, d.user.domain);
    REQUIRE(type_pin(d.granted(), XS_FRAME_L1, d.granter.domain) == 0);
    CHECK(rights(d.granted()) == XS_IOMMU_READ);
    REQUIRE(type_unpin(d.granted(), d.granter.domain) == 0);
  }
}

TEST_CASE("what is granted is reached as it is granted, as long as it is mapped") {
  EACH_PAIR_WITH_DEVICES();
  const bool readonly = GENERATE(false, true);
  granter.grant(9, user, granter.names[10], GTF_permit_access | (readonly ? GTF_readonly : 0));
  const auto op = user.map(granter, 9, GNTMAP_host_map | (readonly ? GNTMAP_readonly : 0));
  REQUIRE(op.status == GNTST_okay);
  CHECK(rights(d.granted()) == (readonly ? XS_IOMMU_READ : kBoth));
  CHECK(rights(d.granted(), 0) == 0);
  CHECK_FALSE(flushed());
  CHECK(user.unmap(op) == GNTST_okay);
  CHECK(rights(d.granted()) == 0);
  CHECK(flushed());
}

TEST_CASE("mappings are counted, for writing and for reading") {
  EACH_PAIR_WITH_DEVICES();
  const bool by_entry = user.l1 != 0;
  granter.grant(9, user, granter.names[10]);
  granter.grant(10, user, granter.names[10], GTF_permit_access | GTF_readonly);
  const auto write = user.map(granter, 9);
  gnttab_map_grant_ref read = {};
  read.host_addr = kPlace + kPageSize;
  read.flags = GNTMAP_host_map | GNTMAP_readonly | (by_entry ? GNTMAP_device_map : 0);
  read.ref = 10;
  read.dom = granter.domain->id;
  REQUIRE(call(GNTTABOP_map_grant_ref, &read) == 0);
  REQUIRE(read.status == GNTST_okay);
  CHECK(user.unmap(write) == GNTST_okay);
  CHECK(rights(d.granted()) == XS_IOMMU_READ);
  CHECK(flushed());
  CHECK(user.unmap(read, kPlace + kPageSize) == GNTST_okay);
  CHECK(rights(d.granted()) == (by_entry ? XS_IOMMU_READ : 0));
  if (by_entry) CHECK(user.unmap(read, 0, read.dev_bus_addr) == GNTST_okay);
  CHECK(rights(d.granted()) == 0);
}

TEST_CASE("a mapping that cannot be made leaves no right") {
  EACH_PAIR_WITH_DEVICES();
  granter.grant(9, user, granter.names[10]);
  gnttab_map_grant_ref op = {};
  op.host_addr = ~0ull << 12;
  op.flags = GNTMAP_host_map;
  op.ref = 9;
  op.dom = granter.domain->id;
  user.as_caller();
  REQUIRE(call(GNTTABOP_map_grant_ref, &op) == 0);
  CHECK(op.status != GNTST_okay);
  CHECK(rights(d.granted()) == 0);
  CHECK(flushed());
}

TEST_CASE("a device that comes later reaches what its domain has mapped before") {
  EACH_PAIR_WITH_DEVICES();
  granter.grant(9, user, granter.names[10]);
  const auto op = user.map(granter, 9);
  iommu_domain_ends(user.domain);
  CHECK(root_of(kSlot) == 0);
  CHECK(flushed());
  CHECK(rights(d.granted()) == 0);
  REQUIRE(iommu_assign(kSlot, user.domain) == 0);
  CHECK(rights(d.granted()) == kBoth);
  REQUIRE(iommu_assign(kSlot + 1, user.domain) == 0);
  CHECK(root_of(kSlot + 1) == root_of(kSlot));
  CHECK(user.unmap(op) == GNTST_okay);
  CHECK(rights(d.granted()) == 0);
}

TEST_CASE("slots and domains beyond what there is") {
  Devices d(kPairs[0]);
  CHECK(iommu_assign(kIommuSlots, d.user.domain) == -XEN_EINVAL);
  d.granter.domain->dying = true;
  CHECK(iommu_assign(kSlot, d.granter.domain) == -XEN_EINVAL);
  d.granter.domain->dying = false;
  const u64 root = root_of(kSlot);
  REQUIRE(iommu_assign(kSlot, d.granter.domain) == 0);  // the user has no device any more
  CHECK(root_of(kSlot) != root);
  CHECK(rights(d.user.frame(d.user.names[10])) == 0);
  CHECK(rights(d.granter.frame(d.granter.names[10])) == kBoth);
  iommu_domain_ends(d.granter.domain);
}
