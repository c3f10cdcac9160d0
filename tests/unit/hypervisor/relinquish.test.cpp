// A domain's end gives every frame back, whatever it has pinned, loaded or claimed; limits and claims are
// enforced before.
#include <catch2/catch.hpp>

#include "hypervisor/arch/x86_64/mm_pte.h"
#include "hypervisor/arch/x86_64/mm_vcpu.h"
#include "hypervisor/common/memory_model.h"
#include "machine.h"

using namespace hvtest;

namespace {

Vcpu* add_vcpu(Domain* domain) {
  auto* vcpu = new Vcpu();
  vcpu->domain = domain;
  domain->vcpu[0] = vcpu;
  domain->max_vcpus = 1;
  return vcpu;
}

}  // namespace

TEST_CASE("pinned tables, loaded bases and descriptor tables all go") {
  boot();
  const u64 before = heap_free_frames();
  Domain* domain = add_domain(7, 5000);
  Vcpu* vcpu = add_vcpu(domain);
  const Mfn l4 = frame_for(domain), user = frame_for(domain), l1 = frame_for(domain), gdt = frame_for(domain);
  for (int i = 0; i < 3000; i++) frame_for(domain);
  words(l1)[0] = make_pte(frame_for(domain), kPtePresent | kPteWritable);
  {
    MmGuard guard;
    REQUIRE(type_pin(l4, XS_FRAME_L4, domain) == 0);
    REQUIRE(type_pin(l1, XS_FRAME_L1, domain) == 0);
    m2p_set(gdt, 42);
  }
  REQUIRE(vcpu_set_kernel_table(vcpu, l4) == 0);
  REQUIRE(vcpu_set_user_table(vcpu, user) == 0);
  REQUIRE(vcpu_set_gdt(vcpu, &gdt, 512) == 0);
  CHECK(vcpu_set_gdt(vcpu, &l4, 512) == -XEN_EINVAL);
  CHECK(vcpu->arch.gdt_entries == 512);
  CHECK(vcpu_set_kernel_table(vcpu, l1) == -XEN_EINVAL);
  using Slot = std::pair<u64, u64>;
  const u64 dv = 7 << 16;
  CHECK(kept == std::map<Slot, Mfn>{{Slot{dv, u64{XS_KEPT_KERNEL_TABLE} << 32}, l4},
                                    {Slot{dv, u64{XS_KEPT_USER_TABLE} << 32}, user},
                                    {Slot{dv, u64{XS_KEPT_GDT} << 32}, gdt}});
  CHECK(broken_reference() == "");
  dropped.clear();
  domain->dying = true;
  unsigned slices = 0;
  while (mm_domain_relinquish(domain) != 0) slices++;
  CHECK(slices >= 2);
  CHECK(domain->mm.total_pages == 0);
  CHECK(heap_free_frames() == before);
  CHECK(kept.empty());
  CHECK(dropped == std::vector<DomId>{7});
  CHECK(broken_invariant() == "");
  mm_domain_destroy(domain);
  delete vcpu;
  delete domain;
}

TEST_CASE("frames given back while pinned or mapped go with the domain's last use of them") {
  const u64 before = heap_free_frames();
  Domain* domain = add_domain(10, 100);
  Mfn frames[8];
  for (Mfn& frame : frames) frame = frame_for(domain);
  {
    MmGuard guard;
    // An L1 table whose only use is its pin; another that maps a frame, both given back, too.
    for (Mfn table : {frames[2], frames[5]}) {
      words(table)[1] = make_pte(frames[table == frames[2] ? 3 : 4], kPtePresent);
      REQUIRE(type_pin(table, XS_FRAME_L1, domain) == 0);
    }
    for (unsigned i = 2; i < 6; i++) REQUIRE(frame_drop_allocation(frames[i]));
  }
  CHECK(domain->mm.total_pages == 8);
  remove_domain(domain);
  CHECK(heap_free_frames() == before);
  CHECK(broken_invariant() == "");
}

// setvcpucontext takes the GDT first; when the page-table base is then refused, the GDT is all that is named.
TEST_CASE("a VCPU that names descriptor tables alone gives them back") {
  boot();
  const u64 before = heap_free_frames();
  Domain* domain = add_domain(7, 100);
  Vcpu* vcpu = add_vcpu(domain);
  const Mfn gdt = frame_for(domain), data = frame_for(domain);
  {
    MmGuard guard;
    REQUIRE(type_get(data, XS_FRAME_WRITABLE, domain) == 0);
  }
  REQUIRE(vcpu_set_gdt(vcpu, &gdt, 512) == 0);
  REQUIRE(vcpu_set_kernel_table(vcpu, data) == -XEN_EINVAL);
  {
    MmGuard guard;
    type_put(data, domain);
  }
  dropped.clear();
  domain->dying = true;
  unsigned slices = 0;
  while (mm_domain_relinquish(domain) != 0 && ++slices < 10) {
  }
  CHECK(slices == 1);
  CHECK(domain->mm.total_pages == 0);
  CHECK(heap_free_frames() == before);
  CHECK(kept.empty());
  CHECK(dropped == std::vector<DomId>{7});
  CHECK(broken_invariant() == "");
  mm_domain_destroy(domain);
  delete vcpu;
  delete domain;
}

TEST_CASE("the limit, the machine and other domains' claims bound an allocation") {
  Domain* a = add_domain(8, 4);
  Domain* b = add_domain(9, 1u << 20);
  Mfn mfn;
  {
    MmGuard guard;
    CHECK(domain_alloc_frames(a, 3, kAnyAddressBits, mfn) == -XEN_ENOMEM);
    CHECK(domain_alloc_frames(a, 2, kAnyAddressBits, mfn) == 0);
    CHECK(domain_alloc_frames(a, 0, kAnyAddressBits, mfn) == -XEN_ENOMEM);
    CHECK(domain_claim(b, heap_free_frames() + 1) == -XEN_ENOMEM);
    CHECK(domain_claim(b, heap_free_frames()) == 0);
    a->mm.max_pages = 100;
    CHECK(domain_alloc_frames(a, 0, kAnyAddressBits, mfn) == -XEN_ENOMEM);
    CHECK(domain_alloc_frames(b, 0, kAnyAddressBits, mfn) == 0);
    CHECK(b->mm.claimed == heap_free_frames());
    CHECK(domain_claim(b, 0) == 0);
    CHECK(domain_alloc_frames(a, 0, kAnyAddressBits, mfn) == 0);
  }
  remove_domain(a);
  remove_domain(b);
  CHECK(claimed_frames() == 0);
  CHECK(broken_invariant() == "");
}

TEST_CASE("decrease_reservation's remove unpins, frees, and refuses what is not the domain's") {
  Domain* a = add_domain(8, 100);
  Domain* b = add_domain(9, 100);
  const Mfn mine = frame_for(a), theirs = frame_for(b);
  MmGuard guard;
  REQUIRE(type_pin(mine, XS_FRAME_L1, a) == 0);
  CHECK(a->mm.model->remove(a, theirs) == -XEN_EINVAL);
  CHECK(a->mm.model->remove(a, ~0ull) == -XEN_EINVAL);
  CHECK(a->mm.model->remove(a, mine) == 0);
  CHECK(frame_owner(mine) == XS_OWNER_FREE);
  CHECK(a->mm.model->remove(a, mine) == -XEN_EINVAL);
  mm_lock.unlock();
  remove_domain(a);
  remove_domain(b);
  CHECK(broken_invariant() == "");
  mm_lock.lock();
}

TEST_CASE("a model that does not exist is refused by name") {
  Domain domain;
  domain.model = XS_MODEL_NESTED;
  CHECK(mm_domain_init(&domain) == -XEN_EOPNOTSUPP);
  CHECK(std::string(memory_model_name(XS_MODEL_NESTED)) != "unknown");
}
