// Superpages of P2Ms: contiguous memory has one entry of level 2, whatever reads it finds what single entries
// would say; the first frame that goes takes it apart, or nothing changes when there is no memory for that.
// And a shadow entry of 2 MiB lives no longer than the superpage it was made from.
#include <catch2/catch.hpp>

#include "hypervisor/arch/x86_64/mm_guest_walk.h"
#include "hypervisor/arch/x86_64/mm_shadow.h"
#include "hypervisor/arch/x86_64/mm_vcpu.h"
#include "hypervisor/common/grant_table.h"
#include "hypervisor/common/memory_model.h"
#include "machine.h"

using namespace hvtest;

namespace {
constexpr Pte kRw = kPtePresent | kPteWritable;
constexpr unsigned kOrder = P2m::kSuperpageOrder;
constexpr u64 kFrames = 1ull << kOrder;

/// Three superpages from GFN 0 on, a table page behind them. The L2 maps [0, 6 MiB) in pages of 2 MiB.
struct Guest {
  Domain* domain;
  Vcpu* vcpu = new Vcpu();
  u64 before;
  static constexpr Gfn l4 = 3 * kFrames, l3 = l4 + 1, l2 = l4 + 2;

  explicit Guest(DomId id) {
    boot();
    p2m_keep_superpages(true);
    before = heap_free_frames();
    domain = add_domain(id, 4 * kFrames, XS_MODEL_TRANSLATED);
    domain->max_vcpus = 1;
    vcpu->domain = domain;
    domain->vcpu[0] = vcpu;
    REQUIRE(shadow_create(vcpu) == 0);
    for (Gfn g = 0; g < 3 * kFrames; g += kFrames) REQUIRE(populate(g, kOrder) == 0);
    for (Gfn g = l4; g <= l2; g++) REQUIRE(populate(g, 0) == 0);
    words(frame(l4))[0] = make_pte(l3, kRw);
    words(frame(l3))[0] = make_pte(l2, kRw);
    for (u64 i = 0; i < 3; i++) words(frame(l2))[i] = make_pte(i * kFrames, kRw | kPteLarge);
    REQUIRE(vcpu_set_kernel_table(vcpu, l4) == 0);
  }
  ~Guest() {
    domain->dying = true;
    while (mm_domain_relinquish(domain) != 0) {
    }
    CHECK(heap_free_frames() == before);
    CHECK(broken_invariant() == "");
    mm_domain_destroy(domain);
    delete vcpu;
    delete domain;
  }

  int populate(Gfn gfn, unsigned order) {
    MmGuard guard;
    Mfn mfn;
    if (domain_alloc_frames(domain, order, kAnyAddressBits, mfn) != 0) return -XEN_ENOMEM;
    const int rc = domain->mm.model->populate(domain, gfn, mfn, order);
    for (u64 n = 0; rc != 0 && n < 1ull << order; n++) frame_drop_allocation(mfn + n);
    return rc;
  }
  int remove(Gfn gfn) {
    MmGuard guard;
    return domain->mm.model->remove(domain, gfn);
  }
  Mfn frame(Gfn gfn) const { return domain->mm.model->frame_of(domain, gfn); }
  bool is_superpage(Gfn gfn) const {
    return p2m_contiguous(domain->mm.p2m, gfn, p2m_get(domain->mm.p2m, gfn), kOrder) == kOrder &&
           p2m_leaf(domain->mm.p2m, gfn) == kInvalidMfn;
  }
  /// All memory of the machine that is left, and back.
  std::vector<Mfn> take_everything() const {
    std::vector<Mfn> taken;
    for (Mfn mfn; (mfn = alloc_frame()) != kInvalidMfn;) taken.push_back(mfn);
    return taken;
  }
  static void give(const std::vector<Mfn>& taken) {
    for (const Mfn mfn : taken) free_frame(mfn);
  }
  bool fill(Vaddr va, u32 access = kFaultWrite) const {
    u32 code = access | kFaultUser;
    return shadow_fill(vcpu, true, va, code);
  }
  /// What the CPU would find, and at which level; 0: nothing.
  Pte cached(Vaddr va, unsigned& level) const {
    Mfn table = vcpu->arch.shadow.root[0].l4;
    for (level = kTopLevel; level > 0; level--) {
      const Pte pte = words(table)[table_slot(va, level)];
      if (!(pte & kPtePresent)) return 0;
      if (level == 1 || (pte & kPteLarge)) return pte;
      table = pte_mfn(pte);
    }
    return 0;
  }
};
}  // namespace

TEST_CASE("contiguous memory is kept in superpages, and reads as single entries do") {
  Guest g(1);
  for (Gfn n = 0; n < 3 * kFrames; n++) {
    CHECK(g.is_superpage(n));
    CHECK(g.frame(n) == g.frame(n / kFrames * kFrames) + n % kFrames);
    CHECK(m2p_get(g.frame(n)) == n);
    CHECK(p2m_get(g.domain->mm.p2m, n) == p2m_entry_for(g.frame(n), XS_P2M_WRITABLE));
  }
  u64 entry, found = 0;
  for (Gfn next = 0; p2m_next(g.domain->mm.p2m, next, entry); next++, found++)
    CHECK(p2m_entry_mfn(entry) == g.frame(next));
  CHECK(found == g.domain->mm.total_pages);
  // Root, levels 3 and 2, the leaf with the tables.
  CHECK(g.domain->mm.p2m.pages == 4);
}

TEST_CASE("a frame that goes shatters its superpage and no other; one that comes back does not mend it") {
  Guest g(2);
  const Mfn first = g.frame(kFrames);
  REQUIRE(g.remove(kFrames + 7) == 0);
  CHECK(g.is_superpage(0));
  CHECK_FALSE(g.is_superpage(kFrames));
  CHECK(g.is_superpage(2 * kFrames));
  CHECK(g.frame(kFrames + 7) == kInvalidMfn);
  for (Gfn n = 0; n < kFrames; n++)
    if (n != 7) CHECK(g.frame(kFrames + n) == first + n);
  REQUIRE(g.populate(kFrames + 7, 0) == 0);
  CHECK_FALSE(g.is_superpage(kFrames));
  CHECK(broken_invariant() == "");
}

TEST_CASE("2 MiB that come back in one piece are a superpage again; its leaf serves the next one") {
  Guest g(3);
  for (Gfn n = 0; n < kFrames; n++) REQUIRE(g.remove(n) == 0);
  const u64 pages = g.domain->mm.p2m.pages;
  const Mfn leaf = p2m_leaf(g.domain->mm.p2m, 0);
  REQUIRE(leaf != kInvalidMfn);
  REQUIRE(g.populate(0, kOrder) == 0);
  CHECK(g.is_superpage(0));
  CHECK(g.domain->mm.p2m.pages == pages);
  const std::vector<Mfn> taken = g.take_everything();
  REQUIRE(g.remove(2 * kFrames) == 0);
  Guest::give(taken);
  CHECK(p2m_leaf(g.domain->mm.p2m, 2 * kFrames) == leaf);
  CHECK(g.frame(2 * kFrames) == kInvalidMfn);
  CHECK(g.frame(2 * kFrames + 1) != kInvalidMfn);
}

TEST_CASE("without memory for a leaf nothing changes") {
  Guest g(4);
  const Mfn mfn = g.frame(5);
  const std::vector<Mfn> taken = g.take_everything();
  const int rc = g.remove(5);
  Mfn stolen = kInvalidMfn;
  int left;
  {
    MmGuard guard;
    left = g.domain->mm.model->steal(g.domain, 6, stolen);
  }
  Guest::give(taken);
  CHECK(rc == -XEN_ENOMEM);
  CHECK(left == GNTST_bad_page);
  CHECK(g.is_superpage(5));
  CHECK(g.frame(5) == mfn);
  CHECK(m2p_get(mfn) == 5);
  CHECK(refs(mfn) == 1);
  CHECK(g.domain->mm.total_pages == 3 * kFrames + 3);
  CHECK(g.remove(5) == 0);
}

TEST_CASE("neither what is not aligned nor what is unwanted becomes a superpage") {
  Guest g(5);
  for (Gfn n = 0; n < kFrames; n++) REQUIRE(g.remove(n) == 0);
  SECTION("switched off") {
    p2m_keep_superpages(false);
    REQUIRE(g.populate(0, kOrder) == 0);
    p2m_keep_superpages(true);
    CHECK(p2m_leaf(g.domain->mm.p2m, 0) != kInvalidMfn);
  }
  SECTION("in the way") {
    REQUIRE(g.populate(3, 0) == 0);
    CHECK(g.populate(0, kOrder) == -XEN_EINVAL);
    CHECK(g.frame(0) == kInvalidMfn);
    CHECK(g.remove(3) == 0);
    CHECK(g.populate(kFrames / 2, kOrder) == -XEN_EINVAL);
  }
  SECTION("across two") {
    for (Gfn n = kFrames; n < 2 * kFrames; n++) REQUIRE(g.remove(n) == 0);
    REQUIRE(g.populate(kFrames / 2, kOrder) == 0);
    CHECK(p2m_leaf(g.domain->mm.p2m, kFrames / 2) != kInvalidMfn);
    CHECK(p2m_leaf(g.domain->mm.p2m, kFrames) != kInvalidMfn);
  }
}

TEST_CASE("contiguity is that of aligned blocks with the same rights") {
  Guest g(6);
  const P2m& p2m = g.domain->mm.p2m;
  CHECK(p2m_contiguous(p2m, 9, p2m_get(p2m, 9), 0) == 0);
  CHECK(p2m_contiguous(p2m, 9, p2m_get(p2m, 9), 8) == 8);
  REQUIRE(g.remove(64) == 0);
  CHECK(p2m_contiguous(p2m, 64, p2m_get(p2m, 64), 8) == 0);
  CHECK(p2m_contiguous(p2m, 65, p2m_get(p2m, 65), 8) == 0);
  CHECK(p2m_contiguous(p2m, 67, p2m_get(p2m, 67), 8) == 1);
  CHECK(p2m_contiguous(p2m, 70, p2m_get(p2m, 70), 8) == 2);
  CHECK(p2m_contiguous(p2m, 72, p2m_get(p2m, 72), 8) == 3);
  CHECK(p2m_contiguous(p2m, 80, p2m_get(p2m, 80), 8) == kMostCompared);
  CHECK(p2m_contiguous(p2m, 80, p2m_get(p2m, 80), 2) == 2);
  MmGuard guard;
  REQUIRE(p2m_set(g.domain, 81, p2m_get(p2m, 81) & ~XS_P2M_WRITABLE) == 0);
  CHECK(p2m_contiguous(p2m, 80, p2m_get(p2m, 80), 8) == 0);
  REQUIRE(p2m_set(g.domain, 81, p2m_get(p2m, 81) | XS_P2M_WRITABLE) == 0);
}

TEST_CASE("superpages that follow each other are larger still") {
  Guest g(7);
  const bool together = g.frame(kFrames) == g.frame(0) + kFrames && g.frame(0) % (2 * kFrames) == 0;
  CHECK(p2m_contiguous(g.domain->mm.p2m, 5, p2m_get(g.domain->mm.p2m, 5), 16) ==
        (together ? kOrder + 1 : kOrder));
  CHECK(p2m_contiguous(g.domain->mm.p2m, 2 * kFrames, p2m_get(g.domain->mm.p2m, 2 * kFrames), 16) == kOrder);
}

TEST_CASE("a shadow entry of 2 MiB goes with the superpage") {
  Guest g(8);
  unsigned level;
  REQUIRE(g.fill(0x1234));
  Pte pte = g.cached(0x1ff000, level);
  CHECK(level == 2);
  CHECK(pte_mfn(pte & ~kPtePat) == g.frame(0));
  CHECK((pte & kPteWritable));
  REQUIRE(g.remove(17) == 0);
  CHECK(g.cached(0x1234, level) == 0);
  CHECK_FALSE(g.fill(17 << kPageShift));
  REQUIRE(g.fill(18 << kPageShift));
  pte = g.cached(18 << kPageShift, level);
  CHECK(level == 1);
  CHECK(pte_mfn(pte) == g.frame(18));
  CHECK(g.cached(17 << kPageShift, level) == 0);
  REQUIRE(g.fill(kFrames << kPageShift));
  CHECK(g.cached(kFrames << kPageShift, level) != 0);
  CHECK(level == 2);
}

TEST_CASE("a flush of any address takes a shadow entry of 2 MiB, and that alone") {
  Guest g(9);
  unsigned level;
  REQUIRE(g.fill(0));
  REQUIRE(g.fill(kFrames << kPageShift));
  {
    MmGuard guard;
    CHECK(shadow_drop(g.vcpu, 0x5000) == 0x5000);
  }
  CHECK(g.cached(0, level) == 0);
  CHECK(g.cached(kFrames << kPageShift, level) != 0);
}

TEST_CASE("a flush of any address takes all parts of a page of 2 MiB, and no more") {
  Guest g(11);
  unsigned level;
  REQUIRE(g.remove(17) == 0);
  REQUIRE(g.fill(18 << kPageShift));
  REQUIRE(g.fill(19 << kPageShift));
  REQUIRE(g.fill(kFrames << kPageShift));
  {
    MmGuard guard;
    CHECK(shadow_drop(g.vcpu, 19 << kPageShift) == kFlushAll);
  }
  CHECK(g.cached(18 << kPageShift, level) == 0);
  CHECK(g.cached(kFrames << kPageShift, level) != 0);
  REQUIRE(g.fill(18 << kPageShift));
  CHECK(g.cached(18 << kPageShift, level) != 0);
  CHECK(level == 1);
}

TEST_CASE("a page of 2 MiB that was only read is not writable, and one without dirty comes once more") {
  Guest g(10);
  unsigned level;
  REQUIRE(g.fill(0x1000, 0));
  CHECK((g.cached(0x1000, level) & kPteWritable) == 0);
  CHECK((words(g.frame(Guest::l2))[0] & kPteDirty) == 0);
  REQUIRE(g.fill(0x3000));
  CHECK((g.cached(0x1000, level) & kPteWritable) != 0);
  CHECK((words(g.frame(Guest::l2))[0] & kPteDirty) != 0);
}
