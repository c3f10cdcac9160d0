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
u32* word_of(grant_entry_v1_t* entry) { return reinterpret_cast<u32*>(entry); }

// From here on the receiver must leave the entry alone until it is completed.
bool commit(grant_entry_v1_t* entry, const Domain* giver) {
  u32 offered = u32{giver->id} << 16 | GTF_accept_transfer;
  return __atomic_compare_exchange_n(word_of(entry), &offered, offered | GTF_transfer_committed, false,
                                     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

void take_back(grant_entry_v1_t* entry) {
  __atomic_fetch_and(&entry->flags, static_cast<u16>(~GTF_transfer_committed), __ATOMIC_ACQ_REL);
}

// Where names are machine frames the receiver is told which one it has got.
bool fits(const Domain* receiver, Mfn mfn) { return receiver->mm.model->hides_mfns || mfn <= ~u32{0}; }

int give(Domain* giver, Domain* receiver, u32 ref, Mfn mfn) {
  if (receiver == nullptr || receiver->dying) return GNTST_bad_domain;
  if (receiver->mm.total_pages >= receiver->mm.max_pages) return GNTST_general_error;
  if (!fits(receiver, mfn)) return GNTST_address_too_big;
  if (!grant_exists(receiver, ref)) return GNTST_bad_gntref;
  // The flags of a use and those of a transfer are the same bits.
  const ActiveGrant& active = grant_active(receiver, ref);
  if (active.readers + active.writers != 0) return GNTST_bad_gntref;
  grant_entry_v1_t* entry = grant_entry(receiver, ref);
  if (!commit(entry, giver)) return GNTST_bad_gntref;
  frame_change_owner(giver, receiver, mfn);  // before anybody can see it in a P2M
  if (const int rc = receiver->mm.model->accept(receiver, entry->frame, mfn); rc != GNTST_okay) {
    take_back(entry);
    return rc;
  }
  if (!receiver->mm.model->hides_mfns) entry->frame = static_cast<u32>(mfn);
  mark_grant(receiver, giver, ref, mfn, XS_GRANT_TRANSFER, XS_GRANT_WRITE);
  __atomic_fetch_or(&entry->flags, static_cast<u16>(GTF_transfer_completed), __ATOMIC_RELEASE);
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
