// Model `identity`: numbers are the machine's, so everything is about who may reach a frame; what others own
// is reached by a record of it, and never after that has gone.
#include <catch2/catch.hpp>

#include "hypervisor/arch/x86_64/mm_guest_walk.h"
#include "hypervisor/arch/x86_64/mm_pte.h"
#include "hypervisor/arch/x86_64/mm_shadow.h"
#include "hypervisor/arch/x86_64/mm_vcpu.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/p2m.h"
#include "machine.h"

using namespace hvtest;

namespace {
constexpr Pte kRw = kPtePresent | kPteWritable;

/// A domain of model identity with a VCPU whose tables are four of its frames; its L1 is at words(l1).
struct Guest {
  Domain* domain;
  Vcpu* vcpu = new Vcpu();
  u64 before;
  Mfn l4, l1, page;

  explicit Guest(DomId id) {
    boot();
    before = heap_free_frames();
    domain = add_domain(id, 64, XS_MODEL_IDENTITY);
    domain->max_vcpus = 1;
    vcpu->domain = domain;
    domain->vcpu[0] = vcpu;
    REQUIRE(shadow_create(vcpu) == 0);
    l4 = own();
    const Mfn l3 = own(), l2 = own();
    l1 = own();
    page = own();
    words(l4)[0] = make_pte(l3, kRw);
    words(l3)[0] = make_pte(l2, kRw);
    words(l2)[0] = make_pte(l1, kRw);
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

  Mfn own() const {
    const Mfn mfn = frame_for(domain);
    memset(words(mfn), 0, kPageSize);
    MmGuard guard;
    REQUIRE(domain->mm.model->populate(domain, 7, mfn, 0) == 0);  // whatever is asked for
    CHECK(m2p_get(mfn) == mfn);
    return mfn;
  }
  bool fill(unsigned slot, Mfn mfn, u32 access) const {
    words(l1)[slot] = make_pte(mfn, kRw | kPteDirty);
    return shadow_fill(vcpu, true, Vaddr{slot} << kPageShift, access);
  }
  u64 backing(Gfn gfn) const { return domain->mm.model->backing(domain, gfn); }
  int map_foreign(Domain* owner, u64 name, Gfn& where) const {
    MmGuard guard;
    return domain->mm.model->map_foreign(domain, where, owner, name);
  }
};
}  // namespace

TEST_CASE("an entry of its tables reaches the domain's own frames and no others") {
  Guest guest(41);
  Domain* other = add_domain(42, 16);
  const Mfn foreign = frame_for(other);
  CHECK(guest.fill(1, guest.page, kFaultWrite));
  CHECK_FALSE(guest.fill(2, foreign, 0));
  CHECK_FALSE(guest.fill(3, 0xfeb00, 0));  // a device's registers
  CHECK(guest.backing(guest.page) == p2m_entry_for(guest.page, XS_P2M_WRITABLE));
  CHECK(guest.backing(foreign) == 0);
  CHECK(guest.backing(~0ull >> 12) == 0);
  // A table that it does not own is no table of its.
  words(guest.l4)[1] = make_pte(foreign, kRw);
  u32 access = 0;
  CHECK_FALSE(shadow_fill(guest.vcpu, true, 1ull << 39, access));
  remove_domain(other);
}

TEST_CASE("another domain's frame is where it is, once, and not after it has been let go") {
  Guest guest(41);
  Domain* other = add_domain(42, 16, XS_MODEL_TRANSLATED);
  const Mfn mfn = frame_for(other);
  {
    MmGuard guard;
    REQUIRE(other->mm.model->populate(other, 9, mfn, 0) == 0);
  }
  Gfn where = 0;
  REQUIRE(guest.map_foreign(other, 9, where) == 0);
  CHECK(where == mfn);
  CHECK(refs(mfn) == 2);
  CHECK(type_refs(mfn) == 1);
  where = 0;
  CHECK(guest.map_foreign(other, 9, where) == -XEN_EEXIST);
  CHECK(where == mfn);
  CHECK(refs(mfn) == 2);
  CHECK(guest.map_foreign(other, 10, where) == -XEN_EINVAL);
  CHECK(guest.fill(1, mfn, kFaultWrite));
  const u64 shadows = shadow_events[XS_SHADOW_DROP];
  {
    MmGuard guard;
    // The owner gives it up; it stays its own until the mapping goes, and what was cached of that with it.
    REQUIRE(other->mm.model->remove(other, 9) == 0);
    CHECK(frame_owner(mfn) == 42);
    REQUIRE(guest.domain->mm.model->unmap(guest.domain, mfn) == 0);
    CHECK(frame_owner(mfn) == XS_OWNER_FREE);
    CHECK(shadow_events[XS_SHADOW_DROP] > shadows);
    CHECK(guest.backing(mfn) == 0);
    CHECK(guest.domain->mm.model->unmap(guest.domain, mfn) == -XEN_EINVAL);
    CHECK(guest.domain->mm.model->unmap(guest.domain, guest.page) == -XEN_EINVAL);
  }
  end_domain(other);
  remove_domain(other);
}

TEST_CASE("what a domain of this model still maps comes back when it ends") {
  Domain* other = nullptr;
  Mfn mfn = 0;
  {
    Guest guest(41);
    other = add_domain(42, 16);
    mfn = frame_for(other);
    guest.before -= 1;  // that frame stays
    Gfn where = 0;
    REQUIRE(guest.map_foreign(other, mfn, where) == 0);
    CHECK(refs(mfn) == 2);
  }
  CHECK(refs(mfn) == 1);
  CHECK(type_refs(mfn) == 0);
  end_domain(other);
  remove_domain(other);
}

TEST_CASE("a frame that is given back leaves a hole, and nothing cached") {
  Guest guest(41);
  REQUIRE(guest.fill(1, guest.page, kFaultWrite));
  const u64 shadows = shadow_events[XS_SHADOW_DROP];
  MmGuard guard;
  REQUIRE(guest.domain->mm.model->remove(guest.domain, guest.page) == 0);
  CHECK(frame_owner(guest.page) == XS_OWNER_FREE);
  CHECK(m2p_get(guest.page) == XS_M2P_INVALID);
  CHECK(guest.backing(guest.page) == 0);
  CHECK(shadow_events[XS_SHADOW_DROP] > shadows);
  CHECK(guest.domain->mm.model->remove(guest.domain, guest.page) == -XEN_EINVAL);
}
