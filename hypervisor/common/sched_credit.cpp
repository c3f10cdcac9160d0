// Credit scheduler.
//
//   queue:  [boost ...][under ...][over ...]     one queue for all CPUs, FIFO within a priority
//
// Every period each domain with VCPUs that ran or wait gets credit by weight, split among these VCPUs;
// running burns it. Credit left: under; none: over. A VCPU that wakes with credit left is boosted: it runs
// before the busy ones, until its first full slice ends. One queue is enough for the few CPUs of these
// machines, and needs no balancing.
#include "hypervisor/common/domain.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/print.h"
#include "hypervisor/common/sched.h"
#include "hypervisor/common/sched_state.h"
#include "hypervisor/common/taps.h"
#include "hypervisor/common/time_page.h"

namespace hv {
namespace {

Spinlock sched_lock;
Vcpu* queue_head;
Nanoseconds next_accounting;
Timer slice_timer[kMaxCpus];
Nanoseconds slice_started[kMaxCpus];

constexpr s32 kPeriodCredit = static_cast<s32>(kSchedPeriod / 1000);

void enqueue(Vcpu* vcpu) {
  Vcpu** at = &queue_head;
  while (*at && (*at)->sched.priority <= vcpu->sched.priority) at = &(*at)->sched.next;
  vcpu->sched.next = *at;
  *at = vcpu;
  vcpu->sched.queued = true;
}

void dequeue(Vcpu* vcpu) {
  Vcpu** at = &queue_head;
  while (*at != vcpu) at = &(*at)->sched.next;
  *at = vcpu->sched.next;
  vcpu->sched.queued = false;
}

void set_priority(Vcpu* vcpu) {
  vcpu->sched.priority = vcpu->sched.credit > 0 ? SchedPriority::under : SchedPriority::over;
}

bool wants_credit(const Vcpu* vcpu) {
  return vcpu && (vcpu->sched.queued || vcpu->sched.running || vcpu->sched.active);
}

unsigned active_vcpus(const Domain* domain) {
  unsigned n = 0;
  for (const Vcpu* vcpu : domain->vcpu) n += wants_credit(vcpu);
  return n;
}

/// Hands out one period's credit. The caller holds sched_lock; the domain list changes only under it, too.
void account() {
  u64 weights = 0;
  for (Domain* d = domain_list; d; d = d->next)
    if (active_vcpus(d)) weights += d->weight;
  if (!weights) return;
  for (Domain* d = domain_list; d; d = d->next) {
    const unsigned active = active_vcpus(d);
    if (!active) continue;
    const s32 share = static_cast<s32>(u64{kPeriodCredit} * cpu_count * d->weight / weights / active);
    for (Vcpu* vcpu : d->vcpu) {
      if (!wants_credit(vcpu)) continue;
      vcpu->sched.credit = min_of(vcpu->sched.credit + share, kPeriodCredit);
      vcpu->sched.active = false;
      if (vcpu->sched.priority == SchedPriority::boost) continue;
      set_priority(vcpu);
      if (vcpu->sched.queued) {
        dequeue(vcpu);
        enqueue(vcpu);
      }
    }
  }
}

void account_if_due(Nanoseconds now) {
  if (now < next_accounting) return;
  next_accounting = now + kSchedPeriod;
  account();
}

void burn(Vcpu* vcpu, Nanoseconds ran) {
  vcpu->sched.credit -= static_cast<s32>(min_of<Nanoseconds>(ran, kSchedPeriod) / 1000);
  vcpu->sched.credit = max_of(vcpu->sched.credit, -kPeriodCredit);
  vcpu->sched.active = true;
  // A boost lasts for one burst; who uses up a slice is no interactive VCPU.
  if (vcpu->sched.priority != SchedPriority::boost || ran >= kSchedSlice) set_priority(vcpu);
}

bool may_run_on(const Vcpu* vcpu, unsigned cpu) { return vcpu->sched.affinity >> cpu & 1; }

Vcpu* take_next(unsigned cpu) {
  for (Vcpu* vcpu = queue_head; vcpu; vcpu = vcpu->sched.next)
    if (may_run_on(vcpu, cpu)) {
      dequeue(vcpu);
      return vcpu;
    }
  return cpus[cpu].idle;
}

SchedPriority running_priority(unsigned cpu) {
  return is_idle(cpus[cpu].current) ? SchedPriority::idle : cpus[cpu].current->sched.priority;
}

void ask_to_schedule(unsigned cpu) {
  __atomic_store_n(&cpus[cpu].need_schedule, true, __ATOMIC_RELEASE);
  arch_kick(cpu);
}

/// Lets a CPU that does something less important look at the queue: the last one first, an idle one above
/// all.
void tickle(const Vcpu* vcpu) {
  unsigned best = kMaxCpus;
  SchedPriority worst = vcpu->sched.priority;
  for (unsigned i = 0; i < cpu_count; ++i) {
    const unsigned cpu = (vcpu->sched.cpu + i) % cpu_count;
    if (!may_run_on(vcpu, cpu) || cpus[cpu].need_schedule || running_priority(cpu) <= worst) continue;
    best = cpu;
    worst = running_priority(cpu);
  }
  if (best != kMaxCpus) ask_to_schedule(best);
}

void slice_over(void* cpu) {
  (void)cpu;
  this_cpu().need_schedule = true;
}

void leave(Vcpu* vcpu, Nanoseconds now) {
  if (is_idle(vcpu)) {
    this_cpu().idle_total += now - this_cpu().idle_since;
    return;
  }
  burn(vcpu, now - slice_started[this_cpu().id]);
  if (vcpu_runnable(vcpu)) {
    enqueue(vcpu);
    runstate_change(vcpu, RUNSTATE_runnable, now);
  } else {
    if (vcpu->sched.priority == SchedPriority::boost) set_priority(vcpu);
    runstate_change(vcpu, runstate_when_stopped(vcpu), now);
  }
}

void enter(Vcpu* vcpu, unsigned cpu, Nanoseconds now) {
  slice_started[cpu] = now;
  if (is_idle(vcpu)) {
    cpus[cpu].idle_since = now;
    timer_cancel(slice_timer[cpu]);
    return;
  }
  vcpu->sched.cpu = cpu;
  vcpu->sched.running = true;
  runstate_change(vcpu, RUNSTATE_running, now);
  timer_set(slice_timer[cpu], now + kSchedSlice);
}

}  // namespace

bool is_idle(const Vcpu* vcpu) { return vcpu->domain == &idle_domain; }

void scheduler_init() { next_accounting = system_time() + kSchedPeriod; }

void scheduler_cpu_init(unsigned cpu) {
  Vcpu* idle = make<Vcpu>();
  if (!idle) panic("no memory for an idle VCPU");
  idle->domain = &idle_domain;
  idle->id = cpu;
  idle->sched.priority = SchedPriority::idle;
  idle->pause_flags = 0;
  cpus[cpu].idle = idle;
  cpus[cpu].current = idle;
  timer_init(slice_timer[cpu], slice_over, nullptr, cpu);
}

void sched_vcpu_init(Vcpu* vcpu) {
  vcpu->sched.credit = kPeriodCredit;
  vcpu->runstate.since = system_time();
}

void vcpu_wake(Vcpu* vcpu) {
  LockGuard guard(sched_lock);
  if (!vcpu_runnable(vcpu)) {
    if (!vcpu->sched.running) runstate_change(vcpu, runstate_when_stopped(vcpu), system_time());
    return;
  }
  if (vcpu->sched.queued || vcpu->sched.running) return;
  if (vcpu->sched.priority == SchedPriority::under) vcpu->sched.priority = SchedPriority::boost;
  runstate_change(vcpu, RUNSTATE_runnable, system_time());
  enqueue(vcpu);
  tickle(vcpu);
}

void vcpu_sleep(Vcpu* vcpu) {
  LockGuard guard(sched_lock);
  if (vcpu_runnable(vcpu)) return;
  if (vcpu->sched.queued) {
    dequeue(vcpu);
    runstate_change(vcpu, runstate_when_stopped(vcpu), system_time());
  } else if (vcpu->sched.running) {
    ask_to_schedule(vcpu->sched.cpu);
  }
}

void vcpu_sleep_sync(Vcpu* vcpu) {
  vcpu_sleep(vcpu);
  while (!vcpu_runnable(vcpu) && __atomic_load_n(&vcpu->sched.running, __ATOMIC_ACQUIRE))
    arch_cpu_relax_and_serve();
}

void sched_lock_domain_list(bool lock) {
  if (lock) {
    sched_lock.lock();
  } else {
    sched_lock.unlock();
  }
}

void sched_yield_current() {
  LockGuard guard(sched_lock);
  Vcpu* vcpu = current();
  if (vcpu->sched.priority == SchedPriority::boost) set_priority(vcpu);
  this_cpu().need_schedule = true;
}

void schedule() {
  PerCpu& cpu = this_cpu();
  sched_lock.lock();
  cpu.need_schedule = false;
  const Nanoseconds now = system_time();
  Vcpu* from = cpu.current;
  account_if_due(now);
  leave(from, now);
  Vcpu* to = take_next(cpu.id);
  __atomic_store_n(&cpu.current, to, __ATOMIC_RELEASE);
  enter(to, cpu.id, now);
  if (from != to) {
    mark(XS_MARK_SWITCH, mark_name(from), mark_name(to));
    arch_switch(from, to);
    // From here on another CPU may take it: its state is in memory.
    if (!is_idle(from)) __atomic_store_n(&from->sched.running, false, __ATOMIC_RELEASE);
  }
  if (from->sched.queued && from != to) tickle(from);
  sched_lock.unlock();
  if (!is_idle(to)) {
    time_update(to);
    runstate_copy_to_area(to);
  }
  arch_resume(to);
}

void sched_dump() {
  print("scheduler: credit, %u CPUs\n", cpu_count);
  for (unsigned i = 0; i < cpu_count; ++i) {
    const Vcpu* vcpu = cpus[i].current;
    if (is_idle(vcpu)) {
      print("CPU %u: idle\n", i);
    } else {
      print("CPU %u: d%uv%u credit %d\n", i, vcpu->domain->id, vcpu->id, vcpu->sched.credit);
    }
  }
  for (const Vcpu* vcpu = queue_head; vcpu; vcpu = vcpu->sched.next)
    print("waits: d%uv%u credit %d priority %u\n", vcpu->domain->id, vcpu->id, vcpu->sched.credit,
          static_cast<unsigned>(vcpu->sched.priority));
}

}  // namespace hv
