// Log-dirty: each way in which a domain's memory is written marks its page, a report tells it once, and what
// is not marked nobody can write unseen.
#include <set>

#include "grants_world.h"
#include "hypervisor/arch/x86_64/mm_guest_walk.h"
#include "hypervisor/common/devices.h"
#include "hypervisor/common/dirty_bits.h"
#include "hypervisor/common/domctl.h"
#include "hypervisor/common/log_dirty.h"

using namespace hvtest;

namespace {
constexpr u64 kPages = 64;

struct Report {
  long rc;
  std::set<Gfn> pages;
  xen_domctl_shadow_op op;
};

/// The domain `granter` is looked at by a third one, as a toolstack would.
struct Toolstack {
  Domain* domain = add_domain(7, 8);
  Vcpu* vcpu = new Vcpu();

  Toolstack() {
    vcpu->domain = domain;
    enter(vcpu);
  }
  ~Toolstack() {
    remove_domain(domain);
    delete vcpu;
  }
  long run(Domain* target, u32 code, u32 mode = 0) const {
    xen_domctl_shadow_op op = {};
    op.op = code;
    op.mode = mode;
    enter(vcpu);
    return log_dirty_op(target, op);
  }
  long on(Domain* target) const { return run(target, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY); }
  long off(Domain* target) const { return run(target, XEN_DOMCTL_SHADOW_OP_OFF); }
  Report report(Domain* target, u32 code, u64 pages = kPages, u8* to = nullptr) const {
    std::vector<u8> bits((pages + 7) / 8 + 1);
    Report r = {};
    r.op.op = code;
    r.op.pages = pages;
    set_xen_guest_handle(r.op.dirty_bitmap, to != nullptr ? to : bits.data());
    enter(vcpu);
    r.rc = log_dirty_op(target, r.op);
    for (u64 i = 0; i < 8 * bits.size(); i++)
      if (bits[i / 8] >> i % 8 & 1) r.pages.insert(i);
    return r;
  }
  Report clean(Domain* target) const { return report(target, XEN_DOMCTL_SHADOW_OP_CLEAN); }
  Report peek(Domain* target) const { return report(target, XEN_DOMCTL_SHADOW_OP_PEEK); }
};

/// GFN 16 and so on are the domain's frames, in either model.
constexpr Gfn gfn_of(unsigned n) { return 16 + n; }

/// A translated domain whose tables map GFN n at n * 4096.
void map_all(const Party& p) {
  const Gfn l4 = gfn_of(0), l3 = gfn_of(1), l2 = gfn_of(2), l1 = gfn_of(3);
  const auto at = [&](Gfn gfn) { return words(p.frame(gfn)); };
  at(l4)[0] = make_pte(l3, kPtePresent | kPteWritable);
  at(l3)[0] = make_pte(l2, kPtePresent | kPteWritable);
  at(l2)[0] = make_pte(l1, kPtePresent | kPteWritable);
  for (Gfn g = 0; g < kPages; g++) at(l1)[g] = make_pte(g, kPtePresent | kPteWritable | kPteAccessed);
  REQUIRE(vcpu_set_kernel_table(p.vcpu, l4) == 0);
}

bool fill(const Party& p, Vaddr va, u32 access) {
  u32 code = access;
  return shadow_fill(p.vcpu, true, va, code);
}

Pte cached(const Party& p, Vaddr va) {
  Mfn table = p.vcpu->arch.shadow.root[0].l4;
  for (unsigned level = kTopLevel; level > 1; level--) {
    const Pte pte = words(table)[table_slot(va, level)];
    if (!(pte & kPtePresent)) return 0;
    table = pte_mfn(pte);
  }
  return words(table)[table_slot(va, 1)];
}
}  // namespace

TEST_CASE("bits: what is set is told once, for any number of pages") {
  boot();
  const u64 before = heap_free_frames();
  DirtyBits bits;
  bits.frame_limit = 64;
  std::set<Gfn> set;
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; i++) {
    const Gfn gfn = random() % 3 * DirtyBits::kGroup + random() % 100;
    CHECK((dirty_set(bits, gfn) == DirtySet::is_new) == set.insert(gfn).second);
  }
  CHECK(dirty_set(bits, P2m::kGfns - 1) == DirtySet::is_new);
  CHECK(dirty_test(bits, P2m::kGfns - 1));
  CHECK(dirty_next_group(bits, 5) == 0);
  CHECK(dirty_next_group(bits, 2 * DirtyBits::kGroup + 9) == 2 * DirtyBits::kGroup);
  CHECK(dirty_next_group(bits, 3 * DirtyBits::kGroup) == P2m::kGfns - DirtyBits::kGroup);
  CHECK(dirty_next_group(bits, P2m::kGfns) > P2m::kGfns);
  CHECK_FALSE(dirty_test(bits, P2m::kGfns - 2));
  const Mfn copy = alloc_frame();
  std::set<Gfn> told;
  u64 count = 0;
  for (u64 group = 0; group < 3; group++) {
    const Gfn first = group * DirtyBits::kGroup;
    count += dirty_copy(bits, first, 70, true, words(copy));
    for (Gfn g = 0; g < DirtyBits::kGroup; g++)
      if (words(copy)[g / 64] >> g % 64 & 1) told.insert(first + g);
  }
  std::set<Gfn> expected;
  for (Gfn gfn : set)
    if (gfn % DirtyBits::kGroup < 70) expected.insert(gfn);
  CHECK(told == expected);
  CHECK(count == expected.size());
  for (Gfn gfn : set) CHECK(dirty_test(bits, gfn) == (expected.count(gfn) == 0));
  dirty_put_back(bits, 2 * DirtyBits::kGroup, words(copy));
  CHECK(dirty_test(bits, *told.rbegin()));
  dirty_free(bits);
  free_frame(copy);
  CHECK(heap_free_frames() == before);
}

TEST_CASE("bits: who scatters pages runs into a limit") {
  boot();
  DirtyBits bits;
  bits.frame_limit = 8;
  unsigned set = 0;
  for (u64 n = 0; n < 100; n++) set += dirty_set(bits, n * DirtyBits::kGroup) == DirtySet::is_new;
  CHECK(set == 5);  // three levels above them
  CHECK(bits.frames == 8);
  dirty_free(bits);
}

TEST_CASE("errors") {
  EACH_PAIR();
  (void)user;
  const Toolstack tools;
  Domain* d = granter.domain;
  CHECK(tools.clean(d).rc == -XEN_EINVAL);
  CHECK(tools.peek(d).rc == -XEN_EINVAL);
  CHECK(tools.off(d) == 0);
  CHECK(tools.on(tools.domain) == -XEN_EINVAL);
  CHECK(tools.run(d, XEN_DOMCTL_SHADOW_OP_ENABLE, XEN_DOMCTL_SHADOW_ENABLE_TRANSLATE) == -XEN_EOPNOTSUPP);
  CHECK(tools.run(d, 77) == -XEN_EOPNOTSUPP);
  REQUIRE(tools.run(d, XEN_DOMCTL_SHADOW_OP_ENABLE, XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY) == 0);
  CHECK(tools.on(d) == -XEN_EINVAL);
  CHECK(tools.run(d, XEN_DOMCTL_SHADOW_OP_CLEAN, 2) == -XEN_EINVAL);
  CHECK(tools.run(d, XEN_DOMCTL_SHADOW_OP_CLEAN, XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL) == 0);
  CHECK(d->pause_count == 0);
  // A caller that cannot take a report has lost nothing.
  log_dirty_mark(granter.frame(granter.names[9]));
  CHECK(tools.report(d, XEN_DOMCTL_SHADOW_OP_CLEAN, kPages, reinterpret_cast<u8*>(kBadAddress)).rc ==
        -XEN_EFAULT);
  CHECK(tools.clean(d).pages == std::set<Gfn>{gfn_of(9)});
  CHECK(tools.clean(d).pages.empty());
  CHECK(tools.off(d) == 0);
  CHECK(tools.clean(d).rc == -XEN_EINVAL);
}

TEST_CASE("a domain with a device has no log-dirty, one with log-dirty gets none") {
  World w(XS_MODEL_DIRECT, XS_MODEL_DIRECT);
  const Toolstack tools;
  dom0 = w.user->domain;
  xen_domctl op{};
  op.u.iomem_permission = {0xfeb00, 1, 1};
  const auto give = [&](bool allow) {
    op.u.iomem_permission.allow_access = allow;
    return device_domctl_handlers[0].run(w.granter->domain, op);
  };
  REQUIRE(give(true) == 0);
  CHECK(tools.on(w.granter->domain) == -XEN_EBUSY);
  REQUIRE(give(false) == 0);
  CHECK(tools.on(w.granter->domain) == 0);
  CHECK(give(true) == -XEN_EBUSY);
}

TEST_CASE("translated: a store is a fault once between two reports") {
  World w(XS_MODEL_TRANSLATED, XS_MODEL_TRANSLATED);
  const Party& p = *w.granter;
  const Toolstack tools;
  map_all(p);
  const Vaddr va = gfn_of(8) * kPageSize;
  REQUIRE(fill(p, va, kFaultWrite));
  CHECK((cached(p, va) & kPteWritable) != 0);
  REQUIRE(tools.on(p.domain) == 0);
  CHECK(cached(p, va) == 0);
  REQUIRE(fill(p, va, 0));
  CHECK((cached(p, va) & kPteWritable) == 0);
  REQUIRE(fill(p, va, kFaultWrite));
  CHECK((cached(p, va) & kPteWritable) != 0);
  CHECK(tools.peek(p.domain).pages == std::set<Gfn>{gfn_of(8)});
  CHECK((cached(p, va) & kPteWritable) != 0);
  const Report r = tools.clean(p.domain);
  CHECK(r.pages == std::set<Gfn>{gfn_of(8)});
  CHECK(r.op.stats.fault_count == 1);
  CHECK(r.op.stats.dirty_count == 1);
  CHECK(cached(p, va) == 0);
  REQUIRE(fill(p, va, 0));
  CHECK((cached(p, va) & kPteWritable) == 0);
  CHECK(tools.clean(p.domain).pages.empty());
  // The walk marks the guest's tables where it sets a bit in them.
  words(p.frame(gfn_of(3)))[gfn_of(10)] &= ~kPteAccessed;
  REQUIRE(fill(p, gfn_of(10) * kPageSize, 0));
  CHECK(tools.clean(p.domain).pages == std::set<Gfn>{gfn_of(3)});
  REQUIRE(tools.off(p.domain) == 0);
  REQUIRE(fill(p, va, 0));
  CHECK((cached(p, va) & kPteWritable) != 0);
}

TEST_CASE("direct: shadows come with log-dirty, follow the tables and go with it") {
  World w(XS_MODEL_DIRECT, XS_MODEL_DIRECT);
  const Party& p = *w.granter;
  const Toolstack tools;
  const u64 free = heap_free_frames();
  REQUIRE(tools.on(p.domain) == 0);
  CHECK(p.domain->arch.shadowed);
  CHECK(heap_free_frames() < free);
  const Vaddr va = 5 * kPageSize;
  const auto map = [&](Pte pte) {
    mmu_update request = {p.l1 * kPageSize + 5 * sizeof(Pte) | MMU_NORMAL_PT_UPDATE, pte};
    enter(p.vcpu);
    return do_mmu_update({{reinterpret_cast<Vaddr>(&request), 1, 0, DOMID_SELF, 0, 0}});
  };
  CHECK_FALSE(fill(p, va, 0));
  REQUIRE(map(make_pte(p.names[10], kPtePresent | kPteWritable)) == 0);
  REQUIRE(fill(p, va, 0));
  CHECK(pte_mfn(cached(p, va)) == p.names[10]);
  CHECK((cached(p, va) & kPteWritable) == 0);
  tools.clean(p.domain);
  REQUIRE(fill(p, va, kFaultWrite));
  CHECK((cached(p, va) & kPteWritable) != 0);
  // The guest's entry has its dirty bit, in a page that is written by that.
  CHECK((words(p.l1)[5] & (kPteAccessed | kPteDirty)) == (kPteAccessed | kPteDirty));
  CHECK(tools.clean(p.domain).pages == std::set<Gfn>{gfn_of(3), gfn_of(10)});
  // Like a TLB it may be stale, and goes when CPUs' TLBs do.
  REQUIRE(fill(p, va, kFaultWrite));
  REQUIRE(map(0) == 0);
  CHECK(cached(p, va) != 0);
  {
    MmGuard guard;
    shadows_forget_direct([] { flushes++; });
  }
  CHECK(cached(p, va) == 0);
  CHECK_FALSE(fill(p, va, kFaultWrite));
  CHECK(tools.clean(p.domain).pages == std::set<Gfn>{gfn_of(3), gfn_of(10)});
  REQUIRE(tools.off(p.domain) == 0);
  CHECK_FALSE(p.domain->arch.shadowed);
  CHECK(heap_free_frames() == free);
}

TEST_CASE("what the hypervisor and others write") {
  EACH_PAIR();
  const Toolstack tools;
  Domain* d = granter.domain;
  constexpr Gfn kPage = gfn_of(12), kOther = gfn_of(13);
  granter.grant(8, user, granter.names[12]);
  REQUIRE(tools.on(d) == 0);
  const auto dirty = [&](Gfn gfn) { return tools.clean(d).pages.count(gfn) != 0; };
  SECTION("a copy by a grant") {
    gnttab_copy op = {};
    op.source.u.gmfn = user.names[14];
    op.source.domid = DOMID_SELF;
    op.dest.u.ref = 8;
    op.dest.domid = d->id;
    op.flags = GNTCOPY_dest_gref;
    op.len = 8;
    user.as_caller();
    REQUIRE(call(GNTTABOP_copy, &op) == 0);
    REQUIRE(op.status == GNTST_okay);
    CHECK(dirty(kPage));
    CHECK_FALSE(dirty(kPage));
  }
  SECTION("a mapping for writing, while it lasts and at its end") {
    const auto mapped = user.map(granter, 8);
    REQUIRE(mapped.status == GNTST_okay);
    CHECK(dirty(kPage));
    CHECK(dirty(kPage));
    CHECK(tools.peek(d).pages.count(kPage) != 0);
    REQUIRE(user.unmap(mapped) == GNTST_okay);
    CHECK(dirty(kPage));
    CHECK_FALSE(dirty(kPage));
  }
  SECTION("one for reading is nothing") {
    const auto mapped = user.map(granter, 8, GNTMAP_host_map | GNTMAP_readonly);
    REQUIRE(mapped.status == GNTST_okay);
    CHECK_FALSE(dirty(kPage));
    REQUIRE(user.unmap(mapped) == GNTST_okay);
    CHECK_FALSE(dirty(kPage));
  }
  SECTION("one that was there before") {
    const auto mapped = user.map(granter, 8);
    REQUIRE(tools.off(d) == 0);
    REQUIRE(tools.on(d) == 0);
    CHECK(dirty(kPage));
    REQUIRE(user.unmap(mapped) == GNTST_okay);
  }
  SECTION("a page that goes, and one that comes") {
    const Gfn gone = kOther;
    {
      MmGuard guard;
      REQUIRE(d->mm.model->remove(d, granter.names[13]) == 0);
    }
    CHECK(dirty(gone));
    CHECK_FALSE(dirty(gone));
    granter.add_frame(gone);
    CHECK(dirty(gone));
    CHECK_FALSE(dirty(gone));
  }
  SECTION("a registered vcpu_info") {
    Mfn mfn;
    REQUIRE(get_writable_frame(d, granter.names[12], mfn));
    granter.vcpu->info_mfn = mfn;
    CHECK(dirty(kPage));
    CHECK(dirty(kPage));
    granter.vcpu->info_mfn = kInvalidMfn;
    put_writable_frame(mfn);
  }
  SECTION("mmuext_op clears and copies") {
    mmuext_op op = {};
    op.cmd = MMUEXT_CLEAR_PAGE;
    op.arg1.mfn = granter.names[12];
    granter.as_caller();
    REQUIRE(do_mmuext_op({{reinterpret_cast<Vaddr>(&op), 1, 0, DOMID_SELF, 0, 0}}) == 0);
    CHECK(dirty(kPage));
    op.cmd = MMUEXT_COPY_PAGE;
    op.arg2.src_mfn = granter.names[13];
    granter.as_caller();
    REQUIRE(do_mmuext_op({{reinterpret_cast<Vaddr>(&op), 1, 0, DOMID_SELF, 0, 0}}) == 0);
    CHECK(tools.clean(d).pages == std::set<Gfn>{kPage});
  }
}

TEST_CASE("a foreign entry for writing, in page tables and in a P2M") {
  const xs_memory_model model = GENERATE(XS_MODEL_DIRECT, XS_MODEL_TRANSLATED);
  World w(XS_MODEL_TRANSLATED, model);
  const Toolstack tools;
  Domain* d = w.granter->domain;
  const Party& user = *w.user;
  user.domain->privileged = true;
  const auto map = [&](bool present) -> long {
    if (model == XS_MODEL_TRANSLATED) {
      MmGuard guard;
      return present ? map_foreign(user.domain, 9, d, w.granter->names[12])
                     : user.domain->mm.model->unmap(user.domain, 9);
    }
    mmu_update request = {user.l1 * kPageSize + 9 * sizeof(Pte) | MMU_NORMAL_PT_UPDATE,
                          present ? make_pte(w.granter->names[12], kPtePresent | kPteWritable) : 0};
    user.as_caller();
    return do_mmu_update({{reinterpret_cast<Vaddr>(&request), 1, 0, d->id, 0, 0}});
  };
  REQUIRE(map(true) == 0);  // before it is on
  REQUIRE(tools.on(d) == 0);
  const std::set<Gfn> page = {gfn_of(12)};
  CHECK(tools.clean(d).pages == page);
  CHECK(tools.clean(d).pages == page);
  REQUIRE(map(false) == 0);
  CHECK(tools.clean(d).pages == page);
  CHECK(tools.clean(d).pages.empty());
  REQUIRE(map(true) == 0);  // and while it is
  CHECK(tools.clean(d).pages == page);
  CHECK(tools.clean(d).pages == page);
  REQUIRE(map(false) == 0);
  CHECK(tools.clean(d).pages == page);
  CHECK(tools.clean(d).pages.empty());
}

TEST_CASE("a report in steps is its caller's alone, and tells each page once") {
  World w(XS_MODEL_TRANSLATED, XS_MODEL_TRANSLATED);
  const Toolstack tools;
  Domain* d = w.granter->domain;
  REQUIRE(tools.on(d) == 0);
  log_dirty_mark(w.granter->frame(gfn_of(9)));
  std::vector<u8> bits(3 * DirtyBits::kGroup / 8);
  xen_domctl_shadow_op op = {};
  op.op = XEN_DOMCTL_SHADOW_OP_CLEAN;
  op.pages = 8 * bits.size();
  set_xen_guest_handle(op.dirty_bitmap, bits.data());
  preempt = true;
  enter(tools.vcpu);
  CHECK(log_dirty_op(d, op) == -kRestart);
  CHECK(tools.peek(d).rc == -XEN_EBUSY);
  enter(w.user->vcpu);
  CHECK(log_dirty_op(d, op) == -XEN_EBUSY);
  enter(tools.vcpu);
  CHECK(log_dirty_op(d, op) == -kRestart);
  CHECK(log_dirty_op(d, op) == 0);
  preempt = false;
  CHECK(op.stats.dirty_count == 1);
  CHECK(bits[gfn_of(9) / 8] == 1 << gfn_of(9) % 8);
  CHECK(tools.clean(d).pages.empty());
}

TEST_CASE("who wants no bitmap is not told, and cleans all the same") {
  World w(XS_MODEL_TRANSLATED, XS_MODEL_TRANSLATED);
  const Toolstack tools;
  Domain* d = w.granter->domain;
  REQUIRE(tools.on(d) == 0);
  log_dirty_mark(w.granter->frame(gfn_of(9)));
  xen_domctl_shadow_op op = {};
  op.op = XEN_DOMCTL_SHADOW_OP_CLEAN;
  op.pages = ~0ull;
  CHECK(log_dirty_op(d, op) == 0);
  CHECK(op.pages == P2m::kGfns);
  CHECK(op.stats.dirty_count == 1);
  CHECK(tools.clean(d).pages.empty());
}

TEST_CASE("fewer pages than there are: the others stay dirty") {
  World w(XS_MODEL_TRANSLATED, XS_MODEL_TRANSLATED);
  const Toolstack tools;
  Domain* d = w.granter->domain;
  REQUIRE(tools.on(d) == 0);
  for (unsigned n : {1u, 9u}) log_dirty_mark(w.granter->frame(gfn_of(n)));
  CHECK(tools.report(d, XEN_DOMCTL_SHADOW_OP_CLEAN, 0).rc == 0);
  CHECK(tools.report(d, XEN_DOMCTL_SHADOW_OP_CLEAN, gfn_of(4)).pages == std::set<Gfn>{gfn_of(1)});
  CHECK(tools.clean(d).pages == std::set<Gfn>{gfn_of(9)});
}
