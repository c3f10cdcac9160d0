// The frame shared by mmu_update and mmuext_op: (requests, count, done pointer, domain), preemptible between
// groups of requests.
//
// A group runs in one critical section where the operation allows it: handing mm_lock from CPU to CPU for
// every request would cost each of them a wait for all others.
#pragma once
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/hypercall.h"

namespace hv {

constexpr u32 kBatchGroup = 32;
constexpr u32 kBatchResumed = 0x80000000;  // in `count`: *done already counts requests of this call

struct NoGuard {
  NoGuard() {}
};

/// Runs `one(request)` over the guest's list, in groups under a Guard. *done receives how many have
/// succeeded.
template <typename Request, typename Guard, typename One>
long run_batch(const HypercallArgs& args, One one) {
  const Vaddr requests = args.arg[0], done_at = args.arg[2];
  const u32 count = static_cast<u32>(args.arg[1]) & ~kBatchResumed;
  u32 done_before = 0;
  if ((args.arg[1] & kBatchResumed) && done_at != 0 && !copy_from_guest(done_before, done_at))
    return -XEN_EFAULT;
  long rc = 0;
  u32 i = 0;
  while (i < count && rc == 0) {
    {
      const Guard guard;
      const u32 end = min_of(count - i, kBatchGroup) + i;
      for (; i < end; i++) {
        Request request;
        rc = copy_from_guest_index(request, requests, i) ? one(request) : -XEN_EFAULT;
        if (rc != 0) break;
      }
    }
    if (rc == 0 && i < count && hypercall_preempt_check()) {
      HypercallArgs rest = args;
      rest.arg[0] += i * sizeof(Request);
      rest.arg[1] = (count - i) | kBatchResumed;
      rc = hypercall_continue(rest);
      break;
    }
  }
  const u32 done = done_before + i;
  if (done_at != 0 && !copy_to_guest(done_at, done) && rc == 0) rc = -XEN_EFAULT;
  return rc;
}

}  // namespace hv
