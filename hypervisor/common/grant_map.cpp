// Mapping granted frames, and the end of mappings.
//
//   map     use begins -> told to the observer -> shown (page table, P2M)
//   unmap   not shown any more, no device's any more -> one flush for the batch -> told -> references and use
//           end
//
// The granter learns that its frame is free from the entry's flags, so these change last.
#include "hypervisor/abi/grants.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/domain_ref.h"
#include "hypervisor/common/grant_table.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/iommu.h"
#include "hypervisor/common/log_dirty.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/planted.h"

namespace hv {

namespace {
constexpr u32 kNoHandle = ~0u;
constexpr u32 kEachPart[] = {GNTMAP_host_map, GNTMAP_device_map};
constexpr u32 kParts = GNTMAP_host_map | GNTMAP_device_map;
constexpr unsigned kEndingShift =
    8;  // of parts that are shown no more, until the flush: a list may name a handle twice

GrantMapping& at(const DomainGrants& grants, u32 handle) {
  return grants.mapping[handle / kMappingsPerPage][handle % kMappingsPerPage];
}

u32 handle_count(const DomainGrants& grants) { return grants.mapping_pages * kMappingsPerPage; }

/// Another page of free handles; false: the limit is reached, or memory is out.
bool more_handles(DomainGrants& grants) {
  if (grants.mapping_pages >= grants.mapping_page_limit) return false;
  auto* page = static_cast<GrantMapping*>(allocate(kPageSize));
  if (page == nullptr) return false;
  const u32 first = handle_count(grants);
  grants.mapping[grants.mapping_pages++] = page;
  for (u32 i = 0; i < kMappingsPerPage; i++)
    page[i].ref = i + 1 < kMappingsPerPage ? first + i + 1 : grants.free_handle;
  grants.free_handle = first;
  return true;
}

u32 take_handle(DomainGrants& grants) {
  if (grants.free_handle == kNoHandle && !more_handles(grants)) return kNoHandle;
  const u32 handle = grants.free_handle;
  grants.free_handle = at(grants, handle).ref;
  grants.mappings++;
  return handle;
}

void give_handle(DomainGrants& grants, u32 handle) {
  at(grants, handle) = {nullptr, grants.free_handle, 0};
  grants.free_handle = handle;
  grants.mappings--;
}

GrantUse use_of(u32 flags) { return flags & GNTMAP_readonly ? GrantUse::read : GrantUse::write; }
u64 write_mark(u32 flags) { return flags & GNTMAP_readonly ? 0 : XS_GRANT_WRITE; }
u64 held_mark(const Domain* user, u32 part) {
  return part == GNTMAP_device_map || user->mm.model->names_stay ? XS_GRANT_HELD : 0;
}

/// One part of a mapping, GNTMAP_host_map or GNTMAP_device_map, is over for the granter.
void end_part(Domain* user, const GrantMapping& m, u32 part, u32 flags) {
  mark_grant(m.granter, user, m.ref, grant_active(m.granter, m.ref).mfn, XS_GRANT_UNMAP,
             write_mark(flags) | held_mark(user, part));
  if (use_of(flags) == GrantUse::write) log_dirty_mark(grant_active(m.granter, m.ref).mfn);
  grant_end(m.granter, m.ref, use_of(flags));
}

/// These parts let no device reach the frame any more, once it is flushed.
void withdraw(Domain* user, const GrantMapping& m, u32 parts) {
  if (!iommu_in_use()) return;
  for (const u32 part : kEachPart)
    if (parts & part)
      iommu_grant_changes(user, grant_active(m.granter, m.ref).mfn, !(m.flags & GNTMAP_readonly), false);
}

/// The same of one that devices may still reach the frame by.
void undo_part(Domain* user, const GrantMapping& m, u32 part, u32 flags) {
  withdraw(user, m, part);
  iommu_flush();
  end_part(user, m, part, flags);
}

int begin_part(Domain* granter, Domain* user, const gnttab_map_grant_ref& op, u32 part, Mfn& mfn) {
  const int rc = grant_begin(granter, op.ref, user, use_of(op.flags), mfn);
  if (rc != GNTST_okay) return rc;
  mark_grant(granter, user, op.ref, mfn, XS_GRANT_MAP, write_mark(op.flags) | held_mark(user, part));
  if (iommu_in_use()) iommu_grant_changes(user, mfn, !(op.flags & GNTMAP_readonly), true);
  return GNTST_okay;
}

int map_host(GrantMapping& m, Domain* user, gnttab_map_grant_ref& op) {
  Mfn mfn;
  int rc = begin_part(m.granter, user, op, GNTMAP_host_map, mfn);
  if (rc != GNTST_okay) return rc;
  GrantPlace place = {op.host_addr, op.flags};
  rc = user->mm.model->grant_map(user, place, mfn);
  if (rc != GNTST_okay) {
    grant_put_references(mfn, !(op.flags & GNTMAP_readonly));
    undo_part(user, m, GNTMAP_host_map, op.flags);
    return rc;
  }
  if (op.flags & XS_GNTMAP_ADDRESS_BACK) op.host_addr = place.address;
  m.flags |= GNTMAP_host_map;
  return GNTST_okay;
}

int map_device(GrantMapping& m, Domain* user, gnttab_map_grant_ref& op) {
  if (user->mm.model->hides_mfns) return GNTST_general_error;
  Mfn mfn;
  if (const int rc = begin_part(m.granter, user, op, GNTMAP_device_map, mfn); rc != GNTST_okay) return rc;
  m.flags |= GNTMAP_device_map;
  return GNTST_okay;
}

// --- ending ----------------------------------------------------------------------------------------------
struct Ending {
  u32 handle = kNoHandle;
  u32 parts = 0;  ///< what ends of it
  bool host_writable = false;
};

void complete(Domain* user, const Ending& e, Domain*& unused) {
  GrantMapping& m = at(user->grants, e.handle);
  const Mfn mfn = grant_active(m.granter, m.ref).mfn;
  if (e.parts & GNTMAP_host_map) end_part(user, m, GNTMAP_host_map, m.flags);
  if (e.parts & GNTMAP_device_map) end_part(user, m, GNTMAP_device_map, m.flags);
  if (e.parts & GNTMAP_host_map) grant_put_references(mfn, e.host_writable);
  if (e.parts & GNTMAP_device_map) grant_put_references(mfn, !(m.flags & GNTMAP_readonly));
  m.flags &= ~(e.parts << kEndingShift);
  if (m.flags & (kParts | kParts << kEndingShift)) return;
  unused = m.granter;
  give_handle(user->grants, e.handle);
}

int find_mapping(const Domain* user, u32 handle) {
  if (handle >= handle_count(user->grants) || (at(user->grants, handle).flags & kParts) == 0)
    return GNTST_bad_handle;
  return GNTST_okay;
}

int begin_unmap(Domain* user, const gnttab_unmap_grant_ref& op, Ending& e) {
  if (const int rc = find_mapping(user, op.handle); rc != GNTST_okay) return rc;
  GrantMapping& m = at(user->grants, op.handle);
  const Mfn mfn = grant_active(m.granter, m.ref).mfn;
  const bool device = op.dev_bus_addr != 0 && (m.flags & GNTMAP_device_map);
  if (device && op.dev_bus_addr >> kPageShift != mfn) return GNTST_bad_dev_addr;
  if (op.host_addr != 0 && (m.flags & GNTMAP_host_map)) {
    const GrantPlace place = {op.host_addr, m.flags};
    if (const int rc = user->mm.model->grant_unmap(user, place, mfn, e.host_writable); rc != GNTST_okay)
      return rc;
    e.parts |= GNTMAP_host_map;
  }
  if (device) e.parts |= GNTMAP_device_map;
  e.handle = op.handle;
  withdraw(user, m, e.parts);
  m.flags = (m.flags & ~e.parts) | e.parts << kEndingShift;
  return GNTST_okay;
}

void flush(Domain* user, bool shown) {
  if (shown && !planted(Bug::grant_flush_missed)) user->mm.model->grant_flush(user);
  iommu_flush();
}
}  // namespace

void grant_map(gnttab_map_grant_ref& op) {
  constexpr u32 kKept = GNTMAP_readonly | GNTMAP_contains_pte;
  const DomainRef granter(op.dom == DOMID_SELF ? DomId{DOMID_INVALID} : op.dom);
  Domain* user = current()->domain;
  op.status = GNTST_bad_domain;
  if (!granter) return;
  op.status = GNTST_bad_gntref;
  if (!(op.flags & kParts)) return;
  MmGuard guard;
  const u32 handle = take_handle(user->grants);
  op.status = GNTST_no_space;
  if (handle == kNoHandle) return;
  GrantMapping& m = at(user->grants, handle);
  m = {granter.get(), op.ref, op.flags & kKept};
  int rc = op.flags & GNTMAP_device_map ? map_device(m, user, op) : GNTST_okay;
  if (rc == GNTST_okay && (op.flags & GNTMAP_host_map)) rc = map_host(m, user, op);
  op.status = static_cast<int16_t>(rc);
  if (rc == GNTST_okay) {
    const Mfn mfn = grant_active(m.granter, m.ref).mfn;
    domain_keep(granter.get());
    op.handle = handle;
    op.dev_bus_addr = user->mm.model->hides_mfns ? 0 : mfn << kPageShift;
    return;
  }
  if (m.flags & GNTMAP_device_map) {
    const Mfn mfn = grant_active(m.granter, m.ref).mfn;
    undo_part(user, m, GNTMAP_device_map, op.flags);
    grant_put_references(mfn, !(op.flags & GNTMAP_readonly));
  }
  give_handle(user->grants, handle);
}

void grant_unmap_batch(gnttab_unmap_grant_ref* ops, unsigned count) {
  Domain* user = current()->domain;
  Domain* unused[kUnmapBatch] = {};
  {
    MmGuard guard;
    Ending endings[kUnmapBatch];
    bool any = false;
    for (unsigned i = 0; i < count; i++) {
      ops[i].status = static_cast<int16_t>(begin_unmap(user, ops[i], endings[i]));
      any |= (endings[i].parts & GNTMAP_host_map) != 0;
    }
    flush(user, any);
    for (unsigned i = 0; i < count; i++)
      if (endings[i].parts != 0) complete(user, endings[i], unused[i]);
  }
  for (unsigned i = 0; i < count; i++)
    if (unused[i] != nullptr) domain_put(unused[i]);
}

void grant_unmap_and_replace(gnttab_unmap_and_replace& op) {
  Domain* user = current()->domain;
  Domain* unused = nullptr;
  {
    MmGuard guard;
    Ending e;
    e.handle = op.handle;
    e.parts = GNTMAP_host_map;
    int rc = find_mapping(user, op.handle);
    if (rc == GNTST_okay) {
      GrantMapping& m = at(user->grants, op.handle);
      rc = m.flags & GNTMAP_host_map
               ? user->mm.model->grant_replace(user, {op.host_addr, m.flags}, op.new_addr,
                                               grant_active(m.granter, m.ref).mfn, e.host_writable)
               : GNTST_bad_handle;
      if (rc == GNTST_okay) {
        withdraw(user, m, GNTMAP_host_map);
        m.flags &= ~u32{GNTMAP_host_map};
      }
    }
    op.status = static_cast<int16_t>(rc);
    if (rc == GNTST_okay) {
      flush(user, true);
      complete(user, e, unused);
    }
  }
  if (unused != nullptr) domain_put(unused);
}

namespace {
// The domain's tables are gone, and with them the references that they held.
void release_part(Domain* user, const GrantMapping& m, u32 part) {
  if (!(m.flags & part)) return;
  const Mfn mfn = grant_active(m.granter, m.ref).mfn;
  undo_part(user, m, part, m.flags);
  if (held_mark(user, part)) grant_put_references(mfn, !(m.flags & GNTMAP_readonly));
}
}  // namespace

int grants_release_mappings(Domain* user) {
  DomainGrants& grants = user->grants;
  Domain* unused[kUnmapBatch] = {};
  unsigned count = 0;
  {
    MmGuard guard;
    for (; count < kUnmapBatch && grants.released < handle_count(grants); grants.released++) {
      GrantMapping& m = at(grants, grants.released);
      if ((m.flags & kParts) == 0) continue;
      release_part(user, m, GNTMAP_host_map);
      release_part(user, m, GNTMAP_device_map);
      unused[count++] = m.granter;
      give_handle(grants, grants.released);
    }
  }
  for (unsigned i = 0; i < count; i++) domain_put(unused[i]);
  return count == kUnmapBatch ? -kRestart : 0;
}

void grants_for_each_mapped(const Domain* user, void (*fn)(const Domain*, Mfn, bool)) {
  for (u32 handle = 0; handle < handle_count(user->grants); handle++) {
    const GrantMapping& m = at(user->grants, handle);
    if ((m.flags & kParts) == 0) continue;
    // A user that has overwritten what showed it holds nothing: the frame may have left its owner.
    const Mfn mfn = grant_active(m.granter, m.ref).mfn;
    if (frame_owner(mfn) != owner_id(m.granter)) continue;
    for (const u32 part : kEachPart)
      if (m.flags & part) fn(user, mfn, !(m.flags & GNTMAP_readonly));
  }
}

bool grant_shows(const Domain* user, Mfn mfn, bool writable) {
  if (user->grants.mappings == 0) return false;
  for (u32 handle = 0; handle < handle_count(user->grants); handle++) {
    const GrantMapping& m = at(user->grants, handle);
    if ((m.flags & GNTMAP_host_map) && grant_active(m.granter, m.ref).mfn == mfn &&
        !(writable && (m.flags & GNTMAP_readonly)))
      return true;
  }
  return false;
}

}  // namespace hv
