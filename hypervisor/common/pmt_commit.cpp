// XS_XENMEM_commit_p2m: dom0 has written its own table, a proposal, and wants it to be so.
//
//   GFNs --read once--> { was: the frame there now, wanted: the frame that the table names }
//        --checked-->   `wanted` is a choice of `was`, each once: no frame comes in, none has two places
//        --done-->      taken out, put in, one drop of what was cached, frames left over given up
//
// Nothing else of what the guest wrote is ever looked at, and nothing is looked at twice.
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/m2p.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/p2m.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/pmt.h"

namespace hv {

namespace {
struct Place {
  Gfn gfn;
  Mfn was, wanted;
  bool claimed;  // `was` is wanted somewhere
  bool changes() const { return was != wanted; }
};

struct Batch {
  u64 gfns[XS_PMT_COMMIT_MOST];
  Place places[XS_PMT_COMMIT_MOST];
  u8 by_gfn[2 * XS_PMT_COMMIT_MOST];  // hash table: index in `places` + 1, 0: none

  u8& slot(Gfn gfn) {
    u64 at = gfn;
    while (by_gfn[at % sizeof by_gfn] != 0 && places[by_gfn[at % sizeof by_gfn] - 1].gfn != gfn) at++;
    return by_gfn[at % sizeof by_gfn];
  }
  Place* find(Gfn gfn) {
    const u8 found = slot(gfn);
    return found == 0 ? nullptr : &places[found - 1];
  }
};
static_assert(XS_PMT_COMMIT_MOST < 256);

int read_place(const Domain* domain, const Pmt& pmt, Gfn gfn, Place& p) {
  const u32* at = pmt_place(pmt, gfn);
  const u64 entry = p2m_get(domain->mm.p2m, gfn);
  if (at == nullptr || (entry & (XS_P2M_FOREIGN | XS_P2M_SHARED))) return -XEN_EINVAL;
  const u32 wanted = __atomic_load_n(at, __ATOMIC_RELAXED);
  p.gfn = gfn;
  p.was = entry & XS_P2M_PRESENT ? p2m_entry_mfn(entry) : kInvalidMfn;
  // Also of a frame whose number the table cannot hold.
  if (wanted == pmt_plain_entry(entry))
    p.wanted = p.was;
  else
    p.wanted = wanted == XS_PMT_NONE ? kInvalidMfn : wanted;
  if (!p.changes() || p.was == kInvalidMfn || frame_may_leave(domain, p.was)) return 0;
  return -XEN_EBUSY;
}

// A frame's GFN, by the M2P, is one of those that were named, and nobody before has wanted it.
int claim(Batch& b, Mfn wanted) {
  if (wanted == kInvalidMfn) return 0;
  Place* from = b.find(m2p_get(wanted));
  if (from == nullptr || from->was != wanted || from->claimed) return -XEN_EINVAL;
  from->claimed = true;
  return 0;
}

int check(Domain* domain, const Pmt& pmt, Batch& b, u32 count, u32& refused) {
  int rc = 0;
  for (refused = 0; refused < count; refused++) {
    u8& slot = b.slot(b.gfns[refused]);
    if (slot != 0) return -XEN_EINVAL;  // named twice
    if ((rc = read_place(domain, pmt, b.gfns[refused], b.places[refused])) != 0) return rc;
    slot = static_cast<u8>(refused + 1);
  }
  for (refused = 0; refused < count; refused++) {
    const Place& p = b.places[refused];
    if ((rc = claim(b, p.wanted)) != 0) return rc;
    // Frames leave and enter one by one: without memory for that, nothing has changed.
    if (p.changes() && (rc = p2m_shatter(domain, p.gfn, XS_SHATTERED_OTHER)) != 0) return rc;
    if (p.wanted != kInvalidMfn && (rc = p2m_reserve(domain, p.gfn, 1)) != 0) return rc;
  }
  return 0;
}

void take_over(Domain* domain, const Batch& b, u32 count) {
  const MemoryModel& model = *domain->mm.model;
  Mfn mfn;
  Gfn gfn;
  for (u32 i = 0; i < count; i++)
    if (b.places[i].changes() && b.places[i].was != kInvalidMfn)
      model.take_out(domain, b.places[i].gfn, mfn, gfn);
  for (u32 i = 0; i < count; i++)
    if (b.places[i].changes() && b.places[i].wanted != kInvalidMfn)
      model.put_in(domain, b.places[i].gfn, b.places[i].wanted);
  arch_translations_drop(domain);
  for (u32 i = 0; i < count; i++)
    if (b.places[i].was != kInvalidMfn && !b.places[i].claimed) frame_drop_allocation(b.places[i].was);
}

// The table says again what is so.
void take_back(const Domain* domain, const Pmt& pmt, const Batch& b, u32 count) {
  for (u32 i = 0; i < count; i++)
    if (u32* at = pmt_place(pmt, b.gfns[i]))
      __atomic_store_n(at, pmt_plain_entry(p2m_get(domain->mm.p2m, b.gfns[i])), __ATOMIC_RELAXED);
}

int commit(Domain* domain, Batch& b, u32 count, u32& refused) {
  MmGuard guard;
  const Pmt* pmt = pmt_written(domain);
  if (pmt == nullptr) return -XEN_EPERM;
  if (domain->dying) return -XEN_EINVAL;
  const int rc = check(domain, *pmt, b, count, refused);
  rc == 0 ? take_over(domain, b, count) : take_back(domain, *pmt, b, count);
  return rc;
}
}  // namespace

long pmt_commit(Vaddr arg) {
  xs_commit_p2m request;
  if (!copy_from_guest(request, arg)) return -XEN_EFAULT;
  Domain* domain = current()->domain;
  Batch* batch = make<Batch>();
  if (batch == nullptr) return -XEN_ENOMEM;
  request.refused = 0;
  long rc = request.count <= XS_PMT_COMMIT_MOST ? 0 : -XEN_EINVAL;
  if (rc == 0 && !copy_from_guest(batch->gfns, request.gfns, request.count * sizeof *batch->gfns))
    rc = -XEN_EFAULT;
  if (rc == 0) rc = commit(domain, *batch, request.count, request.refused);
  release(batch);
  return copy_to_guest(arg, request) ? rc : -XEN_EFAULT;
}

}  // namespace hv
