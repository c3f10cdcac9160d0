#include "hypervisor/arch/x86_64/mm_tables.h"

#include "arch_vcpu.h"
#include "hypervisor/arch/x86_64/mm_device_memory.h"
#include "hypervisor/common/devices.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/log_dirty.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/page_type.h"
#include "hypervisor/common/planted.h"
#include "hypervisor/common/print.h"

namespace hv {

namespace {
constexpr Pte kAvailable = 0x7ff0000000000e00;  // bits 9-11 and 52-62 are software's
constexpr Pte kAnyLevelBits = kPtePresent | kPteWritable | kPteUser | kPteWriteThrough | kPteCacheDisable |
                              kPteAccessed | kPteDirty | kPteGlobal | kPteNoExecute | kAvailable |
                              kPteAddress;

constexpr Pte allowed_bits(unsigned level) { return level == 1 ? kAnyLevelBits | kPtePat : kAnyLevelBits; }
constexpr Pte adjusted(Pte pte) { return (pte | kPteUser) & ~kPteGlobal; }

FrameSource own_frames(Domain* domain) { return {FrameSource::frames_of_domain, domain}; }

// Memory that is not RAM: devices and firmware tables, not counted.
int get_device_frame(Pte pte, const Domain* table_owner, const FrameSource& source) {
  if (source.kind == FrameSource::hypervisor_tables || !device_page_is_of(table_owner, pte_mfn(pte)))
    return -XEN_EPERM;
  return device_frame_is_mappable(pte_mfn(pte), pte & kPteWritable) ? 0 : -XEN_EPERM;
}

// Hypervisor frames that a privileged domain may read: the M2P's.
int get_hypervisor_frame(Pte pte, const Domain* table_owner) {
  const bool allowed = table_owner->privileged && !(pte & kPteWritable) && frame_backs_m2p(pte_mfn(pte));
  return allowed ? 0 : -XEN_EPERM;
}

int l1_entry_get(Pte pte, Domain* table_owner, const FrameSource& source) {
  const Mfn mfn = pte_mfn(pte);
  if (!frame_is_ram(mfn)) return get_device_frame(pte, table_owner, source);
  if (source.kind == FrameSource::hypervisor_tables) return get_hypervisor_frame(pte, table_owner);
  if (source.kind != FrameSource::frames_of_domain) return -XEN_EPERM;
  Domain* owner = source.domain;
  if (planted(Bug::foreign_mapped) && owner_domain(frame_owner(mfn))) owner = owner_domain(frame_owner(mfn));
  if (!(pte & kPteWritable)) return frame_get(mfn, owner_id(owner)) ? 0 : -XEN_EINVAL;
  const int rc = frame_and_type_get(mfn, XS_FRAME_WRITABLE, owner);
  if (rc == 0 && owner != table_owner) foreign_writer_begins(mfn);
  return rc;
}

void l1_entry_put(Pte pte, const Domain* table_owner) {
  const Mfn mfn = pte_mfn(pte);
  if (!frame_is_ram(mfn) || frame_owner(mfn) == XS_OWNER_XEN) return;
  if (pte & kPteWritable) {
    if (frame_owner(mfn) != owner_id(table_owner)) foreign_writer_ends(mfn);
    type_put(mfn, nullptr);
  } else {
    frame_mapping_ends(mfn);
  }
  if (!planted(Bug::reference_kept)) frame_put(mfn);
}

int table_validate(Mfn mfn, unsigned level, Domain* domain);
void table_release(Mfn mfn, unsigned level, unsigned end, Domain* domain) {
  const Pte* table = table_at(mfn);
  for (unsigned slot = 0; slot < end; slot++)
    if ((table[slot] & kPtePresent) && !(level == kTopLevel && is_hypervisor_slot(slot)))
      entry_put(level, table[slot], domain);
}

int table_validate(Mfn mfn, unsigned level, Domain* domain) {
  Pte* table = table_at(mfn);
  for (unsigned slot = 0; slot < kTableEntries; slot++) {
    if (!(table[slot] & kPtePresent) || (level == kTopLevel && is_hypervisor_slot(slot))) continue;
    Pte pte = table[slot];
    if (const int rc = entry_get(level, pte, domain, own_frames(domain)); rc != 0) {
      table_release(mfn, level, slot, domain);
      log_dirty_mark(mfn);
      return rc;
    }
    if (pte != table[slot]) table[slot] = pte;
  }
  if (level == kTopLevel) arch_fill_hypervisor_slots(table);
  log_dirty_mark(mfn);
  return 0;
}

// The references depend on these bits alone; a change of others keeps them.
constexpr Pte reference_bits(unsigned level) {
  return level == 1 ? kPtePresent | kPteWritable | kPteAddress : kPtePresent | kPteAddress;
}

// How the new value gets into the entry; false when it did not.
struct EntryStore {
  AccessedDirty mode = AccessedDirty::replace;
  const Pte* expected = nullptr;

  bool operator()(Pte* entry, Pte pte) const {
    if (expected != nullptr) {
      Pte old = *expected;
      return __atomic_compare_exchange_n(entry, &old, pte, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    }
    if (mode == AccessedDirty::replace) {
      __atomic_store_n(entry, pte, __ATOMIC_RELEASE);
      return true;
    }
    // The walker of another CPU may set A or D meanwhile.
    Pte old = __atomic_load_n(entry, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(entry, &old, pte | (old & (kPteAccessed | kPteDirty)), false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
    }
    return true;
  }
};

// An entry for a frame of a domain that does not know MFNs names it as that domain does.
int name_to_frame(Pte& pte, const FrameSource& source) {
  const bool by_name = source.kind == FrameSource::frames_of_domain && source.domain->mm.model->hides_mfns;
  if (!by_name || !(pte & kPtePresent)) return 0;
  const Mfn mfn = source.domain->mm.model->frame_of(source.domain, pte_mfn(pte));
  if (mfn == kInvalidMfn) return -XEN_EINVAL;
  pte = make_pte(mfn, pte & ~kPteAddress);
  return 0;
}

int change_entry(Mfn table, unsigned level, unsigned slot, Pte pte, const EntryStore& store,
                 Domain* table_owner, const FrameSource& source) {
  if (level == kTopLevel && is_hypervisor_slot(slot)) return -XEN_EPERM;
  if (level == 1)
    if (const int rc = name_to_frame(pte, source); rc != 0) return rc;
  log_dirty_mark(table);
  Pte* entry = table_at(table) + slot;
  const Pte old = __atomic_load_n(entry, __ATOMIC_RELAXED);
  const bool same_references = (pte & kPtePresent) && ((old ^ pte) & reference_bits(level)) == 0;
  if (same_references) {
    if (pte & ~allowed_bits(level)) return -XEN_EINVAL;
    return store(entry, adjusted(pte)) ? 0 : -XEN_EAGAIN;
  }
  if (pte & kPtePresent)
    if (const int rc = entry_get(level, pte, table_owner, source); rc != 0) return rc;
  if (!store(entry, pte)) {
    if (pte & kPtePresent) entry_put(level, pte, table_owner);
    return -XEN_EAGAIN;
  }
  if (old & kPtePresent) entry_put(level, old, table_owner);
  return 0;
}
}  // namespace

int entry_get(unsigned level, Pte& pte, Domain* table_owner, const FrameSource& source) {
  if (pte & ~allowed_bits(level)) return -XEN_EINVAL;
  pte = adjusted(pte);
  if (level == 1) return l1_entry_get(pte, table_owner, source);
  return frame_and_type_get(pte_mfn(pte), table_type(level - 1), table_owner);
}

void entry_put(unsigned level, Pte pte, Domain* table_owner) {
  if (level == 1)
    l1_entry_put(pte, table_owner);
  else
    frame_and_type_put(pte_mfn(pte), table_owner);
}

int entry_update(Mfn table, unsigned level, unsigned slot, Pte pte, AccessedDirty mode, Domain* table_owner,
                 const FrameSource& source) {
  return change_entry(table, level, slot, pte, {mode, nullptr}, table_owner, source);
}

int entry_exchange(Mfn table, unsigned level, unsigned slot, Pte expected, Pte pte, Domain* table_owner,
                   const FrameSource& source) {
  return change_entry(table, level, slot, pte, {AccessedDirty::replace, &expected}, table_owner, source);
}

int arch_validate_type(Mfn mfn, xs_frame_type type, Domain* domain) {
  if (type == XS_FRAME_SEGDESC) {
    log_dirty_mark(mfn);
    return descriptor_page_is_safe(static_cast<u64*>(frame_to_virt(mfn))) ? 0 : -XEN_EINVAL;
  }
  if (!is_table_type(type)) return -XEN_EINVAL;
  return table_validate(mfn, type, domain);
}

void arch_invalidate_type(Mfn mfn, xs_frame_type type, Domain* domain) {
  if (is_table_type(type)) table_release(mfn, type, kTableEntries, domain);
}

}  // namespace hv
