// A table that dom0 may write: what it writes is so when it asks for it and all of it is in order, else not.
#include <random>

#include "pmt_world.h"

using namespace hvtest;

namespace {
struct Machine {
  Machine() {
    boot();
    pmt_choose("linear,writable");
  }
  ~Machine() { pmt_choose("linear,attributes"); }
};

// dom0 with frames at GFNs 0 to 31 and its table shown.
struct World : Machine {
  Party dom0{0, XS_MODEL_DOM0_PMT};

  World() {
    for (Gfn g = 0; g < 32; g++) REQUIRE(dom0.populate(g));
    REQUIRE(dom0.expose(DOMID_SELF, kGfns, 3) == 0);
  }

  /// As dom0 would, by its own P2M.
  u32& entry(Gfn gfn) { return reinterpret_cast<u32*>(words(dom0.frame(kPlace + gfn / 1024)))[gfn % 1024]; }
  void swap(Gfn a, Gfn b) { std::swap(entry(a), entry(b)); }

  u32 refused = 0;
  long commit(std::vector<u64> gfns) {
    enter(dom0.vcpu);
    xs_commit_p2m request = {reinterpret_cast<u64>(gfns.data()), static_cast<u32>(gfns.size()), 77};
    const long rc = do_memory_op({{XS_XENMEM_commit_p2m, reinterpret_cast<Vaddr>(&request)}});
    refused = request.refused;
    return rc;
  }
  /// The P2M, the M2P, the table and the counts agree.
  void check_agreement() {
    for (Gfn g = 0; g < kGfns; g++) {
      const u64 at = p2m_get(dom0.domain->mm.p2m, g);
      const Mfn mfn = at & XS_P2M_PRESENT ? p2m_entry_mfn(at) : kInvalidMfn;
      // The hypervisor's own pages lie where the table cannot say.
      if (entry(g) != (mfn < XS_PMT_NONE ? static_cast<u32>(mfn) : XS_PMT_NONE))
        FAIL_CHECK("table, GFN " << g);
      if ((at & XS_P2M_PRESENT) && !(at & XS_P2M_FOREIGN) && m2p_get(mfn) != g) FAIL_CHECK("M2P, GFN " << g);
    }
    CHECK(broken_reference() == "");
  }
  std::vector<Mfn> frames() {
    std::vector<Mfn> list;
    for (Gfn g = 0; g < 64; g++) list.push_back(dom0.frame(g));
    return list;
  }
  /// Nothing changes, and the table says what is so again.
  void check_refused(std::vector<u64> gfns, long error, u32 which) {
    const std::vector<Mfn> before = frames();
    const u64 free_before = heap_free_frames();
    CHECK(commit(std::move(gfns)) == error);
    CHECK(refused == which);
    CHECK(frames() == before);
    CHECK(heap_free_frames() == free_before);
    check_agreement();
  }
};
}  // namespace

TEST_CASE("frames change places with their contents, all at once and with one drop") {
  World w;
  const Mfn a = w.dom0.frame(3), b = w.dom0.frame(20), c = w.dom0.frame(21);
  words(a)[5] = 0xaaaa;
  w.swap(3, 20);
  w.entry(40) = w.entry(21);  // to a place where nothing was
  w.entry(21) = XS_PMT_NONE;
  CHECK(w.dom0.frame(3) == a);  // until it is asked for
  const unsigned drops = shadow_events[XS_SHADOW_DROP];
  REQUIRE(w.commit({3, 20, 40, 21}) == 0);
  CHECK(w.refused == 4);
  CHECK(shadow_events[XS_SHADOW_DROP] <= drops + 2);  // a root for the kernel, one for programs
  CHECK(w.dom0.frame(3) == b);
  CHECK(w.dom0.frame(20) == a);
  CHECK(w.dom0.frame(40) == c);
  CHECK(w.dom0.frame(21) == kInvalidMfn);
  CHECK(words(w.dom0.frame(20))[5] == 0xaaaa);
  CHECK(w.dom0.domain->mm.total_pages == 32);
  w.check_agreement();
}

TEST_CASE("a frame that no entry names any more is given up") {
  World w;
  const Mfn gone = w.dom0.frame(9);
  w.entry(9) = w.entry(10);
  w.entry(10) = XS_PMT_NONE;
  REQUIRE(w.commit({9, 10}) == 0);
  CHECK(frame_owner(gone) == XS_OWNER_FREE);
  CHECK(w.dom0.domain->mm.total_pages == 31);
  w.check_agreement();
}

TEST_CASE("entries that are not committed mean nothing, and the hypervisor writes over them") {
  World w;
  const Mfn mfn = w.dom0.frame(5);
  w.entry(5) = 0x1234;
  w.entry(6) = XS_PMT_NONE;
  REQUIRE(w.commit({7}) == 0);
  CHECK(w.dom0.frame(5) == mfn);
  REQUIRE(w.dom0.remove(5));
  CHECK(w.entry(5) == XS_PMT_NONE);
  REQUIRE(w.dom0.populate(5));
  CHECK(w.entry(5) == w.dom0.frame(5));
  REQUIRE(w.commit({5}) == 0);
  w.entry(6) = static_cast<u32>(w.dom0.frame(6));
  w.check_agreement();
}

TEST_CASE("frames of others, of the hypervisor or of nobody come in by no entry") {
  World w;
  Party other(5, XS_MODEL_DOM0_PMT);
  REQUIRE(other.populate(1));
  const Mfn foreign = other.frame(1), elsewhere = w.dom0.frame(8);
  for (const u64 mfn : {u64{foreign}, u64{elsewhere}, u64{w.dom0.frame(kPlace)}, u64{0}, u64{0xfffffffe},
                        u64{w.dom0.domain->mm.p2m.root}}) {
    w.entry(2) = static_cast<u32>(mfn);
    w.check_refused({1, 2, 3}, -XEN_EINVAL, 1);
    w.entry(50) = static_cast<u32>(mfn);
    w.check_refused({50}, -XEN_EINVAL, 0);
  }
  CHECK(m2p_get(foreign) == 1);
  CHECK(frame_owner(foreign) == 5);
}

TEST_CASE("a frame has one place, a GFN is named once") {
  World w;
  w.entry(4) = w.entry(6);
  w.check_refused({4, 6}, -XEN_EINVAL, 1);
  w.entry(4) = w.entry(6);
  w.check_refused({6, 4}, -XEN_EINVAL, 1);
  w.entry(40) = w.entry(41) = w.entry(6);
  w.entry(6) = XS_PMT_NONE;
  w.check_refused({40, 41, 6}, -XEN_EINVAL, 1);
  w.swap(4, 6);
  w.check_refused({4, 6, 4}, -XEN_EINVAL, 2);
}

TEST_CASE("what is shown of others and of the hypervisor stays where it is") {
  World w;
  Party other(5, XS_MODEL_DOM0_PMT);
  REQUIRE(other.populate(1));
  const MemoryModel& model = *w.dom0.domain->mm.model;
  {
    MmGuard guard;
    REQUIRE(map_foreign(w.dom0.domain, 40, other.domain, 1) == 0);
    REQUIRE(map_foreign(other.domain, 7, w.dom0.domain, 6) == 0);
  }
  w.swap(40, 2);
  w.check_refused({2, 40}, -XEN_EINVAL, 1);
  w.entry(40) = XS_PMT_NONE;
  w.check_refused({40}, -XEN_EINVAL, 0);
  w.swap(kPlace, 2);  // the table's own page
  w.check_refused({2, kPlace}, -XEN_EINVAL, 1);
  w.swap(6, 2);  // somebody refers to the frame at 6
  w.check_refused({2, 6}, -XEN_EBUSY, 1);
  w.entry(6) = XS_PMT_NONE;
  w.check_refused({6}, -XEN_EBUSY, 0);
  REQUIRE(w.commit({2, 6}) == 0);  // as it is it may stay
  w.check_refused({kGfns + 2000}, -XEN_EINVAL, 0);
  w.check_refused({~0ull}, -XEN_EINVAL, 0);
  w.check_refused(std::vector<u64>(XS_PMT_COMMIT_MOST + 1), -XEN_EINVAL, 0);
  MmGuard guard;
  REQUIRE(model.unmap(w.dom0.domain, 40) == 0);
  REQUIRE(other.domain->mm.model->unmap(other.domain, 7) == 0);
}

TEST_CASE("only dom0 writes, its own table, in that form") {
  World w;
  Party other(5, XS_MODEL_DOM0_PMT), exposed(6, XS_MODEL_EXPOSED);
  const u64 none = 0;
  xs_commit_p2m nothing = {reinterpret_cast<u64>(&none), 0, 0};
  xs_expose_p2m request = {};
  const auto commit_by = [&](Party& party) {
    enter(party.vcpu);
    return do_memory_op({{XS_XENMEM_commit_p2m, reinterpret_cast<Vaddr>(&nothing)}});
  };
  const auto writable = [](const Party& party) {
    return (p2m_get(party.domain->mm.p2m, kPlace) & XS_P2M_WRITABLE) != 0;
  };
  CHECK(writable(w.dom0));
  CHECK_FALSE(w.dom0.remove(kPlace));  // for writing, not for giving
  CHECK(commit_by(w.dom0) == 0);
  CHECK(commit_by(other) == -XEN_EPERM);
  request = {0, 0, 0, kPlace, kGfns, 3};
  REQUIRE(exposed.expose(DOMID_SELF, request) == 0);
  CHECK(request.form == XS_PMT_PLAIN);
  CHECK_FALSE(writable(exposed));
  CHECK(commit_by(exposed) == -XEN_EPERM);
  REQUIRE(w.dom0.expose(DOMID_SELF, 0, 0) == 0);
  CHECK(w.dom0.frame(kPlace) == kInvalidMfn);
  CHECK(commit_by(w.dom0) == -XEN_EPERM);
  REQUIRE(w.dom0.expose(5, kGfns, 3) == 0);
  CHECK_FALSE(writable(w.dom0));
  CHECK(commit_by(w.dom0) == -XEN_EPERM);
  REQUIRE(w.dom0.expose(5, 0, 0) == 0);
  pmt_choose("linear,plain");
  REQUIRE(w.dom0.expose(DOMID_SELF, kGfns, 3) == 0);
  CHECK_FALSE(writable(w.dom0));
  CHECK(commit_by(w.dom0) == -XEN_EPERM);
  CHECK(do_memory_op({{XS_XENMEM_commit_p2m, kBadAddress}}) == -XEN_EFAULT);
  REQUIRE(w.dom0.expose(DOMID_SELF, 0, 0) == 0);
  REQUIRE(exposed.expose(DOMID_SELF, 0, 0) == 0);
  CHECK(broken_invariant() == "");
}

TEST_CASE("whatever is written and committed, P2M, M2P, table and counts agree") {
  for (const char* form : {"linear,writable", "tree,writable"}) {
    Machine machine;
    pmt_choose(form);
    const u64 before = heap_free_frames();
    {
      Party dom0(0, XS_MODEL_DOM0_PMT);
      for (Gfn g = 0; g < 32; g++) REQUIRE(dom0.populate(g));
      REQUIRE(dom0.expose(DOMID_SELF, kGfns, 4) == 0);
      std::mt19937_64 random(7);
      const Gfn leaf = form[0] == 't' ? words(dom0.frame(kPlace))[0] : kPlace;
      auto* table = reinterpret_cast<u32*>(words(dom0.frame(leaf)));
      unsigned done = 0;
      for (int i = 0; i < 3000; i++) {
        u64 gfns[6];
        for (u64& g : gfns) g = random() % 40;
        for (int n = 0; n < 3; n++) {
          u32 &a = table[gfns[random() % 6]], &b = table[gfns[random() % 6]];
          if (random() % 16 == 0)
            a = random() % 2 ? b : static_cast<u32>(random());
          else if (random() % 30 == 0)
            a = XS_PMT_NONE;
          else
            std::swap(a, b);
        }
        if (random() % 8 == 0) dom0.populate(random() % 40);
        enter(dom0.vcpu);
        xs_commit_p2m request = {reinterpret_cast<u64>(gfns), static_cast<u32>(random() % 7), 0};
        done += do_memory_op({{XS_XENMEM_commit_p2m, reinterpret_cast<Vaddr>(&request)}}) == 0;
        u64 own = 0;
        for (Gfn g = 0; g < 40; g++)
          if (const Mfn mfn = dom0.frame(g); mfn != kInvalidMfn) {
            own++;
            REQUIRE(m2p_get(mfn) == g);
            REQUIRE(frame_owner(mfn) == 0);
          }
        REQUIRE(own == dom0.domain->mm.total_pages);
      }
      CHECK(done > 300);
      CHECK(broken_reference() == "");
    }
    CHECK(heap_free_frames() == before);
    CHECK(broken_invariant() == "");
  }
}
