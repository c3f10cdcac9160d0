#include "guests/kernel/thread.h"

#include "guests/kernel/arch_thread.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/platform.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/panic.h"
#include "guests/lib/string.h"

namespace {
constexpr u64 stack_magic = 0x6b6361747358ull;

Cpu cpus[cpus_max];
unsigned online;
bool others_leave;  // CPUs but the first stop at their next turn
u32 lock_word;
Thread* all_threads;
Thread* run_first;
Thread* run_last;
Thread* dead_thread;  // freed by the next thread that runs: a stack cannot free itself

void set_name(Thread* t, const char* name) { copy_string(t->name, sizeof t->name, name); }

void push_runnable(Thread* t) {
  t->state = ThreadState::Runnable;
  t->queue_next = nullptr;
  if (run_last)
    run_last->queue_next = t;
  else
    run_first = t;
  run_last = t;
}

Thread* pop_runnable() {
  Thread* t = run_first;
  if (!t) return nullptr;
  run_first = t->queue_next;
  if (!run_first) run_last = nullptr;
  return t;
}

// A sleeping CPU looks at the run queue when an event reaches it.
void kick_idle_cpu() {
  for (unsigned c = 0; c < online; c++)
    if (c != current_cpu() && cpus[c].blocked) {
      platform.kick(c);
      return;
    }
}

void make_runnable(Thread* t) {
  push_runnable(t);
  this_cpu().need_resched = true;
  if (online > 1) kick_idle_cpu();
}

void leave_wait_queue(Thread* t) {
  if (!t->waiting_on) return;
  for (Thread** p = &t->waiting_on->first; *p; p = &(*p)->queue_next)
    if (*p == t) {
      *p = t->queue_next;
      break;
    }
  t->waiting_on = nullptr;
}

void wake_sleepers(u64 now) {
  for (Thread* t = all_threads; t; t = t->all_next)
    if (t->state == ThreadState::Blocked && t->deadline_ns <= now) {
      leave_wait_queue(t);
      t->timed_out = true;
      make_runnable(t);
    }
}

u64 next_deadline() {
  u64 first = no_deadline;
  for (Thread* t = all_threads; t; t = t->all_next)
    if (t->state == ThreadState::Blocked) first = min_of(first, t->deadline_ns);
  return first;
}

// The slice matters only while somebody else wants the CPU.
void program_timer() {
  u64 deadline = next_deadline();
  if (run_first) deadline = min_of(deadline, this_cpu().slice_end_ns);
  platform.set_timer(deadline);
}

void free_dead_thread() {
  Thread* t = dead_thread;
  if (!t) return;
  dead_thread = nullptr;
  for (Thread** p = &all_threads; *p; p = &(*p)->all_next)
    if (*p == t) {
      *p = t->all_next;
      break;
    }
  frames_free(va_frame(t));
}

bool leaves(unsigned cpu) { return others_leave && cpu != 0; }

void init_thread(Thread* t, const char* name) {
  *t = {};
  t->magic = stack_magic;
  t->deadline_ns = no_deadline;
  set_name(t, name);
}

Thread* allocate_thread(const char* name) {
  Pfn stack = frames_alloc(stack_bytes / page_bytes * 2 - 1);
  if (stack == invalid_frame) return nullptr;
  // The stack must be aligned to its size; the frames around the aligned part go back at once.
  Pfn aligned = align_up(stack, stack_bytes / page_bytes);
  constexpr u64 pages = stack_bytes / page_bytes;
  u64 total = pages * 2 - 1;
  if (aligned > stack) frames_give(stack, aligned - stack);
  if (stack + total > aligned + pages) frames_give(aligned + pages, stack + total - aligned - pages);
  frame_info(aligned).run = pages;
  auto* t = static_cast<Thread*>(frame_va(aligned));
  init_thread(t, name);
  return t;
}

void open_cpu(unsigned cpu) {
  platform.open_cpu(cpu);
  online = max_of(online, cpu + 1);
}

Thread* make_idle_thread(unsigned cpu) {
  Thread* t = allocate_thread("idle");
  if (!t) return nullptr;
  t->cpu = cpu;
  t->state = ThreadState::Running;
  cpus[cpu].idle = t;
  return t;
}

// First code of a secondary VCPU, on its idle thread's stack, masked.
void secondary_entry() {
  kernel_lock();
  open_cpu(current_cpu());
  print_line("kernel: VCPU %u runs", current_cpu());
  idle_loop();
}

void run_entry() {
  Thread* t = current_thread();
  free_dead_thread();
  t->entry(t->argument);
  thread_exit();
}

void switch_to(Thread* next) {
  Thread* previous = current_thread();
  if (previous->magic != stack_magic) panic("kernel stack overflow in %s", previous->name);
  if (!platform.masked(previous->cpu)) panic("%s switches to %s unmasked", previous->name, next->name);
  next->state = ThreadState::Running;
  next->cpu = previous->cpu;
  this_cpu().slice_end_ns = now_ns() + time_slice_ns;
  arch_before_switch(next);
  arch_switch_stack(&previous->stack_pointer, next->stack_pointer);
  free_dead_thread();
}
}  // namespace

Platform platform;

Cpu& this_cpu() { return cpus[current_cpu()]; }
u64 now_ns() { return platform.time_ns(current_cpu()); }
unsigned cpus_online() { return online; }

void timer_arrived() {
  u64 now = now_ns();
  wake_sleepers(now);
  if (now >= this_cpu().slice_end_ns) this_cpu().need_resched = true;
}

void kick_arrived() { this_cpu().need_resched = true; }

// The holder's VCPU may itself be waiting for a processor: after a short spin, let it have this one.
void kernel_lock() {
  constexpr unsigned spins = 128;
  while (__atomic_exchange_n(&lock_word, 1, __ATOMIC_ACQUIRE)) {
    for (unsigned n = 0; n < spins && __atomic_load_n(&lock_word, __ATOMIC_RELAXED); n++) arch_relax();
    if (__atomic_load_n(&lock_word, __ATOMIC_RELAXED)) platform.yield();
  }
}
void kernel_unlock() { __atomic_store_n(&lock_word, 0, __ATOMIC_RELEASE); }

void threads_init() {
  Thread* boot = current_thread();
  init_thread(boot, "idle/0");
  boot->state = ThreadState::Running;
  cpus[0].idle = boot;
  kernel_lock();
  open_cpu(0);
}

void start_other_cpus() {
  for (unsigned cpu = 1; cpu < cpus_max; cpu++) {
    if (!platform.has_cpu(cpu)) return;
    Thread* idle = make_idle_thread(cpu);
    long error = idle ? arch_start_cpu(cpu, idle, secondary_entry) : -XEN_ENOMEM;
    if (error) return print_line("kernel: VCPU %u does not start: %s", cpu, errno_name(error));
  }
}

Thread* thread_create(const char* name, void (*entry)(void*), void* argument, Process* process) {
  Thread* t = allocate_thread(name);
  if (!t) return nullptr;
  t->entry = entry;
  t->argument = argument;
  t->process = process;
  t->stack_pointer = arch_initial_stack(t->stack_top(), run_entry);
  t->all_next = all_threads;
  all_threads = t;
  make_runnable(t);
  return t;
}

void thread_exit() {
  Thread* t = current_thread();
  t->state = ThreadState::Dead;
  dead_thread = t;
  schedule();
  panic("thread %s ran after its end", t->name);
}

void schedule() {
  unsigned cpu = current_cpu();
  platform.dispatch(cpu);
  this_cpu().need_resched = false;
  Thread* self = current_thread();
  if (leaves(cpu) && self->state == ThreadState::Running && self != cpus[cpu].idle) push_runnable(self);
  Thread* next = leaves(cpu) ? nullptr : pop_runnable();
  if (!next) next = self->state == ThreadState::Running ? self : cpus[cpu].idle;
  if (next != self)
    switch_to(next);
  else
    self->state = ThreadState::Running;
}

void thread_yield() {
  Thread* self = current_thread();
  if (self != this_cpu().idle) push_runnable(self);
  schedule();
}

bool wait_on(WaitQueue& queue, u64 deadline_ns) {
  Thread* self = current_thread();
  self->state = ThreadState::Blocked;
  self->deadline_ns = deadline_ns;
  self->timed_out = false;
  self->waiting_on = &queue;
  self->queue_next = queue.first;
  queue.first = self;
  schedule();
  return !self->timed_out;
}

void wake_all(WaitQueue& queue) {
  while (Thread* t = queue.first) {
    queue.first = t->queue_next;
    t->waiting_on = nullptr;
    make_runnable(t);
  }
}

void sleep_ns(u64 duration) {
  WaitQueue nobody;
  wait_on(nobody, now_ns() + duration);
}

void preempt_check() {
  unsigned cpu = current_cpu();
  platform.dispatch(cpu);
  if (leaves(cpu) || (now_ns() >= this_cpu().slice_end_ns && run_first)) thread_yield();
  program_timer();
}

namespace {
void stay_away(unsigned cpu) {
  arch_unload_process();
  kernel_unlock();
  platform.leave(cpu);
  kernel_lock();
}
}  // namespace

void cpus_leave() {
  others_leave = true;
  for (unsigned cpu = 0; cpu < online; cpu++)
    if (cpu != current_cpu()) platform.kick(cpu);
  while (current_cpu() != 0) thread_yield();
  for (unsigned cpu = 1; cpu < online; cpu++)
    while (!platform.has_left(cpu)) {
      kernel_unlock();
      platform.yield();
      kernel_lock();
    }
}

namespace {
void start_again(unsigned cpu) {
  arch_forget_cpu(cpu);
  if (long error = arch_start_cpu(cpu, cpus[cpu].idle, secondary_entry))
    print_line("kernel: VCPU %u does not start again: %s", cpu, errno_name(error));
}
}  // namespace

void cpus_return(bool anew) {
  others_leave = false;
  const unsigned count = online;
  if (anew) online = 1;
  for (unsigned cpu = 1; cpu < count; cpu++)
    if (!anew)
      platform.come_back(cpu);
    else
      start_again(cpu);
}

void idle_loop() {
  for (;;) {
    unsigned cpu = current_cpu();
    platform.dispatch(cpu);
    wake_sleepers(now_ns());
    if (leaves(cpu)) {
      stay_away(cpu);
      continue;
    }
    if (run_first) {
      schedule();
      continue;
    }
    program_timer();
    this_cpu().blocked = true;
    kernel_unlock();
    platform.block(cpu);
    kernel_lock();
    this_cpu().blocked = false;
  }
}
