// GNTTABOP_transfer: a frame changes its owner, contents and all, into a place that the receiver has granted.
//
// As in Xen a giver whose call fails keeps the frame only with GNTST_bad_page; else it is lost to it.
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/domain_ref.h"
#include "hypervisor/common/grant_table.h"
#include "hypervisor/common/memory_model.h"

namespace hv {

namespace {
int give(Domain* giver, Domain* receiver, u32 ref, Mfn mfn) {
  if (receiver == nullptr || receiver->dying) return GNTST_bad_domain;
  if (receiver->mm.total_pages >= receiver->mm.max_pages) return GNTST_general_error;
  if (!grant_can_name(receiver, mfn)) return GNTST_address_too_big;
  grant_entry_v1_t* entry = grant_accepts(receiver, ref, giver, 0);
  if (entry == nullptr) return GNTST_bad_gntref;
  frame_change_owner(giver, receiver, mfn);  // before anybody can see it in a P2M
  if (const int rc = receiver->mm.model->accept(receiver, entry->frame, mfn); rc != GNTST_okay) {
    grant_accepts_no_more(entry);
    return rc;
  }
  mark_grant(receiver, giver, ref, mfn, XS_GRANT_TRANSFER, XS_GRANT_WRITE);
  grant_completed(entry, receiver, mfn);
  return GNTST_okay;
}
}  // namespace

void grant_transfer(gnttab_transfer& op) {
  const DomainRef receiver(op.domid == DOMID_SELF ? DomId{DOMID_INVALID} : op.domid);
  Domain* giver = current()->domain;
  MmGuard guard;
  Mfn mfn;
  op.status = GNTST_bad_page;
  if (giver->mm.model->steal(giver, op.mfn, mfn) != GNTST_okay) return;
  const int rc = give(giver, receiver.get(), op.ref, mfn);
  op.status = static_cast<int16_t>(rc);
  if (rc != GNTST_okay) frame_drop_allocation(mfn);
}

}  // namespace hv
