// Uses of grants: announced in the entry against the guest, counted, and with references on the frame.
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/grant_table.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/page_type.h"
#include "hypervisor/common/planted.h"
#include "hypervisor/common/taps.h"

namespace hv {

namespace {
constexpr u32 kMostUses = 0x7fffffff;

/// Flags and domain of an entry change together: one 32-bit word, which the guest changes as well.
u32* word_of(grant_entry_v1_t* entry) { return reinterpret_cast<u32*>(entry); }
static_assert(offsetof(grant_entry_v1_t, flags) == 0 && offsetof(grant_entry_v1_t, domid) == 2 &&
              offsetof(grant_entry_v1_t, frame) == 4);

bool allows(u32 word, const Domain* user, GrantUse use) {
  if ((word & GTF_type_mask) != GTF_permit_access) return false;
  if (word >> 16 != user->id && !planted(Bug::grant_domid_ignored)) return false;
  return use == GrantUse::read || !(word & GTF_readonly) || planted(Bug::grant_readonly_ignored);
}

// GTF_reading, for a write GTF_writing too, unless the entry does not allow it.
bool announce(grant_entry_v1_t* entry, const Domain* user, GrantUse use) {
  const u32 flags = use == GrantUse::write ? GTF_reading | GTF_writing : GTF_reading;
  u32 word = __atomic_load_n(word_of(entry), __ATOMIC_ACQUIRE);
  do {
    if (!allows(word, user, use)) return false;
  } while (!__atomic_compare_exchange_n(word_of(entry), &word, word | flags, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE));
  return true;
}

void withdraw(grant_entry_v1_t* entry, const ActiveGrant& active) {
  if (entry == nullptr || active.writers != 0) return;
  const u16 flags = active.readers != 0 ? GTF_writing : GTF_reading | GTF_writing;
  __atomic_fetch_and(&entry->flags, static_cast<u16>(~flags), __ATOMIC_ACQ_REL);
}

// What the entry names, of the granter's own.
int take_references(Domain* granter, Mfn mfn, GrantUse use) {
  if (mfn == kInvalidMfn) return -XEN_EINVAL;
  if (use == GrantUse::write) return frame_and_type_get(mfn, XS_FRAME_WRITABLE, granter);
  return frame_get(mfn, owner_id(granter)) ? 0 : -XEN_EINVAL;
}
}  // namespace

bool grant_exists(const Domain* granter, u32 ref) { return ref / kGrantsPerPage < granter->grants.pages; }

grant_entry_v1_t* grant_entry(const Domain* granter, u32 ref) {
  grant_entry_v1_t* page = granter->grants.shared[ref / kGrantsPerPage];
  return page == nullptr ? nullptr : page + ref % kGrantsPerPage;
}

ActiveGrant& grant_active(const Domain* granter, u32 ref) {
  return granter->grants.active[ref / kGrantsPerPage][ref % kGrantsPerPage];
}

int grant_begin(Domain* granter, u32 ref, const Domain* user, GrantUse use, Mfn& mfn) {
  if (granter->dying) return GNTST_bad_domain;  // its table may be gone
  if (!grant_exists(granter, ref)) return GNTST_bad_gntref;
  grant_entry_v1_t* entry = grant_entry(granter, ref);
  ActiveGrant& active = grant_active(granter, ref);
  const bool first = active.readers == 0 && active.writers == 0;
  if (active.readers >= kMostUses || active.writers >= kMostUses) return GNTST_general_error;
  if (!announce(entry, user, use)) return GNTST_general_error;
  if (first)
    active.mfn = granter->mm.model->frame_of(granter, __atomic_load_n(&entry->frame, __ATOMIC_RELAXED));
  if (take_references(granter, active.mfn, use) != 0) {
    withdraw(entry, active);
    return GNTST_general_error;
  }
  (use == GrantUse::write ? active.writers : active.readers)++;
  mfn = active.mfn;
  return GNTST_okay;
}

void grant_end(Domain* granter, u32 ref, GrantUse use) {
  ActiveGrant& active = grant_active(granter, ref);
  (use == GrantUse::write ? active.writers : active.readers)--;
  withdraw(grant_entry(granter, ref), active);
}

void grants_for_each_written(const Domain* granter, void (*fn)(Mfn)) {
  for (unsigned page = 0; page < granter->grants.pages; page++) {
    const ActiveGrant* active = granter->grants.active[page];
    for (unsigned i = 0; i < kGrantsPerPage; i++)
      if (active[i].writers != 0) fn(active[i].mfn);
  }
}

grant_entry_v1_t* grant_accepts(Domain* receiver, u32 ref, const Domain* giver, u16 more_flags) {
  if (!grant_exists(receiver, ref)) return nullptr;
  // The flags of a use and those of a transfer are the same bits.
  const ActiveGrant& active = grant_active(receiver, ref);
  grant_entry_v1_t* entry = grant_entry(receiver, ref);
  if (active.readers + active.writers != 0 || entry == nullptr) return nullptr;
  u32 offered = u32{giver->id} << 16 | GTF_accept_transfer | more_flags;
  const bool is_so = __atomic_compare_exchange_n(word_of(entry), &offered, offered | GTF_transfer_committed,
                                                 false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
  return is_so ? entry : nullptr;
}

void grant_accepts_no_more(grant_entry_v1_t* entry) {
  __atomic_fetch_and(&entry->flags, static_cast<u16>(~GTF_transfer_committed), __ATOMIC_ACQ_REL);
}

void grant_completed(grant_entry_v1_t* entry, const Domain* receiver, Mfn mfn) {
  if (!receiver->mm.model->hides_mfns) entry->frame = static_cast<u32>(mfn);
  __atomic_fetch_or(&entry->flags, static_cast<u16>(GTF_transfer_completed), __ATOMIC_RELEASE);
}

bool grant_can_name(const Domain* domain, Mfn mfn) { return domain->mm.model->hides_mfns || mfn <= ~u32{0}; }

void grant_put_references(Mfn mfn, bool writable) {
  if (writable) type_put(mfn, owner_domain(frame_owner(mfn)));
  frame_put(mfn);
}

void mark_grant(const Domain* granter, const Domain* user, u32 ref, Mfn mfn, xs_grant_use use, u64 flags) {
  mark(XS_MARK_GRANT, u64{granter->id} << 16 | user->id, flags | u64{use} << XS_GRANT_USE_SHIFT | ref, mfn);
}

}  // namespace hv
