#include "hypervisor/common/page_type.h"

#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/iommu.h"
#include "hypervisor/common/planted.h"
#include "hypervisor/common/print.h"
#include "hypervisor/common/tlb_epoch.h"

namespace hv {

namespace {
constexpr u64 kMaxTypeRefs = 0x7fffffff;

u64 count_of_type(u64 info) { return info & XS_TYPE_COUNT; }

void stamp(Mfn mfn) { frame_set_shadow(mfn, tlb_epoch() << 8 | (frame_shadow(mfn) & 0xff)); }

bool needs_validation(xs_frame_type type) { return type != XS_FRAME_WRITABLE && type != XS_FRAME_SHARED; }

// The frame is unused as any type: make it `type`.
int first_get(Mfn mfn, xs_frame_type type, Domain* domain) {
  const xs_frame_type old = type_of(frame_type_info(mfn));
  if (old != type && old != XS_FRAME_NONE) tlb_flush_since(frame_shadow(mfn) >> 8);
  if (needs_validation(type)) {
    if (iommu_in_use()) iommu_table_changes(mfn, true);
    frame_set_type_info(mfn, type_bits(type) | 1);
    if (const int rc = arch_validate_type(mfn, type, domain); rc != 0) {
      stamp(mfn);
      frame_set_type_info(mfn, type_bits(type));
      if (iommu_in_use()) iommu_table_changes(mfn, false);
      return rc;
    }
  }
  frame_set_type_info(mfn, type_bits(type) | XS_TYPE_VALIDATED | 1);
  return 0;
}
}  // namespace

int type_get(Mfn mfn, xs_frame_type type, Domain* domain) {
  const u64 info = frame_type_info(mfn);
  if (type == XS_FRAME_WRITABLE && type_of(info) == XS_FRAME_SHARED) type = XS_FRAME_SHARED;
  if (count_of_type(info) == 0) return first_get(mfn, type, domain);
  if (planted(Bug::type_unchecked) && type == XS_FRAME_WRITABLE) type = type_of(info);
  // Not VALIDATED with references: it is being validated further up this call chain, so it contains itself.
  if (type_of(info) != type || !(info & XS_TYPE_VALIDATED) || count_of_type(info) >= kMaxTypeRefs)
    return -XEN_EINVAL;
  frame_set_type_info(mfn, info + 1);
  return 0;
}

void type_put(Mfn mfn, Domain* domain) {
  const u64 info = frame_type_info(mfn);
  HV_ASSERT(count_of_type(info) != 0);
  if (count_of_type(info) > 1) return frame_set_type_info(mfn, info - 1);
  const xs_frame_type type = type_of(info);
  if (needs_validation(type)) {
    frame_set_type_info(mfn, type_bits(type) | 1);
    arch_invalidate_type(mfn, type, domain);
  }
  stamp(mfn);
  frame_set_type_info(mfn, type_bits(type));
  if (iommu_in_use() && needs_validation(type)) iommu_table_changes(mfn, false);
}

void frame_mapping_ends(Mfn mfn) { stamp(mfn); }

int frame_and_type_get(Mfn mfn, xs_frame_type type, Domain* domain) {
  if (!frame_get(mfn, owner_id(domain))) return -XEN_EINVAL;
  const int rc = type_get(mfn, type, domain);
  if (rc != 0) frame_put(mfn);
  return rc;
}

void frame_and_type_put(Mfn mfn, Domain* domain) {
  type_put(mfn, domain);
  frame_put(mfn);
}

int type_pin(Mfn mfn, xs_frame_type type, Domain* domain) {
  const int rc = frame_and_type_get(mfn, type, domain);
  if (rc != 0) return rc;
  const u64 info = frame_type_info(mfn);
  if (info & XS_TYPE_PINNED) {
    frame_and_type_put(mfn, domain);
    return -XEN_EINVAL;
  }
  frame_set_type_info(mfn, info | XS_TYPE_PINNED);
  domain->mm.pins++;
  return 0;
}

int type_unpin(Mfn mfn, Domain* domain) {
  const u64 info = frame_type_info(mfn);
  if (!(info & XS_TYPE_PINNED)) return -XEN_EINVAL;
  frame_set_type_info(mfn, info & ~XS_TYPE_PINNED);
  domain->mm.pins--;
  frame_and_type_put(mfn, domain);
  return 0;
}

}  // namespace hv
