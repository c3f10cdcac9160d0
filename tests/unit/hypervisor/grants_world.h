// Two domains of each pair of models, and grants of the one to the other, written as a guest writes them.
#pragma once
#include <catch2/catch.hpp>

#include <cstring>
#include <random>

#include "hypervisor/abi/grants.h"
#include "hypervisor/arch/x86_64/arch_hypercalls.h"
#include "hypervisor/arch/x86_64/mm_pte.h"
#include "hypervisor/arch/x86_64/mm_shadow.h"
#include "hypervisor/arch/x86_64/mm_vcpu.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/memory_model.h"
#include "machine.h"

namespace hvtest {
constexpr unsigned kLowBits = 44;  // entries of version 1 name frames by 32 bits
constexpr Vaddr kPlace = 0x8000;   // where the user maps: slot 8 of its L1 in direct, GFN 8 in translated
constexpr u64 kPlaceSlot = kPlace >> kPageShift;
constexpr u64 kFrames = 24;

inline long call(unsigned op, void* list, u64 count = 1) {
  return do_grant_table_op({{op, reinterpret_cast<Vaddr>(list), count, 0, 0, 0}});
}

/// A domain with a VCPU, `kFrames` frames (named 16 to 39 where it is translated) and one page of grants.
struct Party {
  Domain* domain;
  Vcpu* vcpu = new Vcpu();
  std::vector<u64> names;
  Mfn l1 = 0;

  Party(DomId id, xs_memory_model model) : domain(add_domain(id, kFrames + 8, model)) {
    domain->max_vcpus = 1;
    vcpu->domain = domain;
    domain->vcpu[0] = vcpu;
    for (u64 n = 0; n < kFrames; n++) names.push_back(add_frame(16 + n));
    if (model == XS_MODEL_DIRECT) build_tables();
    if (model == XS_MODEL_TRANSLATED) REQUIRE(shadow_create(vcpu) == 0);
    xen_pfn_t list[1];
    gnttab_setup_table setup = {};
    setup.dom = DOMID_SELF;
    setup.nr_frames = 1;
    set_xen_guest_handle(setup.frame_list, list);
    as_caller();
    REQUIRE(call(GNTTABOP_setup_table, &setup) == 0);
    REQUIRE(setup.status == GNTST_okay);
  }
  ~Party() {
    mm_domain_destroy(domain);
    grants_destroy(domain);
    delete vcpu;
    delete domain;
  }

  u64 add_frame(Gfn gfn) {
    const Mfn mfn = frame_for(domain, kLowBits);
    MmGuard guard;
    REQUIRE(domain->mm.model->populate(domain, gfn, mfn, 0) == 0);
    return domain->mm.model->hides_mfns ? gfn : mfn;
  }
  void build_tables() {
    const Mfn l4 = names[0], l3 = names[1], l2 = names[2];
    l1 = names[3];
    for (int i = 0; i < 4; i++) memset(words(names[i]), 0, kPageSize);
    words(l4)[0] = make_pte(l3, kPtePresent | kPteWritable);
    words(l3)[0] = make_pte(l2, kPtePresent | kPteWritable);
    words(l2)[0] = make_pte(l1, kPtePresent | kPteWritable);
    REQUIRE(vcpu_set_kernel_table(vcpu, l4) == 0);
  }

  void as_caller() const { enter(vcpu); }
  Mfn frame(u64 name) const { return domain->mm.model->frame_of(domain, name); }
  grant_entry_v1_t& entry(u32 ref) const { return *grant_entry(domain, ref); }
  void grant(u32 ref, const Party& user, u64 name, u16 flags = GTF_permit_access) const {
    entry(ref) = {flags, user.domain->id, static_cast<u32>(name)};
  }
  /// What is shown at kPlace: {frame, writable}; {kInvalidMfn, false}: nothing.
  std::pair<Mfn, bool> shown() const {
    if (domain->mm.model->hides_mfns) {
      const u64 e = p2m_get(domain->mm.p2m, kPlaceSlot);
      return e & XS_P2M_PRESENT ? std::pair{p2m_entry_mfn(e), (e & XS_P2M_WRITABLE) != 0}
                                : std::pair{kInvalidMfn, false};
    }
    const Pte pte = words(l1)[kPlaceSlot];
    return pte & kPtePresent ? std::pair{pte_mfn(pte), (pte & kPteWritable) != 0}
                             : std::pair{kInvalidMfn, false};
  }

  gnttab_map_grant_ref map(const Party& granter, u32 ref, u32 flags = GNTMAP_host_map) const {
    gnttab_map_grant_ref op = {};
    op.host_addr = kPlace;
    op.flags = flags;
    op.ref = ref;
    op.dom = granter.domain->id;
    as_caller();
    REQUIRE(call(GNTTABOP_map_grant_ref, &op) == 0);
    return op;
  }
  int16_t unmap(const gnttab_map_grant_ref& mapped, u64 host = kPlace, u64 device = 0) const {
    gnttab_unmap_grant_ref op = {};
    op.host_addr = host;
    op.dev_bus_addr = device;
    op.handle = mapped.handle;
    as_caller();
    REQUIRE(call(GNTTABOP_unmap_grant_ref, &op) == 0);
    return op.status;
  }
};

/// The four pairs of models, and at the end nothing is left over.
struct World {
  const u64 before;
  Party* granter;
  Party* user;

  World(xs_memory_model a, xs_memory_model b) : before((boot(), heap_free_frames())) {
    grant_marks.clear();
    granter = new Party(5, a);
    user = new Party(6, b);
  }
  ~World() {
    end_domain(user->domain);
    end_domain(granter->domain);
    delete user;
    delete granter;
    // Handles' pages and page tables of the P2M are given back with the domains.
    CHECK(heap_free_frames() == before);
    CHECK(held.empty());
    CHECK(broken_invariant() == "");
  }
};

constexpr std::pair<xs_memory_model, xs_memory_model> kPairs[] = {
    {XS_MODEL_DIRECT, XS_MODEL_DIRECT},
    {XS_MODEL_DIRECT, XS_MODEL_TRANSLATED},
    {XS_MODEL_TRANSLATED, XS_MODEL_DIRECT},
    {XS_MODEL_TRANSLATED, XS_MODEL_TRANSLATED},
};
#define EACH_PAIR()                                 \
  const auto models = kPairs[GENERATE(0, 1, 2, 3)]; \
  CAPTURE(models.first, models.second);             \
  World w(models.first, models.second);             \
  Party &granter = *w.granter, &user = *w.user

inline bool marked(xs_grant_use use, bool write, Mfn mfn) {
  const GrantMark& m = grant_marks.back();
  return m.use == use && m.write == write && m.mfn == mfn;
}
}  // namespace hvtest
