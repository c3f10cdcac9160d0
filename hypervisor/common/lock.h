// Locks and atomic counts.
//
// The hypervisor runs with interrupts off everywhere but in the idle loop, so a lock needs no interrupt
// state. A CPU that spins serves flush requests of other CPUs meanwhile (cpu_relax_and_serve), and so may be
// waited for by a CPU that holds the lock.
//
// Order (outer first): domain list -> Domain::lock -> DomainMm::page_lock -> heap; scheduler and console
// last.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

/// Pause, and answer pending cross-CPU requests (TLB flush). Declared once, defined per architecture.
void arch_cpu_relax_and_serve();

/// Ticket lock: CPUs get it in the order in which they asked.
class Spinlock {
 public:
  void lock() {
    const u32 ticket = __atomic_fetch_add(&next_, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&serving_, __ATOMIC_ACQUIRE) != ticket) arch_cpu_relax_and_serve();
  }
  bool try_lock() {
    u32 ticket = __atomic_load_n(&serving_, __ATOMIC_RELAXED);
    return __atomic_compare_exchange_n(&next_, &ticket, ticket + 1, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
  }
  void unlock() { __atomic_store_n(&serving_, serving_ + 1, __ATOMIC_RELEASE); }
  bool is_locked() const {
    return __atomic_load_n(&next_, __ATOMIC_RELAXED) != __atomic_load_n(&serving_, __ATOMIC_RELAXED);
  }

 private:
  u32 next_ = 0;
  u32 serving_ = 0;
};

class LockGuard {
 public:
  explicit LockGuard(Spinlock& lock) : lock_(lock) { lock_.lock(); }
  ~LockGuard() { lock_.unlock(); }
  LockGuard(const LockGuard&) = delete;
  LockGuard& operator=(const LockGuard&) = delete;

 private:
  Spinlock& lock_;
};

}  // namespace hv
