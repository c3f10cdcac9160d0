#include "hypervisor/common/devices.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/heap.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/planted.h"
#include "hypervisor/common/taps.h"

namespace hv {
namespace {

constexpr unsigned kTries = 4096;
Mfn rejected[kTries];  // under mm_lock

/// Frames whose numbers are `least` or more, kInvalidMfn when none are found. What is looked at on the way is
/// nobody's but the hypervisor's.
Mfn allocate_behind(Gfn least, u32 owner) {
  unsigned tries = 0;
  Mfn mfn = kInvalidMfn;
  for (; tries < kTries; tries++) {
    mfn = heap_alloc(kDeviceFramesOrder, XS_OWNER_XEN);
    if (mfn == kInvalidMfn || mfn >= least) break;
    rejected[tries] = mfn;
  }
  while (tries-- > 0) heap_free(rejected[tries], kDeviceFramesOrder);
  if (mfn == kInvalidMfn || mfn < least) return kInvalidMfn;
  if (owner != XS_OWNER_XEN) heap_give(mfn, kDeviceFramesOrder, owner);
  return mfn;
}

}  // namespace

int device_frames_give(Domain* domain, Gfn least) {
  constexpr u64 kCount = 1ull << kDeviceFramesOrder;
  const Mfn mfn = allocate_behind(least, domain->id);
  if (mfn == kInvalidMfn) return -XEN_ENOMEM;
  const Gfn gfn = planted(Bug::device_frames_elsewhere) ? allocate_behind(least, XS_OWNER_XEN) : mfn;
  domain_own_frames(domain, mfn, kDeviceFramesOrder);
  if (const int rc = domain->mm.model->populate(domain, gfn, mfn, kDeviceFramesOrder); rc != 0) {
    for (u64 i = 0; i < kCount; i++) frame_drop_allocation(mfn + i);
    return rc;
  }
  domain->mm.identity_first = gfn;
  domain->mm.identity_count = kCount;
  mark(XS_MARK_FRAMES_TOLD, domain->id, mfn, kCount);
  return 0;
}

}  // namespace hv
