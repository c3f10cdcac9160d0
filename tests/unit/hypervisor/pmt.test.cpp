// The PMT: in each form what the reader finds is what the P2M says, after whatever changes; nothing of it is
// left when it ends, and who may not read it does not.
#include <random>

#include "pmt_world.h"

using namespace hvtest;

namespace {
/// GFNs at which reader and owner disagree.
u64 differences(const Party& reader, const Party& owner, u32 form) {
  u64 n = 0;
  for (Gfn gfn = 0; gfn < kGfns; gfn++) {
    Mfn mfn = owner.frame(gfn);
    if ((form & XS_PMT_PLAIN) && mfn >= XS_PMT_NONE) mfn = kInvalidMfn;
    n += reader.look_up(form, gfn) != mfn;
  }
  return n;
}

struct Form {
  const char* words;
  u32 form;
  u64 frames;
};
constexpr Form kForms[] = {{"linear,attributes", 0, 6},
                           {"tree,attributes", XS_PMT_TREE, 7},
                           {"linear,plain", XS_PMT_PLAIN, 3},
                           {"tree,plain", XS_PMT_TREE | XS_PMT_PLAIN, 4}};

/// One after the other; the machine is as it was when they have gone.
template <typename Test>
void in_each_form(Test test) {
  boot();
  for (const Form& form : kForms) {
    INFO(form.words);
    pmt_choose(form.words);
    const u64 before = heap_free_frames();
    test(form);
    CHECK(heap_free_frames() == before);
    CHECK(broken_invariant() == "");
  }
}
}  // namespace

TEST_CASE("a reader finds what the P2M says, whatever becomes of it") {
  in_each_form([](const Form& form) {
    for (const bool own : {true, false}) {
      Party dom0(0, XS_MODEL_DOM0_PMT), other(5, XS_MODEL_DOM0_PMT);
      Party& owner = own ? dom0 : other;
      for (Gfn g = 0; g < 300; g++) REQUIRE(owner.populate(g * 7));
      REQUIRE(dom0.expose(own ? DOMID_SELF : DomId{5}, kGfns, form.frames) == 0);
      CHECK(differences(dom0, owner, form.form) == 0);
      std::mt19937_64 random(form.frames + own);
      for (int i = 0; i < 600; i++)
        random() % 2 ? owner.populate(random() % kGfns) : owner.remove(random() % kGfns);
      CHECK(differences(dom0, owner, form.form) == 0);
    }
  });
}

TEST_CASE("where the table was there is nothing when it ends") {
  in_each_form([](const Form& form) {
    Party dom0(0, XS_MODEL_DOM0_PMT);
    {
      Party other(5, XS_MODEL_DOM0_PMT);
      for (Gfn g = 0; g < 300; g++) REQUIRE(other.populate(g * 7));
      REQUIRE(dom0.expose(5, kGfns, form.frames) == 0);
      REQUIRE(dom0.frame(kPlace) != kInvalidMfn);
      REQUIRE(dom0.expose(5, 0, 0) == 0);
      for (Gfn g = kPlace; g < kPlace + form.frames; g++) CHECK(dom0.frame(g) == kInvalidMfn);
      REQUIRE(dom0.expose(5, kGfns, form.frames) == 0);
    }  // and when the domain does
    for (Gfn g = kPlace; g < kPlace + form.frames; g++) CHECK(dom0.frame(g) == kInvalidMfn);
  });
}

TEST_CASE("the table's pages are nobody's to keep, give or write") {
  in_each_form([](const Form& form) {
    Party dom0(0, XS_MODEL_DOM0_PMT);
    for (Gfn g = 0; g < 300; g++) REQUIRE(dom0.populate(g * 7));
    REQUIRE(dom0.expose(DOMID_SELF, kGfns, form.frames) == 0);
    for (Gfn g = kPlace; g < kPlace + form.frames; g++) {
      if (dom0.frame(g) == kInvalidMfn) continue;  // a tree has no leaf there yet
      CHECK_FALSE((p2m_get(dom0.domain->mm.p2m, g) & XS_P2M_WRITABLE));
      CHECK_FALSE(dom0.remove(g));
      Mfn mfn;
      MmGuard guard;
      CHECK(dom0.domain->mm.model->steal(dom0.domain, g, mfn) != GNTST_okay);
      CHECK(frame_and_type_get(dom0.frame(g), XS_FRAME_WRITABLE, dom0.domain) != 0);
    }
  });
}

TEST_CASE("who may read whose") {
  boot();
  const u64 before = heap_free_frames();
  {
    Party dom0(0, XS_MODEL_DOM0_PMT), pmt(5, XS_MODEL_DOM0_PMT), exposed(6, XS_MODEL_EXPOSED),
        hidden(7, XS_MODEL_TRANSLATED), direct(8, XS_MODEL_DIRECT);
    CHECK(dom0.expose(5, 512, 0) == -XEN_ENOBUFS);
    CHECK(dom0.expose(6, 512, 0) == -XEN_ENOBUFS);
    CHECK(dom0.expose(7, 512, 0) == -XEN_EPERM);
    CHECK(dom0.expose(8, 512, 0) == -XEN_EPERM);
    CHECK(dom0.expose(77, 512, 0) == -XEN_ESRCH);
    CHECK(exposed.expose(DOMID_SELF, 512, 0) == -XEN_ENOBUFS);
    // One reader at a time, and nobody else ends what it reads.
    CHECK(exposed.expose(DOMID_SELF, 512, 2) == 0);
    CHECK(dom0.expose(6, 512, 2) == -XEN_EBUSY);
    CHECK(dom0.expose(6, 0, 0) == -XEN_EBUSY);
    CHECK(exposed.expose(DOMID_SELF, 0, 0) == 0);
    CHECK(dom0.expose(6, 512, 2) == 0);
    CHECK(exposed.expose(DOMID_SELF, 512, 2) == -XEN_EBUSY);
    CHECK(exposed.expose(DOMID_SELF, 0, 0) == -XEN_EBUSY);
    for (Party* p : {&pmt, &hidden, &direct}) CHECK(p->expose(DOMID_SELF, 512, 0) == -XEN_EPERM);
    for (Party* p : {&pmt, &exposed, &hidden}) CHECK(p->expose(0, 512, 0) == -XEN_EPERM);
  }
  {
    Party dom0(0, XS_MODEL_TRANSLATED), pmt(5, XS_MODEL_DOM0_PMT);
    CHECK(dom0.expose(DOMID_SELF, 512, 0) == -XEN_EPERM);
    CHECK(dom0.expose(5, 512, 0) == -XEN_EPERM);
  }
  CHECK(heap_free_frames() == before);
}

TEST_CASE("what is asked for wrongly is refused and leaves nothing behind") {
  in_each_form([](const Form& form) {
    Party dom0(0, XS_MODEL_DOM0_PMT);
    REQUIRE(dom0.populate(0));
    const u64 before = heap_free_frames();
    xs_expose_p2m request = {};
    request.gfns = kGfns;
    CHECK(dom0.expose(DOMID_SELF, request) == -XEN_ENOBUFS);
    CHECK(request.frames == form.frames);
    CHECK(request.form == form.form);
    CHECK(dom0.expose(DOMID_SELF, ~0ull, ~0ull) == -XEN_EINVAL);
    CHECK(dom0.expose(DOMID_SELF, 100 * 1024, 300) == -XEN_EINVAL);  // for 4000 frames
    CHECK(dom0.expose(DOMID_SELF, kGfns, form.frames, 0) == -XEN_EINVAL);
    CHECK(dom0.expose(DOMID_SELF, kGfns, form.frames, P2m::kGfns - 2) == -XEN_EINVAL);
    CHECK(dom0.expose(DOMID_SELF, kGfns, form.frames, ~0ull) == -XEN_EINVAL);
    CHECK(do_memory_op({{XS_XENMEM_expose_p2m, kBadAddress}}) == -XEN_EFAULT);
    CHECK(heap_free_frames() == before);
    CHECK(dom0.domain->mm.pmt == nullptr);
  });
}

TEST_CASE("when there is no memory for the table there is none of it") {
  in_each_form([](const Form& form) {
    Party dom0(0, XS_MODEL_DOM0_PMT);
    REQUIRE(dom0.populate(0));
    std::vector<Mfn> taken;
    for (Mfn mfn; (mfn = alloc_frame()) != kInvalidMfn;) taken.push_back(mfn);
    for (u64 left = 0;; left++) {  // one frame more each time, until there are enough
      const u64 before = heap_free_frames();
      const long rc = dom0.expose(DOMID_SELF, kGfns, form.frames);
      if (rc == 0) break;
      REQUIRE(rc == -XEN_ENOMEM);
      CHECK(dom0.domain->mm.pmt == nullptr);
      // Pages of the P2M that were made stay in it.
      CHECK(heap_free_frames() + P2m::kLevels + form.frames + 3 >= before);
      REQUIRE_FALSE(taken.empty());
      free_frame(taken.back());
      taken.pop_back();
    }
    CHECK(differences(dom0, dom0, form.form) == 0);
    for (const Mfn mfn : taken) free_frame(mfn);
  });
}

TEST_CASE("a frame beyond 32 bits has no entry in a plain table") {
  boot();
  pmt_choose("linear,plain");
  Party dom0(0, XS_MODEL_DOM0_PMT);
  REQUIRE(dom0.expose(DOMID_SELF, kGfns, 3) == 0);
  std::vector<Mfn> low;
  for (Mfn mfn; (mfn = heap_alloc(0, XS_OWNER_XEN, kLowBits)) != kInvalidMfn;) low.push_back(mfn);
  REQUIRE(dom0.populate(7, kAnyAddressBits));
  REQUIRE(dom0.frame(7) >= XS_PMT_NONE);
  CHECK(dom0.look_up(XS_PMT_PLAIN, 7) == kInvalidMfn);
  for (const Mfn mfn : low) heap_free(mfn, 0);
}
