// Threads and the scheduler.
//
// The kernel runs under one lock, with interrupts (Xen: event upcalls) masked, and gives the CPU up only in
// schedule(): by blocking, by yielding, or on the way back to user mode when the time slice is over. User
// mode runs without the lock and unmasked, so user processes are preempted and run in parallel on several
// CPUs.
//
//   run queue (FIFO) ──schedule──> running ──wait──> WaitQueue / deadline ──wake──> run queue
#pragma once
#include "arch_cpu.h"
#include "guests/lib/types.h"

constexpr u64 time_slice_ns = 10 * ns_per_ms;
constexpr unsigned cpus_max = 8;
constexpr u64 no_deadline = ~0ull;

struct Process;
struct Thread;

struct WaitQueue {
  Thread* first = nullptr;
};

enum class ThreadState : u8 { Runnable, Running, Blocked, Dead };

// Lies at the lowest address of its own stack; `magic` finds an overflow.
struct Thread {
  u64 magic;
  u64 stack_pointer;  // while it does not run
  ThreadState state;
  unsigned cpu;
  bool timed_out;
  u64 deadline_ns;
  Thread* queue_next;  // run queue or wait queue
  Thread* all_next;
  WaitQueue* waiting_on;
  Process* process;
  void (*entry)(void*);
  void* argument;
  char name[24];

  u64 stack_top() { return reinterpret_cast<u64>(this) + stack_bytes; }
};

struct Cpu {
  Thread* idle;
  u64 slice_end_ns;
  bool blocked;  // in platform.block(), without the kernel lock
  bool need_resched;
};

inline Thread* current_thread() {
  return reinterpret_cast<Thread*>(align_down(arch_stack_pointer(), stack_bytes));
}
inline unsigned current_cpu() { return current_thread()->cpu; }
Cpu& this_cpu();
u64 now_ns();

// The platform says so, in dispatch().
void timer_arrived();
void kick_arrived();

// Makes the boot stack the idle thread of CPU 0 and opens it for interrupts.
void threads_init();
// The current boot path becomes CPU `cpu`'s idle loop.
[[noreturn]] void idle_loop();

// Null when there is no memory. The thread ends when entry returns.
Thread* thread_create(const char* name, void (*entry)(void*), void* argument, Process* process = nullptr);
[[noreturn]] void thread_exit();

void schedule();
void thread_yield();
// Blocks on the queue until woken or the deadline (absolute system time) passes; false on time-out.
bool wait_on(WaitQueue& queue, u64 deadline_ns = no_deadline);
void wake_all(WaitQueue& queue);
void sleep_ns(u64 duration);
// On the way to user mode: lets others run when the slice is over.
void preempt_check();

void kernel_lock();
void kernel_unlock();

// Takes every other CPU away from the kernel, and this thread to CPU 0: nothing but it runs until
// cpus_return(). `anew`: the others are VCPUs that have never run (of a domain made of this one's memory).
void cpus_leave();
void cpus_return(bool anew);

// Starts every further CPU there is; they join the scheduler on their own.
void start_other_cpus();
unsigned cpus_online();
