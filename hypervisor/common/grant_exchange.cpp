// XS_GNTTABOP_donate and XS_GNTTABOP_exchange (hypervisor/abi/grants.h): frames change hands, a group at a
// time.
//
//   begin each    the entry is checked and announced, the frames leave the places that they have
//   once          CPUs forget what they know of those places
//   finish each   new owners, new places, the entry is completed; or all is as it was
//
// Nobody but a CPU that holds mm_lock can see a frame between begin and finish: no P2M has it.
#include "hypervisor/abi/grants.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/domain_ref.h"
#include "hypervisor/common/grant_table.h"
#include "hypervisor/common/memory_model.h"

namespace hv {

namespace {
struct Move {
  gnttab_transfer* op;
  grant_entry_v1_t* entry = nullptr;
  Mfn given = kInvalidMfn, returned = kInvalidMfn;  ///< the caller's frame; an exchange's other one
  Gfn from = 0, to = 0;                             ///< the places that they had
};

struct Group {
  Domain *giver, *receiver;
  bool exchange;
  unsigned count = 0;
  Move moves[kMoveBatch] = {};
};

// Where names are machine frames a name may come twice.
bool is_taken(const Group& g, Mfn mfn) {
  for (unsigned i = 0; i < g.count; i++)
    if (g.moves[i].given == mfn || g.moves[i].returned == mfn) return true;
  return false;
}

int take_out(const Group& g, const Move& m, Domain* domain, u64 name, Mfn& mfn, Gfn& gfn) {
  const MemoryModel& model = *domain->mm.model;
  const Mfn named = model.frame_of(domain, name);
  if (named == kInvalidMfn || named == m.given || is_taken(g, named)) return GNTST_bad_page;
  return model.take_out(domain, name, mfn, gfn);
}

// Both, or none.
int take_out(const Group& g, Move& m) {
  Mfn mfn;
  if (take_out(g, m, g.giver, m.op->mfn, mfn, m.from) != GNTST_okay) return GNTST_bad_page;
  m.given = mfn;
  int rc = grant_can_name(g.receiver, mfn) ? GNTST_okay : GNTST_address_too_big;
  if (rc == GNTST_okay && g.exchange && take_out(g, m, g.receiver, m.entry->frame, mfn, m.to) != GNTST_okay)
    rc = GNTST_bad_gntref;
  if (rc != GNTST_okay)
    g.giver->mm.model->put_in(g.giver, m.from, m.given);
  else if (g.exchange)
    m.returned = mfn;
  return rc;
}

int begin(const Group& g, Move& m) {
  m.entry = grant_accepts(g.receiver, m.op->ref, g.giver, g.exchange ? XS_GTF_EXCHANGE : 0);
  if (m.entry == nullptr) return GNTST_bad_gntref;
  const int rc = take_out(g, m);
  if (rc != GNTST_okay) grant_accepts_no_more(m.entry);
  return rc;
}

int finish_exchange(const Group& g, Move& m) {
  frame_change_owner(g.giver, g.receiver, m.given);
  g.receiver->mm.model->put_in(g.receiver, m.to, m.given);
  mark_grant(g.receiver, g.giver, m.op->ref, m.given, XS_GRANT_EXCHANGE_TO, XS_GRANT_WRITE);
  frame_change_owner(g.receiver, g.giver, m.returned);
  g.giver->mm.model->put_in(g.giver, m.from, m.returned);
  mark_grant(g.receiver, g.giver, m.op->ref, m.returned, XS_GRANT_EXCHANGE_FROM, XS_GRANT_WRITE);
  if (!g.giver->mm.model->hides_mfns) m.op->mfn = m.returned;
  return GNTST_okay;
}

int finish_donation(const Group& g, Move& m) {
  int rc = GNTST_general_error;
  if (g.giver == g.receiver || g.receiver->mm.total_pages < g.receiver->mm.max_pages) {
    frame_change_owner(g.giver, g.receiver, m.given);  // before anybody can see it in a P2M
    rc = g.receiver->mm.model->accept(g.receiver, m.entry->frame, m.given);
    if (rc != GNTST_okay) frame_change_owner(g.receiver, g.giver, m.given);
  }
  if (rc == GNTST_okay)
    mark_grant(g.receiver, g.giver, m.op->ref, m.given, XS_GRANT_TRANSFER, XS_GRANT_WRITE);
  else
    g.giver->mm.model->put_in(g.giver, m.from, m.given);
  return rc;
}

void finish(const Group& g, Move& m) {
  const int rc = g.exchange ? finish_exchange(g, m) : finish_donation(g, m);
  m.op->status = static_cast<int16_t>(rc);
  if (rc == GNTST_okay)
    grant_completed(m.entry, g.receiver, m.given);
  else
    grant_accepts_no_more(m.entry);
}

void move_group(gnttab_transfer* ops, unsigned count, Group& g) {
  for (unsigned i = 0; i < count; i++) {
    Move& m = g.moves[g.count];
    m = {&ops[i]};
    const int rc = g.receiver == nullptr || g.receiver->dying ? GNTST_bad_domain : begin(g, m);
    ops[i].status = static_cast<int16_t>(rc);
    if (rc == GNTST_okay) g.count++;
  }
  if (g.count == 0) return;
  arch_translations_drop(g.giver);
  if (g.exchange && g.receiver != g.giver) arch_translations_drop(g.receiver);
  for (unsigned i = 0; i < g.count; i++) finish(g, g.moves[i]);
}

// For one receiver. A domain's own places may be both left and accepted into, so that what fails could not
// go back: one by one then.
unsigned group_length(const gnttab_transfer* ops, unsigned count, const Domain* receiver) {
  unsigned n = 1;
  while (receiver != current()->domain && n < count && ops[n].domid == ops[0].domid) n++;
  return n;
}
}  // namespace

void grant_move_batch(gnttab_transfer* ops, unsigned count, bool exchange) {
  for (unsigned i = 0, n; i < count; i += n) {
    const DomainRef receiver(ops[i].domid == DOMID_SELF ? DomId{DOMID_INVALID} : ops[i].domid);
    n = group_length(ops + i, count - i, receiver.get());
    MmGuard guard;
    Group group = {current()->domain, receiver.get(), exchange};
    move_group(ops + i, n, group);
  }
}

}  // namespace hv
