#include "hypervisor/arch/x86_64/mm_grant.h"

#include "arch_vcpu.h"
#include "hypervisor/arch/x86_64/mm_tables.h"
#include "hypervisor/arch/x86_64/mm_vcpu.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/grant_table.h"
#include "hypervisor/common/log_dirty.h"
#include "hypervisor/common/m2p.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/planted.h"

namespace hv {

namespace {
// The entry of a level 1 table in use: by its machine address, or by the address that it translates.
Pte* entry_at(const Domain* domain, u64 address, bool contains_pte) {
  if (!contains_pte) {
    EntryPlace place;
    if (!is_guest_address(address) || !find_l1_entry(current()->arch.kernel_table, address, place))
      return nullptr;
    return table_at(place.table) + place.slot;
  }
  const Mfn table = address >> kPageShift;
  if (address % sizeof(Pte) != 0 || !frame_is_ram(table) || frame_owner(table) != owner_id(domain))
    return nullptr;
  const u64 info = frame_type_info(table);
  if (type_of(info) != XS_FRAME_L1 || !(info & XS_TYPE_VALIDATED) || (info & XS_TYPE_COUNT) == 0)
    return nullptr;
  return table_at(table) + (address & (kPageSize - 1)) / sizeof(Pte);
}

Pte* entry_at(const Domain* domain, const GrantPlace& place) {
  return entry_at(domain, place.address, place.flags & GNTMAP_contains_pte);
}

// What GNTMAP_guest_avail0 and up ask for are the bits that software may use.
Pte pte_for(Mfn mfn, u32 flags) {
  const Pte available = Pte{flags >> _GNTMAP_guest_avail0 & 7} << 9;
  const Pte rights = flags & GNTMAP_readonly ? 0 : kPteWritable | kPteDirty;
  return make_pte(mfn, kPtePresent | kPteUser | kPteAccessed | kPteNoExecute | rights | available);
}

// The table's frame is the domain's own; the other one's may be another's.
void written(const Pte* entry) { log_dirty_mark(virt_to_frame(entry)); }
bool is_foreign(const Domain* domain, Mfn mfn) { return frame_owner(mfn) != owner_id(domain); }

int take_out(const Domain* domain, const GrantPlace& place, Mfn mfn, Pte instead, bool& writable) {
  Pte* entry = entry_at(domain, place);
  if (entry == nullptr) return GNTST_bad_virt_addr;
  const Pte old = __atomic_load_n(entry, __ATOMIC_RELAXED);
  if (!(old & kPtePresent) || pte_mfn(old) != mfn) return GNTST_general_error;
  writable = old & kPteWritable;
  if (planted(Bug::grant_entry_kept)) return GNTST_okay;
  __atomic_store_n(entry, instead, __ATOMIC_RELEASE);
  written(entry);
  if (writable && is_foreign(domain, mfn)) foreign_writer_ends(mfn);
  return GNTST_okay;
}
}  // namespace

int direct_grant_map(Domain* domain, GrantPlace& place, Mfn mfn) {
  Pte* entry = entry_at(domain, place);
  if (entry == nullptr) return place.flags & GNTMAP_contains_pte ? GNTST_general_error : GNTST_bad_virt_addr;
  const Pte old = __atomic_exchange_n(entry, pte_for(mfn, place.flags), __ATOMIC_ACQ_REL);
  written(entry);
  if (!(place.flags & GNTMAP_readonly) && is_foreign(domain, mfn)) foreign_writer_begins(mfn);
  if (old & kPtePresent) entry_put(1, old, domain);
  return GNTST_okay;
}

int direct_grant_unmap(Domain* domain, const GrantPlace& place, Mfn mfn, bool& writable) {
  return take_out(domain, place, mfn, 0, writable);
}

int direct_grant_replace(Domain* domain, const GrantPlace& place, u64 from, Mfn mfn, bool& writable) {
  Pte* source = entry_at(domain, from, place.flags & GNTMAP_contains_pte);
  if (source == nullptr) return GNTST_bad_virt_addr;
  if (source == entry_at(domain, place)) return GNTST_general_error;
  const Pte moved = __atomic_load_n(source, __ATOMIC_RELAXED);
  const int rc = take_out(domain, place, mfn, moved, writable);
  if (rc != GNTST_okay) return rc;
  __atomic_store_n(source, 0, __ATOMIC_RELEASE);
  written(source);
  return rc;
}

void direct_grant_flush(Domain* domain) {
  if (domain->arch.shadowed) return arch_translations_drop(domain);
  arch_flush_tlb(arch_domain_cpu_mask(domain), kFlushAll);
}

int direct_take_out(Domain* domain, u64 name, Mfn& mfn, Gfn& gfn) {
  mfn = name;
  if (!frame_may_leave(domain, mfn)) return GNTST_bad_page;
  gfn = m2p_get(mfn);
  m2p_set(mfn, XS_M2P_INVALID);
  return GNTST_okay;
}

int direct_steal(Domain* domain, u64 name, Mfn& mfn) {
  Gfn gfn;
  return direct_take_out(domain, name, mfn, gfn);
}

// The guest enters it in its tables, its P2M and the M2P.
int direct_accept(Domain*, Gfn, Mfn) { return GNTST_okay; }

// The place is what the M2P said of the other one; as after populate_physmap P2M and tables are the guest's.
void direct_put_in(Domain*, Gfn gfn, Mfn mfn) { m2p_set(mfn, gfn); }

}  // namespace hv
