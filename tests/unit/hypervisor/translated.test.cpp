// Model `translated`: the P2M and what is cached of it. A cached translation never outlives the entry it was
// made from, whatever the guest does to its tables; and everything comes back when the domain ends.
#include <catch2/catch.hpp>

#include <map>
#include <random>

#include "hypervisor/arch/x86_64/arch_hypercalls.h"
#include "hypervisor/arch/x86_64/mm_guest_walk.h"
#include "hypervisor/arch/x86_64/mm_shadow.h"
#include "hypervisor/arch/x86_64/mm_vcpu.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/memory_model.h"
#include "machine.h"

using namespace hvtest;

namespace {
constexpr Pte kRw = kPtePresent | kPteWritable, kRo = kPtePresent;

/// A translated domain with one VCPU and tables that map GFN n at n * 4096, n < mapped.
struct Guest {
  Domain* domain;
  Vcpu* vcpu = new Vcpu();
  u64 before;
  static constexpr Gfn l4 = 100, l3 = 101, l2 = 102, l1 = 103;

  explicit Guest(DomId id, u64 pages = 128, bool privileged = false) {
    boot();
    before = heap_free_frames();
    domain = add_domain(id, pages, XS_MODEL_TRANSLATED);
    domain->privileged = privileged;
    domain->max_vcpus = 1;
    vcpu->domain = domain;
    domain->vcpu[0] = vcpu;
    REQUIRE(shadow_create(vcpu) == 0);
    for (Gfn g = 0; g < pages; g++) REQUIRE(populate(g) == 0);
    at(l4)[0] = make_pte(l3, kRw);
    at(l3)[0] = make_pte(l2, kRw);
    at(l2)[0] = make_pte(l1, kRw);
    for (Gfn g = 0; g < 100; g++) at(l1)[g] = make_pte(g, kRw);
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

  int populate(Gfn gfn) {
    MmGuard guard;
    Mfn mfn;
    if (domain_alloc_frames(domain, 0, kAnyAddressBits, mfn) != 0) return -XEN_ENOMEM;
    const int rc = domain->mm.model->populate(domain, gfn, mfn, 0);
    if (rc != 0) frame_drop_allocation(mfn);
    return rc;
  }
  int remove(Gfn gfn) {
    MmGuard guard;
    return domain->mm.model->remove(domain, gfn);
  }
  Mfn frame(Gfn gfn) const { return domain->mm.model->frame_of(domain, gfn); }
  u64* at(Gfn gfn) const { return words(frame(gfn)); }
  bool fill(Vaddr va, u32 access, u32* told = nullptr) {
    u32 code = access | kFaultUser;
    const bool done = shadow_fill(vcpu, true, va, code);
    if (told != nullptr) *told = code;
    return done;
  }
  /// What the CPU would find: the shadow's leaf entry, 0 where it stops.
  Pte cached(Vaddr va) const {
    Mfn table = vcpu->arch.shadow.root[0].l4;
    for (unsigned level = kTopLevel; level > 1; level--) {
      const Pte pte = words(table)[table_slot(va, level)];
      if (!(pte & kPtePresent)) return 0;
      table = pte_mfn(pte);
    }
    return words(table)[table_slot(va, 1)];
  }
};
}  // namespace

TEST_CASE("P2M and M2P agree; what cannot be named is refused") {
  Guest g(20);
  for (Gfn n = 0; n < 128; n++) CHECK(m2p_get(g.frame(n)) == n);
  const u64 owned = g.domain->mm.total_pages;
  g.domain->mm.max_pages++;
  CHECK(g.populate(5) == -XEN_EINVAL);
  CHECK(g.domain->mm.total_pages == owned);
  CHECK(g.remove(1ull << 40) == -XEN_EINVAL);
  REQUIRE(g.remove(5) == 0);
  CHECK(g.remove(5) == -XEN_EINVAL);
  CHECK(g.frame(5) == kInvalidMfn);
  CHECK(g.populate(P2m::kGfns) == -XEN_EINVAL);
  REQUIRE(g.populate(P2m::kGfns - 1) == 0);
  CHECK(m2p_get(g.frame(P2m::kGfns - 1)) == P2m::kGfns - 1);
  Gfn next = 128;
  u64 entry;
  CHECK(p2m_next(g.domain->mm.p2m, next, entry));
  CHECK(next == P2m::kGfns - 1);
  next = 5;
  CHECK(p2m_next(g.domain->mm.p2m, next, entry));
  CHECK(next == 6);
}

TEST_CASE("a guest that scatters its frames runs into a limit, not the machine") {
  Guest g(21);
  unsigned placed = 0;
  for (Gfn n = 1; n < 100; n++) {
    REQUIRE(g.remove(n - 1) == 0);
    placed += g.populate(n << 27) == 0;
    if (g.domain->mm.total_pages < 128) break;
  }
  CHECK(placed > 5);
  CHECK(g.domain->mm.p2m.pages <= 64);
}

TEST_CASE("fills obey rights, set accessed and dirty, and stop at what is not there") {
  Guest g(22);
  u32 told;
  REQUIRE(g.fill(0x3000, 0));
  CHECK(pte_mfn(g.cached(0x3000)) == g.frame(3));
  CHECK((g.cached(0x3000) & kPteWritable) == 0);  // the first store must come to the guest's dirty bit
  CHECK((g.at(Guest::l1)[3] & (kPteAccessed | kPteDirty)) == kPteAccessed);
  CHECK((g.at(Guest::l4)[0] & kPteAccessed) != 0);
  REQUIRE(g.fill(0x3000, kFaultWrite));
  CHECK((g.cached(0x3000) & kPteWritable) != 0);
  CHECK((g.at(Guest::l1)[3] & kPteDirty) != 0);
  g.at(Guest::l1)[4] = make_pte(4, kRo | kPteNoExecute);
  CHECK_FALSE(g.fill(0x4000, kFaultWrite, &told));
  CHECK(told == (kFaultUser | kFaultWrite | kFaultPresent));
  CHECK_FALSE(g.fill(0x4000, kFaultFetch, &told));
  CHECK(told == (kFaultUser | kFaultFetch | kFaultPresent));
  CHECK((g.at(Guest::l1)[4] & (kPteAccessed | kPteDirty)) == 0);
  REQUIRE(g.fill(0x4000, 0));
  CHECK((g.cached(0x4000) & kPteNoExecute) != 0);
  CHECK_FALSE(g.fill(100 * kPageSize, 0, &told));
  CHECK(told == kFaultUser);
  g.at(Guest::l1)[5] = make_pte(1ull << 30, kRw);
  CHECK_FALSE(g.fill(0x5000, kFaultWrite, &told));
  CHECK(told == (kFaultUser | kFaultWrite));
  g.at(Guest::l1)[6] = make_pte(0xfeb00, kRw);  // a device: not for this domain
  CHECK_FALSE(g.fill(0x6000, 0));
  g.at(Guest::l4)[1] = make_pte(Guest::l3, kRw | kPteLarge);
  CHECK_FALSE(g.fill(1ull << 39, 0, &told));
  CHECK(told == (kFaultUser | kFaultPresent | kFaultReserved));
  CHECK_FALSE(g.fill(0xffff800000000000, 0));  // the M2P's address
}

TEST_CASE("a privileged domain reaches devices, RAM of others by foreign entries only") {
  Guest dom0(0, 128, true), other(23);
  dom0.at(Guest::l1)[6] = make_pte(0xfeb00, kRw | kPteCacheDisable | kPteDirty);
  REQUIRE(dom0.fill(0x6000, kFaultWrite));
  CHECK(pte_mfn(dom0.cached(0x6000)) == 0xfeb00);
  CHECK((dom0.cached(0x6000) & kPteCacheDisable) != 0);
  const Mfn mfn = other.frame(9);
  dom0.at(Guest::l1)[7] = make_pte(mfn, kRw);
  CHECK_FALSE(dom0.fill(0x7000, 0));
  const auto& model = *dom0.domain->mm.model;
  MmGuard guard;
  REQUIRE(map_foreign(dom0.domain, 500, other.domain, 9) == 0);
  CHECK(map_foreign(dom0.domain, 500, other.domain, 10) == -XEN_EINVAL);
  CHECK(map_foreign(dom0.domain, 3, other.domain, 10) == -XEN_EINVAL);
  CHECK(map_foreign(dom0.domain, 501, other.domain, 1000) == -XEN_EINVAL);
  CHECK(refs(mfn) == 2);
  CHECK(type_refs(mfn) == 1);
  CHECK(model.remove(dom0.domain, 500) == -XEN_EINVAL);
  // The owner gives it up; it stays its own until the entry goes.
  REQUIRE(other.domain->mm.model->remove(other.domain, 9) == 0);
  CHECK(frame_owner(mfn) == 23);
  REQUIRE(model.unmap(dom0.domain, 500) == 0);
  CHECK(frame_owner(mfn) == XS_OWNER_FREE);
  CHECK(model.unmap(dom0.domain, 500) == -XEN_EINVAL);
}

TEST_CASE("a page table of model direct can be looked at, not written") {
  Guest dom0(0, 128, true);
  Domain* direct = add_domain(24, 16);
  const Mfn l1 = frame_for(direct);
  const auto& model = *dom0.domain->mm.model;
  {
    MmGuard guard;
    REQUIRE(type_pin(l1, XS_FRAME_L1, direct) == 0);
    REQUIRE(map_foreign(dom0.domain, 500, direct, l1) == 0);
  }
  dom0.at(Guest::l1)[7] = make_pte(500, kRw);
  REQUIRE(dom0.fill(0x7000, 0));
  CHECK_FALSE(dom0.fill(0x7000, kFaultWrite));
  {
    MmGuard guard;
    REQUIRE(model.unmap(dom0.domain, 500) == 0);
  }
  CHECK(dom0.cached(0x7000) == 0);
  remove_domain(direct);
}

TEST_CASE("what leaves the P2M is cached nowhere; tables may change without notice") {
  Guest g(25);
  REQUIRE(g.fill(0x8000, kFaultWrite));
  g.at(Guest::l1)[8] = 0;
  CHECK(g.cached(0x8000) != 0);  // as a TLB: until a flush
  shadow_drop(g.vcpu, 0x8000);
  CHECK(g.cached(0x8000) == 0);
  g.at(Guest::l1)[8] = make_pte(8, kRw);
  REQUIRE(g.fill(0x8000, 0));
  REQUIRE(g.fill(0x9000, 0));
  REQUIRE(g.remove(8) == 0);
  CHECK(g.cached(0x8000) == 0);
  CHECK_FALSE(g.fill(0x8000, 0));
  REQUIRE(g.fill(0x9000, 0));
  REQUIRE(g.remove(Guest::l1) == 0);  // a table itself
  CHECK_FALSE(g.fill(0x9000, 0));
}

TEST_CASE("a large page of the guest is cached in parts and flushed as a whole") {
  Guest g(26, 1024);
  g.at(Guest::l2)[3] = make_pte(512, kRw | kPteLarge);
  const Vaddr va = 3ull << 21;
  REQUIRE(g.fill(va, kFaultWrite));
  REQUIRE(g.fill(va + 7 * kPageSize, 0));
  CHECK(pte_mfn(g.cached(va + 7 * kPageSize)) == g.frame(519));
  CHECK(shadow_drop(g.vcpu, va + kPageSize) == kFlushAll);
  CHECK(g.cached(va) == 0);
  CHECK(g.cached(va + 7 * kPageSize) == 0);
}

TEST_CASE("a pool that is too small costs evictions, never a fill") {
  Guest g(27);
  for (unsigned slot = 1; slot < 256; slot++) {  // one L1 below many L2, L3 and L4 entries: three tables each
    g.at(Guest::l4)[slot] = make_pte(Guest::l3, kRw);
    g.at(Guest::l3)[slot] = make_pte(Guest::l2, kRw);
  }
  shadow_events[XS_SHADOW_EVICT] = 0;
  for (u64 slot = 0; slot < 256; slot++) {
    const Vaddr va = slot << 39 | slot << 30 | 0x9000;
    REQUIRE(g.fill(va, kFaultWrite));
    CHECK(pte_mfn(g.cached(va)) == g.frame(9));
  }
  CHECK(shadow_events[XS_SHADOW_EVICT] >= 256 * 3 / 64 - 1);
  REQUIRE(shadow_set_allocation(g.domain, 800) == 0);
  CHECK(shadow_allocation(g.domain) == 800);
  shadow_events[XS_SHADOW_EVICT] = 0;
  for (u64 slot = 0; slot < 256; slot++) REQUIRE(g.fill(slot << 39 | slot << 30 | 0x9000, 0));
  CHECK(shadow_events[XS_SHADOW_EVICT] == 0);
  REQUIRE(shadow_set_allocation(g.domain, 1) == 0);
  CHECK(shadow_allocation(g.domain) == 64);
}

TEST_CASE("descriptor pages are copied, checked, and follow update_descriptor") {
  Guest g(28);
  constexpr u64 flat = 0x00cff3000000ffffull, call_gate = 0x0000ec0000080000ull;
  g.at(10)[1] = flat;
  u64 name = 10;
  REQUIRE(vcpu_set_gdt(g.vcpu, &name, 512) == 0);
  const Mfn copy = g.vcpu->arch.gdt_frames[0];
  CHECK(copy != g.frame(10));
  CHECK(frame_owner(copy) == XS_OWNER_XEN);
  g.at(10)[2] = call_gate;
  CHECK(words(copy)[2] == 0);
  enter(g.vcpu);
  CHECK(do_update_descriptor({{10 * kPageSize + 24, flat}}) == 0);
  CHECK(words(copy)[3] >> 40 == flat >> 40);
  CHECK(do_update_descriptor({{10 * kPageSize + 24, call_gate}}) == -XEN_EINVAL);
  g.at(11)[1] = call_gate;
  name = 11;
  CHECK(vcpu_set_gdt(g.vcpu, &name, 512) == -XEN_EINVAL);
  CHECK(g.vcpu->arch.gdt_names[0] == 10);
}

TEST_CASE("calls about typed tables are refused") {
  Guest g(29);
  enter(g.vcpu);
  mmu_update update{Guest::l1 * kPageSize, 0};
  CHECK(do_mmu_update({{reinterpret_cast<u64>(&update), 1, 0, DOMID_SELF}}) == -XEN_EINVAL);
  CHECK(do_update_va_mapping({{0x3000, 0, 0}}) == -XEN_EINVAL);
  for (u32 cmd : {MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L4_TABLE, MMUEXT_UNPIN_TABLE}) {
    mmuext_op op{};
    op.cmd = cmd;
    op.arg1.mfn = Guest::l4;
    CHECK(do_mmuext_op({{reinterpret_cast<u64>(&op), 1, 0, DOMID_SELF}}) == -XEN_EINVAL);
  }
  CHECK(vcpu_set_kernel_table(g.vcpu, 1ull << 30) == -XEN_EINVAL);
}

TEST_CASE("whatever happens in whatever order, a cached frame is the one that the P2M names") {
  Guest g(30);
  std::mt19937 random(4711);
  const auto below = [&](u32 n) { return random() % n; };
  for (unsigned step = 0; step < 20000; step++) {
    const Gfn gfn = below(100);
    const Vaddr va = u64{below(100)} * kPageSize;
    switch (below(6)) {
      case 0:
        g.remove(gfn);
        break;
      case 1:
        g.populate(gfn);
        break;
      case 2:
        g.at(Guest::l1)[va / kPageSize] = make_pte(below(110), below(2) ? kRw : kRo);
        break;
      case 3:
        shadow_drop(g.vcpu, below(4) ? va : kFlushAll);
        break;
      default:
        g.fill(va, below(2) ? kFaultWrite : 0);
    }
    if (step % 16 != 0) continue;
    for (Vaddr at = 0; at < 100 * kPageSize; at += kPageSize) {
      const Pte pte = g.cached(at);
      if (!(pte & kPtePresent)) continue;
      REQUIRE(frame_owner(pte_mfn(pte)) == 30);
      REQUIRE(g.frame(m2p_get(pte_mfn(pte))) == pte_mfn(pte));
    }
  }
  CHECK(broken_invariant() == "");
}
