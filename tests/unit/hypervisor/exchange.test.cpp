// XENMEM_exchange by a domain that may read the P2M which the hypervisor holds for it: contiguous frames come
// to the places of scattered ones, or nothing changes at all.
#include "pmt_world.h"

using namespace hvtest;

namespace {
struct Request {
  std::vector<xen_pfn_t> in, out;
  unsigned in_order = 0, out_order = 2;
  DomId domain = DOMID_SELF;
  unsigned address_bits = 0;
  u64 done = 0;
};

long exchange(Party& party, Request& r) {
  enter(party.vcpu);
  xen_memory_exchange x = {};
  set_xen_guest_handle(x.in.extent_start, r.in.data());
  set_xen_guest_handle(x.out.extent_start, r.out.data());
  x.in.nr_extents = r.in.size();
  x.out.nr_extents = r.out.size();
  x.in.extent_order = r.in_order;
  x.out.extent_order = r.out_order;
  x.in.domid = x.out.domid = r.domain;
  x.out.mem_flags = XENMEMF_address_bits(r.address_bits);
  const long rc = do_memory_op({{XENMEM_exchange, reinterpret_cast<Vaddr>(&x)}});
  r.done = x.nr_exchanged;
  return rc;
}

long exchange(Party& party, std::vector<xen_pfn_t> in, std::vector<xen_pfn_t> out, unsigned order) {
  Request r{std::move(in), std::move(out), 0, order};
  return exchange(party, r);
}

// Frames at GFNs that follow each other, none next to its neighbour.
void scatter(Party& party, Gfn first, u64 count) {
  for (u64 i = 0; i < count; i += 2) REQUIRE(party.populate(first + i));
  for (u64 i = 1; i < count; i += 2) REQUIRE(party.populate(first + i));
}

bool contiguous(const Party& party, Gfn first, u64 count) {
  for (u64 i = 1; i < count; i++)
    if (party.frame(first + i) != party.frame(first) + i) return false;
  return true;
}

std::vector<Mfn> frames(const Party& party, Gfn first, u64 count) {
  std::vector<Mfn> list;
  for (u64 i = 0; i < count; i++) list.push_back(party.frame(first + i));
  return list;
}

// What no refused request may change.
struct Unchanged {
  const Party& party;
  std::vector<Mfn> before = frames(party, 0, 16);
  u64 free_before = heap_free_frames(), total = party.domain->mm.total_pages;
  ~Unchanged() {
    CHECK(frames(party, 0, 16) == before);
    CHECK(heap_free_frames() == free_before);
    CHECK(party.domain->mm.total_pages == total);
    CHECK(broken_reference() == "");
  }
};

struct Machine {
  Machine() { boot(); }
};
struct World : Machine {
  Party dom0{0, XS_MODEL_DOM0_PMT};
};
}  // namespace

TEST_CASE(
    "places of scattered frames get contiguous ones, all told by the table, with one drop for a group") {
  World w;
  pmt_choose("linear,plain");
  scatter(w.dom0, 0, 8);
  REQUIRE_FALSE(contiguous(w.dom0, 0, 8));
  words(w.dom0.frame(5))[3] = 0x1234;
  REQUIRE(w.dom0.expose(DOMID_SELF, kGfns, 3) == 0);
  const std::vector<Mfn> old = frames(w.dom0, 0, 8);
  const u64 free_before = heap_free_frames();
  Request r{{0, 1, 2, 3, 4, 5, 6, 7}, {0}, 0, 3};
  r.address_bits = kLowBits;
  const unsigned drops = shadow_events[XS_SHADOW_DROP];
  REQUIRE(exchange(w.dom0, r) == 0);
  CHECK(shadow_events[XS_SHADOW_DROP] <= drops + 2);  // a root for the kernel, one for programs
  CHECK(r.done == 8);
  CHECK(r.out == std::vector<xen_pfn_t>{0});  // nothing is answered
  CHECK(contiguous(w.dom0, 0, 8));
  CHECK(w.dom0.frame(0) % 8 == 0);
  CHECK(words(w.dom0.frame(5))[3] == 0);
  for (Gfn g = 0; g < 8; g++) {
    CHECK(m2p_get(w.dom0.frame(g)) == g);
    CHECK(w.dom0.look_up(XS_PMT_PLAIN, g) == w.dom0.frame(g));
  }
  for (const Mfn mfn : old) CHECK(frame_owner(mfn) == XS_OWNER_FREE);
  CHECK(heap_free_frames() == free_before);
  CHECK(w.dom0.domain->mm.total_pages == 8);
  CHECK(broken_reference() == "");
  REQUIRE(w.dom0.expose(DOMID_SELF, 0, 0) == 0);
  CHECK(broken_invariant() == "");
  pmt_choose("linear,attributes");
}

TEST_CASE("frames are named in any order, and runs become single frames again") {
  World w;
  scatter(w.dom0, 8, 8);
  REQUIRE(exchange(w.dom0, {9, 11, 10, 8, 14, 15, 13, 12}, {8, 12}, 2) == 0);
  CHECK(contiguous(w.dom0, 8, 4));
  CHECK(contiguous(w.dom0, 12, 4));
  Request back{{8, 12}, {11, 10, 9, 8, 15, 14, 13, 12}, 2, 0};
  REQUIRE(exchange(w.dom0, back) == 0);
  CHECK(back.done == 2);
  CHECK(broken_reference() == "");
}

TEST_CASE("what is not the domain's to give, or in use, is not exchanged") {
  World w;
  Party other(5, XS_MODEL_DOM0_PMT);
  scatter(w.dom0, 0, 8);
  REQUIRE(other.populate(1));
  {
    MmGuard guard;
    REQUIRE(map_foreign(w.dom0.domain, 9, other.domain, 1) == 0);
    REQUIRE(map_foreign(other.domain, 7, w.dom0.domain, 6) == 0);
  }
  REQUIRE(w.dom0.expose(DOMID_SELF, kGfns, 6) == 0);
  {
    const Unchanged unchanged{w.dom0};
    CHECK(exchange(w.dom0, {0, 1, 2, 9}, {0}, 2) == -XEN_EINVAL);  // another one's frame
    CHECK(exchange(w.dom0, {9}, {9}, 0) == -XEN_EINVAL);
    CHECK(exchange(w.dom0, {4, 5, 6, 7}, {4}, 2) == -XEN_EINVAL);       // GFN 6 is another one's, too
    CHECK(exchange(w.dom0, {0, 1, 2, 8}, {0}, 2) == -XEN_EINVAL);       // none there
    CHECK(exchange(w.dom0, {0, 1, 2, kPlace}, {0}, 2) == -XEN_EINVAL);  // the table
    CHECK(exchange(w.dom0, {0, 1, 2, ~0ull}, {0}, 2) == -XEN_EINVAL);
    CHECK(exchange(w.dom0, {0, 1, 2, P2m::kGfns}, {0}, 2) == -XEN_EINVAL);
    CHECK(exchange(w.dom0, {0, 1, 2, w.dom0.frame(3)}, {0}, 2) == -XEN_EINVAL);  // an MFN is no name
  }
  CHECK(m2p_get(other.frame(1)) == 1);
  MmGuard guard;
  REQUIRE(w.dom0.domain->mm.model->unmap(w.dom0.domain, 9) == 0);
  REQUIRE(other.domain->mm.model->unmap(other.domain, 7) == 0);
}

TEST_CASE("each place is named once on each side, and no other one") {
  World w;
  scatter(w.dom0, 0, 12);
  const Unchanged unchanged{w.dom0};
  CHECK(exchange(w.dom0, {0, 1, 2, 2}, {0}, 2) == -XEN_EINVAL);
  CHECK(exchange(w.dom0, {0, 1, 2, 3}, {1}, 2) == -XEN_EINVAL);   // 4 is not given
  CHECK(exchange(w.dom0, {0, 1, 2, 3}, {20}, 2) == -XEN_EINVAL);  // empty, and not given either
  CHECK(exchange(w.dom0, {0, 1, 2, 3}, {~0ull - 1}, 2) == -XEN_EINVAL);
  Request twice{{0}, {0, 0, 1, 2}, 2, 0};
  CHECK(exchange(w.dom0, twice) == -XEN_EINVAL);
  Request overlapping{{0, 2}, {0}, 2, 3};
  CHECK(exchange(w.dom0, overlapping) == -XEN_EINVAL);
}

TEST_CASE("a group for which there is no memory is not exchanged; those before it are") {
  World w;
  scatter(w.dom0, 0, 16);
  std::vector<Mfn> taken;
  for (Mfn mfn; (mfn = alloc_frame()) != kInvalidMfn;) taken.push_back(mfn);
  {
    const Unchanged unchanged{w.dom0};
    CHECK(exchange(w.dom0, {0, 1, 2, 3}, {0}, 2) == -XEN_ENOMEM);
  }
  std::sort(taken.begin(), taken.end());
  for (int runs = 0; runs < 2; runs++) {  // one for the hypervisor's own list, one for the first group
    auto at = taken.begin();
    while (*at % 4 != 0 || at[3] != *at + 3) at++;
    for (u64 i = 0; i < 4; i++) free_frame(at[i]);
    taken.erase(at, at + 4);
  }
  Request r{{0, 1, 2, 3, 4, 5, 6, 7}, {0, 4}, 0, 2};
  CHECK(exchange(w.dom0, r) == -XEN_ENOMEM);
  CHECK(r.done == 4);
  CHECK(contiguous(w.dom0, 0, 4));
  for (Gfn g = 0; g < 16; g++) CHECK(m2p_get(w.dom0.frame(g)) == g);
  CHECK(broken_reference() == "");
  for (const Mfn mfn : taken) free_frame(mfn);
}

TEST_CASE("who may not read its P2M exchanges nothing") {
  boot();
  Party dom0(0, XS_MODEL_DOM0_PMT), pmt(5, XS_MODEL_DOM0_PMT), exposed(6, XS_MODEL_EXPOSED),
      hidden(7, XS_MODEL_TRANSLATED);
  for (Party* p : {&pmt, &exposed, &hidden}) scatter(*p, 0, 4);
  for (Party* p : {&pmt, &hidden}) CHECK(exchange(*p, {0, 1, 2, 3}, {0}, 2) == -XEN_EOPNOTSUPP);
  CHECK(exchange(exposed, {0, 1, 2, 3}, {0}, 2) == 0);
  CHECK(contiguous(exposed, 0, 4));
  Request others{{0, 1, 2, 3}, {0}, 0, 2, 5};
  CHECK(exchange(dom0, others) == -XEN_EOPNOTSUPP);
  CHECK(exchange(exposed, others) == -XEN_EPERM);
  CHECK(broken_reference() == "");
}
