// Hypercall mmu_update: a list of changes to page tables, ordinary frames and the M2P.
#include "hypervisor/arch/x86_64/mm_tables.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/log_dirty.h"
#include "hypervisor/common/m2p.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/mm_batch.h"
#include "hypervisor/common/page_type.h"

namespace hv {

namespace {
constexpr u64 kCommandMask = 3;

// A store into a frame that is no table: allowed where the owner could do it through a mapping of his own.
int write_plain(Mfn mfn, unsigned slot, u64 value, Domain* owner) {
  if (const int rc = type_get(mfn, XS_FRAME_WRITABLE, owner); rc != 0) return rc;
  table_at(mfn)[slot] = value;
  log_dirty_mark(mfn);
  type_put(mfn, owner);
  return 0;
}

int update_table(const mmu_update& request, AccessedDirty mode, Domain* table_owner,
                 const FrameSource& source) {
  const Paddr at = request.ptr & ~kCommandMask;
  const Mfn mfn = at >> kPageShift;
  const unsigned slot = (at & (kPageSize - 1)) / sizeof(Pte);
  if (at % sizeof(Pte) != 0 || !frame_get(mfn, owner_id(table_owner))) return -XEN_EINVAL;
  const u64 info = frame_type_info(mfn);
  const bool is_table = is_table_type(type_of(info)) && (info & XS_TYPE_COUNT) != 0;
  const int rc = is_table ? entry_update(mfn, type_of(info), slot, request.val, mode, table_owner, source)
                          : write_plain(mfn, slot, request.val, table_owner);
  frame_put(mfn);
  return rc;
}

int update_m2p(const mmu_update& request, const FrameSource& source) {
  const Mfn mfn = request.ptr >> kPageShift;
  if (source.domain == nullptr || source.domain->mm.model->plain_tables ||
      !frame_get(mfn, owner_id(source.domain)))
    return -XEN_EINVAL;
  m2p_set(mfn, request.val);
  frame_put(mfn);
  return 0;
}

int update_one(const mmu_update& request, Domain* table_owner, const FrameSource& source) {
  switch (request.ptr & kCommandMask) {
    case MMU_NORMAL_PT_UPDATE:
    case MMU_PT_UPDATE_NO_TRANSLATE:
      return update_table(request, AccessedDirty::replace, table_owner, source);
    case MMU_PT_UPDATE_PRESERVE_AD:
      return update_table(request, AccessedDirty::preserve, table_owner, source);
    default:
      return update_m2p(request, source);
  }
}
}  // namespace

FrameSourceRef::FrameSourceRef(DomId id)
    : domain_(id == DOMID_IO || id == DOMID_XEN ? DOMID_SELF : id), source_{} {
  if (id == DOMID_IO || id == DOMID_XEN) {
    source_.kind = id == DOMID_IO ? FrameSource::device_memory : FrameSource::hypervisor_tables;
    if (!domain_->privileged) error_ = -XEN_EPERM;
    return;
  }
  source_.domain = domain_.get();
  // The caller names itself by DOMID_SELF or not at all.
  error_ = id == current()->domain->id ? -XEN_ESRCH : may_act_on(domain_);
}

long do_mmu_update(const HypercallArgs& args) {
  // The low half of argument 3 names whose frames entries may map, the high half, if any, whose tables change
  // (id + 1).
  const u32 names = static_cast<u32>(args.arg[3]);
  const FrameSourceRef frames(static_cast<DomId>(names));
  if (frames.error() != 0) return frames.error();
  const DomainRef tables(names >> 16 ? static_cast<DomId>((names >> 16) - 1) : DomId{DOMID_SELF});
  if (const int rc = may_act_on(tables); rc != 0) return rc;
  if (current()->domain->mm.model->plain_tables) return -XEN_EINVAL;
  return run_batch<mmu_update, MmGuard>(args, [&](const mmu_update& request) {
    return tables->dying || tables->mm.model->plain_tables
               ? -XEN_EINVAL
               : update_one(request, tables.get(), frames.source());
  });
}

}  // namespace hv
