// Debug key: what memory is used for, and whether the books agree with themselves.
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/heap.h"
#include "hypervisor/common/m2p.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/print.h"
#include "hypervisor/common/tlb_epoch.h"

namespace hv {

namespace {
struct Audit {
  u64 free = 0, hypervisor = 0;
  const char* broken = nullptr;
  Mfn where = 0;

  void expect(bool holds, const char* what, Mfn mfn) {
    if (holds || broken != nullptr) return;
    broken = what;
    where = mfn;
  }
};

void audit_domain_frame(Audit& audit, Mfn mfn, u64 count, u64 type) {
  const Domain* owner = owner_domain(frame_owner(mfn));
  audit.expect(owner != nullptr, "owner is no domain", mfn);
  audit.expect((count & XS_COUNT_REFS) != 0, "owned without a reference", mfn);
  audit.expect((type & XS_TYPE_COUNT) <= (count & XS_COUNT_REFS), "more uses than references", mfn);
  audit.expect(!(type & XS_TYPE_PINNED) || (type & XS_TYPE_COUNT) != 0, "pinned without a use", mfn);
}

bool is_hypervisors_table(u64 type_info) {
  return type_info == type_bits(XS_FRAME_P2M) || type_info == type_bits(XS_FRAME_SHADOW);
}

void audit_frame(Audit& audit, Mfn mfn) {
  const u32 owner = frame_owner(mfn);
  const u64 count = frame_count_info(mfn), type = frame_type_info(mfn);
  if (owner != XS_OWNER_FREE && owner != XS_OWNER_XEN) return audit_domain_frame(audit, mfn, count, type);
  (owner == XS_OWNER_FREE ? audit.free : audit.hypervisor)++;
  audit.expect(count == 0 && (type == 0 || (owner == XS_OWNER_XEN && is_hypervisors_table(type))),
               "counts of a frame that is no domain's", mfn);
  // A leaf of a P2M that is shown has a place in its reader's.
  const bool shown = owner == XS_OWNER_XEN && type == type_bits(XS_FRAME_P2M);
  audit.expect(shown || m2p_get(mfn) == XS_M2P_INVALID, "M2P of a frame that is no domain's", mfn);
}

// Walks the domain's list: each frame on it is its own, and there are as many as the books say.
void audit_list(Audit& audit, const Domain* domain) {
  u64 listed = 0;
  for (Mfn mfn = frame_list_first(domain->mm.frames); mfn != kInvalidMfn && listed <= domain->mm.total_pages;
       listed++) {
    audit.expect(frame_owner(mfn) == owner_id(domain), "listed by a domain that does not own it", mfn);
    mfn = frame_list_next(mfn);
  }
  audit.expect(listed == domain->mm.total_pages && listed == domain->mm.frames.count,
               "a domain's list and its total differ", 0);
}

// Free memory by the size of its pieces: of a frame and of 2 MiB are what guests ask for.
void dump_free_blocks() {
  constexpr unsigned kSuperpageOrder = 9;
  u64 large = 0;
  unsigned largest = 0;
  for (unsigned order = 0; order <= kMaxHeapOrder; order++) {
    const u64 blocks = heap_free_blocks(order);
    if (blocks != 0) largest = order;
    if (order >= kSuperpageOrder) large += blocks << (order - kSuperpageOrder);
  }
  print("Memory: free in pieces: %lu of 2 MiB, %lu single frames; the largest has %lu frames\n", large,
        heap_free_blocks(0), 1ul << largest);
}
}  // namespace

void mm_dump() {
  MmGuard guard;
  Audit audit;
  u64 owned = 0;
  for (unsigned i = 0; i < ram_region_count(); i++)
    for (u64 n = 0; n < ram_region(i).count; n++) audit_frame(audit, ram_region(i).first + n);
  for (const Domain* d = first_owner(); d != nullptr; d = d->mm.next_owner) {
    audit_list(audit, d);
    owned += d->mm.total_pages + d->mm.shared_pages;
    print("  d%u: %lu of at most %lu frames, %lu shared, %lu pinned, model %s\n", d->id, d->mm.total_pages,
          d->mm.max_pages, d->mm.shared_pages, d->mm.pins, d->mm.model->name);
  }
  audit.expect(audit.free == heap_free_frames() && audit.free == heap_count_lists(),
               "free frames do not sum up", 0);
  audit.expect(audit.free + audit.hypervisor + owned == total_ram_frames(), "frames do not sum up", 0);
  print("Memory: %lu frames: %lu free, %lu hypervisor, %lu domains; %lu claimed; epoch %u\n",
        total_ram_frames(), audit.free, audit.hypervisor, owned, claimed_frames(), tlb_epoch());
  dump_free_blocks();
  if (audit.broken != nullptr)
    print("Memory audit: BROKEN: %s (frame %lx)\n", audit.broken, audit.where);
  else
    print("Memory audit: ok\n");
}

}  // namespace hv
