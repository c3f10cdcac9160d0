// Domains whose P2M the hypervisor holds, as their own hypercalls and the hypervisor see them.
#pragma once
#include <catch2/catch.hpp>

#include <algorithm>

#include "hypervisor/arch/x86_64/mm_shadow.h"
#include "hypervisor/arch/x86_64/mm_vcpu.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/pmt.h"
#include "machine.h"

namespace hvtest {

constexpr u64 kGfns = 3000, kPlace = 2500;
constexpr unsigned kLowBits = 44;  // plain entries name frames by 32 bits

struct Party {
  Domain* domain;
  Vcpu* vcpu = new Vcpu();

  Party(DomId id, xs_memory_model model) : domain(add_domain(id, 4000, model)) {
    domain->privileged = id == 0;
    domain->max_vcpus = 1;
    vcpu->domain = domain;
    domain->vcpu[0] = vcpu;
    if (domain->mm.model->hides_mfns) REQUIRE(shadow_create(vcpu) == 0);
  }
  ~Party() {
    domain->dying = true;
    while (mm_domain_relinquish(domain) != 0) {
    }
    mm_domain_destroy(domain);
    delete vcpu;
    delete domain;
  }

  bool populate(Gfn gfn, unsigned bits = kLowBits) {
    MmGuard guard;
    Mfn mfn;
    if (domain_alloc_frames(domain, 0, bits, mfn) != 0) return false;
    if (domain->mm.model->populate(domain, gfn, mfn, 0) == 0) return true;
    frame_drop_allocation(mfn);
    return false;
  }
  bool remove(Gfn gfn) {
    MmGuard guard;
    return domain->mm.model->remove(domain, gfn) == 0;
  }
  Mfn frame(Gfn gfn) const { return domain->mm.model->frame_of(domain, gfn); }

  long expose(DomId whose, xs_expose_p2m& request) {
    enter(vcpu);
    request.domid = whose;
    return do_memory_op({{XS_XENMEM_expose_p2m, reinterpret_cast<Vaddr>(&request)}});
  }
  long expose(DomId whose, u64 gfns, u64 frames, Gfn place = kPlace) {
    xs_expose_p2m request = {};
    request.place = place;
    request.gfns = gfns;
    request.frames = frames;
    return expose(whose, request);
  }

  /// As a reader would: by its own P2M alone.
  u64 look_up(u32 form, Gfn gfn) const {
    const u64 each = kPageSize / (form & XS_PMT_PLAIN ? sizeof(u32) : sizeof(u64));
    Gfn leaf = kPlace + gfn / each;
    if (form & XS_PMT_TREE) leaf = words(frame(kPlace))[gfn / each];
    if (leaf == 0) return kInvalidMfn;
    if (form & XS_PMT_PLAIN) {
      const u32 mfn = reinterpret_cast<u32*>(words(frame(leaf)))[gfn % each];
      return mfn == XS_PMT_NONE ? kInvalidMfn : mfn;
    }
    const u64 entry = words(frame(leaf))[gfn % each];
    return entry & XS_P2M_PRESENT ? p2m_entry_mfn(entry) : kInvalidMfn;
  }
};

}  // namespace hvtest
