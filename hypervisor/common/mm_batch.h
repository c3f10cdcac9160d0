// The frame shared by mmu_update and mmuext_op: (requests, count, done pointer, domain), preemptible between requests.
#pragma once
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/hypercall.h"

namespace hv {

constexpr u32 kBatchResumed = 0x80000000;  // in `count`: *done already counts requests of this call

/// Runs `one(request)` over the guest's list. *done receives how many have succeeded.
template <typename Request, typename One>
long run_batch(const HypercallArgs& args, One one) {
  const Vaddr requests = args.arg[0], done_at = args.arg[2];
  const u32 count = static_cast<u32>(args.arg[1]) & ~kBatchResumed;
  u32 done_before = 0;
  if ((args.arg[1] & kBatchResumed) && done_at != 0 && !copy_from_guest(done_before, done_at)) return -XEN_EFAULT;
  long rc = 0;
  u32 i = 0;
  while (i < count) {
    Request request;
    rc = copy_from_guest_index(request, requests, i) ? one(request) : -XEN_EFAULT;
    if (rc != 0) break;
    if (++i < count && hypercall_preempt_check()) {
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
