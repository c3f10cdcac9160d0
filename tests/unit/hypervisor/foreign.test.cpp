// XENMEM_add_to_physmap_batch of other domains' frames, into places where there are some already.
#include <random>

#include "hypervisor/common/p2m.h"
#include "pmt_world.h"

using namespace hvtest;

namespace {
constexpr Gfn kWindow = 3500;

struct Machine {
  Machine() { boot(); }
};
struct World : Machine {
  Party other{6, XS_MODEL_TRANSLATED}, third{7, XS_MODEL_TRANSLATED};
  Party dom0{0, GENERATE(XS_MODEL_TRANSLATED, XS_MODEL_DOM0_PMT)};  // ends first: it has the others' frames
  World() {
    for (Gfn g = 0; g < 400; g++)
      REQUIRE((other.populate(g, kAnyAddressBits) && third.populate(g, kAnyAddressBits)));
    REQUIRE(dom0.populate(0));
  }
};

std::vector<int> place(Party& party, Domain* owner, const std::vector<Gfn>& names, std::vector<Gfn> gfns,
                       long expected = 0) {
  enter(party.vcpu);
  std::vector<xen_ulong_t> of(names.begin(), names.end());
  std::vector<int> errors(names.size(), 1);
  xen_add_to_physmap_batch batch = {};
  batch.domid = DOMID_SELF;
  batch.space = XENMAPSPACE_gmfn_foreign;
  batch.size = static_cast<u16>(names.size());
  batch.u.foreign_domid = owner->id;
  set_xen_guest_handle(batch.idxs, of.data());
  set_xen_guest_handle(batch.gpfns, gfns.data());
  set_xen_guest_handle(batch.errs, errors.data());
  CHECK(do_memory_op({{XENMEM_add_to_physmap_batch, reinterpret_cast<Vaddr>(&batch)}}) == expected);
  return errors;
}

std::vector<Gfn> run(Gfn first, u64 count) {
  std::vector<Gfn> list;
  for (u64 i = 0; i < count; i++) list.push_back(first + i);
  return list;
}

bool all_done(const std::vector<int>& errors) {
  return std::all_of(errors.begin(), errors.end(), [](int e) { return e == 0; });
}

int unplace(Party& party, Gfn gfn) {
  enter(party.vcpu);
  xen_remove_from_physmap request = {DOMID_SELF, gfn};
  return static_cast<int>(do_memory_op({{XENMEM_remove_from_physmap, reinterpret_cast<Vaddr>(&request)}}));
}
}  // namespace

TEST_CASE("foreign frames make room for others: references follow") {
  World w;
  const auto places = run(kWindow, 200);
  REQUIRE(all_done(place(w.dom0, w.other.domain, run(0, 200), places)));
  CHECK(refs(w.other.frame(199)) == 2);
  REQUIRE(all_done(place(w.dom0, w.third.domain, run(100, 200), places)));
  for (Gfn g = 0; g < 200; g++) {
    CHECK(refs(w.other.frame(g)) == 1);
    CHECK(type_refs(w.other.frame(g)) == 0);
    CHECK(refs(w.third.frame(100 + g)) == 2);
    CHECK(type_refs(w.third.frame(100 + g)) == 1);
    CHECK(w.dom0.frame(kWindow + g) == w.third.frame(100 + g));
  }
  CHECK(broken_reference() == "");
  for (const Gfn g : places) REQUIRE(unplace(w.dom0, g) == 0);
  CHECK(refs(w.third.frame(100)) == 1);
  CHECK(broken_reference() == "");
}

TEST_CASE("the same frame again, and one place twice in a list") {
  World w;
  REQUIRE(all_done(place(w.dom0, w.other.domain, {5}, {kWindow})));
  REQUIRE(all_done(place(w.dom0, w.other.domain, {5}, {kWindow})));
  CHECK(refs(w.other.frame(5)) == 2);
  CHECK(type_refs(w.other.frame(5)) == 1);
  REQUIRE(all_done(place(w.dom0, w.other.domain, {6, 7, 6, 8}, {kWindow, kWindow, kWindow, kWindow})));
  CHECK(refs(w.other.frame(5)) == 1);
  CHECK(refs(w.other.frame(6)) == 1);
  CHECK(refs(w.other.frame(7)) == 1);
  CHECK(refs(w.other.frame(8)) == 2);
  CHECK(broken_reference() == "");
  REQUIRE(unplace(w.dom0, kWindow) == 0);
  CHECK(unplace(w.dom0, kWindow) == -XEN_EINVAL);
}

TEST_CASE("a refused frame leaves what was there; nothing but foreign frames makes room") {
  World w;
  REQUIRE(all_done(place(w.dom0, w.other.domain, {5, 6}, {kWindow, kWindow + 1})));
  const Mfn own = w.dom0.frame(0);
  const auto errors = place(w.dom0, w.other.domain, {1000, 9, 10, 11}, {kWindow, kWindow + 1, 0, P2m::kGfns});
  CHECK(errors == std::vector<int>{-XEN_EINVAL, 0, -XEN_EINVAL, -XEN_EINVAL});
  CHECK(w.dom0.frame(kWindow) == w.other.frame(5));
  CHECK(w.dom0.frame(kWindow + 1) == w.other.frame(9));
  CHECK(w.dom0.frame(0) == own);
  CHECK(refs(own) == 1);
  CHECK(refs(w.other.frame(10)) == 1);
  {
    MmGuard guard;  // as a grant shows it: its own call takes it away
    const u64 entry = p2m_get(w.dom0.domain->mm.p2m, kWindow);
    REQUIRE(p2m_set(w.dom0.domain, kWindow, entry | XS_P2M_GRANTED) == 0);
  }
  CHECK(place(w.dom0, w.other.domain, {12}, {kWindow}) == std::vector<int>{-XEN_EINVAL});
  CHECK(unplace(w.dom0, kWindow) == -XEN_EINVAL);
  {
    MmGuard guard;
    const u64 entry = p2m_get(w.dom0.domain->mm.p2m, kWindow);
    REQUIRE(p2m_set(w.dom0.domain, kWindow, entry & ~u64{XS_P2M_GRANTED}) == 0);
  }
  CHECK(broken_reference() == "");
  CHECK(unplace(w.dom0, kWindow) == 0);
}

TEST_CASE("lists that cannot be read or written: what is there is there, and counted") {
  World w;
  enter(w.dom0.vcpu);
  xen_ulong_t names[] = {5, 6};
  xen_pfn_t gfns[] = {kWindow, kWindow + 1};
  xen_add_to_physmap_batch batch = {};
  batch.domid = DOMID_SELF;
  batch.space = XENMAPSPACE_gmfn_foreign;
  batch.size = 2;
  batch.u.foreign_domid = w.other.domain->id;
  set_xen_guest_handle(batch.idxs, names);
  set_xen_guest_handle(batch.gpfns, gfns);
  batch.errs.p = reinterpret_cast<int*>(kBadAddress);
  const HypercallArgs call = {{XENMEM_add_to_physmap_batch, reinterpret_cast<Vaddr>(&batch)}};
  CHECK(do_memory_op(call) == -XEN_EFAULT);
  CHECK(do_memory_op(call) == -XEN_EFAULT);
  batch.idxs.p = reinterpret_cast<xen_ulong_t*>(kBadAddress);
  CHECK(do_memory_op(call) == -XEN_EFAULT);
  CHECK(refs(w.other.frame(5)) == 2);
  CHECK(broken_reference() == "");
  CHECK(unplace(w.dom0, kWindow) == 0);
}

TEST_CASE("a domain that has ended goes when its last frame makes room") {
  World w;
  REQUIRE(all_done(place(w.dom0, w.other.domain, {5, 6}, {kWindow, kWindow + 1})));
  const Mfn last = w.other.frame(6);
  end_domain(w.other.domain);
  CHECK(frame_owner(last) == 6);
  CHECK(w.other.domain->mm.total_pages == 2);
  CHECK(place(w.dom0, w.other.domain, {7}, {kWindow}) == std::vector<int>{-XEN_EINVAL});
  REQUIRE(all_done(place(w.dom0, w.third.domain, {5, 6}, {kWindow, kWindow + 1})));
  CHECK(frame_owner(last) == XS_OWNER_FREE);
  CHECK(w.other.domain->mm.total_pages == 0);
  CHECK(std::count(dropped.begin(), dropped.end(), DomId{6}) != 0);
  CHECK(broken_reference() == "");
}

TEST_CASE("any order of placing, replacing and taking away keeps the books") {
  World w;
  std::mt19937 random(GENERATE(1, 2, 3));
  for (unsigned step = 0; step < 300; step++) {
    std::vector<Gfn> names, places;
    for (u64 n = random() % 12; n != 0; n--) {
      names.push_back(random() % 420);
      places.push_back(kWindow + random() % 16);
    }
    place(w.dom0, random() % 2 ? w.other.domain : w.third.domain, names, places);
    if (random() % 3 == 0) unplace(w.dom0, kWindow + random() % 16);
    if (random() % 8 == 0) w.other.remove(random() % 400);
    REQUIRE(broken_reference() == "");
  }
  for (Gfn g = kWindow; g < kWindow + 16; g++) unplace(w.dom0, g);
  for (Gfn g = 0; g < 400; g++) CHECK(refs(w.third.frame(g)) == 1);
}
