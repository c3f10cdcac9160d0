#include "hypervisor/common/timer.h"

#include "hypervisor/common/percpu.h"

namespace hv {
namespace {

void insert(TimerQueue& queue, Timer& timer) {
  Timer** at = &queue.head;
  while (*at && (*at)->deadline <= timer.deadline) at = &(*at)->next;
  timer.next = *at;
  *at = &timer;
  timer.queued = true;
}

void remove(TimerQueue& queue, Timer& timer) {
  if (!timer.queued) return;
  Timer** at = &queue.head;
  while (*at != &timer) at = &(*at)->next;
  *at = timer.next;
  timer.queued = false;
}

/// Only a CPU can program its own alarm; another one is kicked and does it in timers_run().
void program(unsigned cpu) {
  TimerQueue& queue = cpus[cpu].timers;
  if (cpu == this_cpu().id) {
    arch_set_timer_deadline(queue.head ? queue.head->deadline : INT64_MAX);
  } else {
    arch_kick_timer(cpu);
  }
}

}  // namespace

Nanoseconds system_time() { return arch_system_time(); }

void timer_init(Timer& timer, void (*expire)(void*), void* argument, unsigned cpu) {
  timer = Timer{};
  timer.expire = expire;
  timer.argument = argument;
  timer.cpu = cpu;
}

void timer_set(Timer& timer, Nanoseconds deadline) {
  TimerQueue& queue = cpus[timer.cpu].timers;
  LockGuard guard(queue.lock);
  remove(queue, timer);
  timer.deadline = deadline;
  insert(queue, timer);
  if (queue.head == &timer) program(timer.cpu);
}

void timer_cancel(Timer& timer) {
  TimerQueue& queue = cpus[timer.cpu].timers;
  for (;; arch_cpu_relax_and_serve()) {
    LockGuard guard(queue.lock);
    remove(queue, timer);  // again after a wait: expire() may have armed it
    if (queue.running != &timer || timer.cpu == this_cpu().id) return;
  }
}

void timer_migrate(Timer& timer, unsigned cpu) {
  const Nanoseconds deadline = timer.deadline;
  const bool armed = timer.queued;
  if (armed) timer_cancel(timer);
  timer.cpu = cpu;
  if (armed) timer_set(timer, deadline);
}

void timers_run() {
  TimerQueue& queue = this_cpu().timers;
  queue.lock.lock();
  for (;;) {
    Timer* timer = queue.head;
    if (!timer || timer->deadline > system_time()) break;
    remove(queue, *timer);
    queue.running = timer;
    queue.lock.unlock();
    timer->expire(timer->argument);
    queue.lock.lock();
    queue.running = nullptr;
  }
  arch_set_timer_deadline(queue.head ? queue.head->deadline : INT64_MAX);
  queue.lock.unlock();
}

}  // namespace hv
