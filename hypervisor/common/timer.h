// System time and one-shot software timers, kept per CPU in a list sorted by deadline.
#pragma once
#include "hypervisor/common/lock.h"
#include "hypervisor/common/types.h"

namespace hv {

struct Timer {
  Timer* next = nullptr;
  Nanoseconds deadline = 0;
  void (*expire)(void* argument) = nullptr;  ///< runs with interrupts off on the CPU that owns the timer
  void* argument = nullptr;
  unsigned cpu = 0;
  bool queued = false;
};

struct TimerQueue {
  Spinlock lock;
  Timer* head = nullptr;
  Timer* running = nullptr;  ///< its expire() is being called
};

/// Nanoseconds since boot; same clock on all CPUs.
Nanoseconds system_time();

void timer_init(Timer& timer, void (*expire)(void*), void* argument, unsigned cpu);
/// (Re)arms; a deadline in the past expires at once, from the interrupt.
void timer_set(Timer& timer, Nanoseconds deadline);
/// Afterwards it neither waits nor runs, so its owner may go. The caller holds no lock that expire() takes.
void timer_cancel(Timer& timer);
/// Moves a timer, armed or not, to another CPU's queue.
void timer_migrate(Timer& timer, unsigned cpu);
/// From the timer interrupt: runs what is due on this CPU and programs the next deadline.
void timers_run();

/// Programs this CPU's timer interrupt; a deadline that has passed fires at once. INT64_MAX: none.
void arch_set_timer_deadline(Nanoseconds deadline);
/// Makes another CPU run timers_run(): its queue's head has changed.
void arch_kick_timer(unsigned cpu);
Nanoseconds arch_system_time();
/// Wall clock (seconds since 1970) at system time 0.
u64 arch_boot_wall_clock();

}  // namespace hv
