#include "hypervisor/common/tlb_epoch.h"

#include "hypervisor/common/lock.h"
#include "hypervisor/common/mm.h"

namespace hv {

namespace {
Spinlock
    flush_lock;  // held during a flush: whoever sees a newer epoch under it knows that the flush is complete
u32 epoch = 1;   // frames that were never mapped carry stamp 0

void flush_locked() {
  // The new epoch begins before the flush, so that a stamp taken meanwhile asks for another one.
  __atomic_store_n(&epoch, (epoch + 1) & kEpochMask, __ATOMIC_SEQ_CST);
  arch_flush_tlb_everywhere();
}
}  // namespace

u32 tlb_epoch() { return __atomic_load_n(&epoch, __ATOMIC_SEQ_CST); }

void tlb_flush_since(u32 stamp) {
  LockGuard guard(flush_lock);
  if (stamp == epoch) flush_locked();
}

void tlb_flush_everywhere() {
  LockGuard guard(flush_lock);
  flush_locked();
}

}  // namespace hv
