// What lies below the kernel: Xen, or nothing. One image runs on both; which entry it was given says on which
// this is, and everything else asks the table.
//
//   PV entry ─────> guest_main ──┐
//                                ├──> kernel_main(platform) ──> memory, threads, processes, drivers
//   native entry ──> arch code ──┘
//
// What reaches a CPU from outside (event channels, interrupts) is noted while the kernel runs and acted upon
// in dispatch(), at places where the kernel's data is whole.
#pragma once
#include "guests/lib/types.h"

struct MemoryModel;

using InterruptHandler = void (*)(void* context);

struct Platform {
  // Before anything else: traps, and a console that speaks.
  void (*start)();
  const MemoryModel* (*model)();
  // The frame allocator works: what needs memory or mappings.
  void (*use_memory)();
  const char* (*role)();  // what the kernel is here, in a word
  const char* (*command_line)();
  // Threads work: whatever this kernel is for.
  void (*start_services)();

  u64 (*time_ns)(unsigned cpu);        // since some beginning; never backwards
  void (*set_timer)(u64 deadline_ns);  // timer_arrived() on this CPU at that time; no_deadline: never

  // On the CPU itself, with the kernel lock: timer and kicks arrive from now on.
  void (*open_cpu)(unsigned cpu);
  void (*dispatch)(unsigned cpu);
  bool (*masked)(unsigned cpu);  // nothing but dispatch() lets anything arrive
  // Without the lock: sleeps until something has arrived. Masked again on return.
  void (*block)(unsigned cpu);
  void (*yield)();             // somebody else holds the kernel lock
  void (*kick)(unsigned cpu);  // kick_arrived() there
  bool (*has_cpu)(unsigned cpu);

  // Of a CPU but the first: it stops, and goes on when another one says so.
  void (*leave)(unsigned cpu);
  bool (*has_left)(unsigned cpu);
  void (*come_back)(unsigned cpu);
  // Below is another hypervisor's domain, or another domain of this one: time goes on from `time_ns`, and CPU
  // 0 is to be opened again.
  void (*resumed)(u64 time_ns);

  // A device's level-triggered line; the handler makes it fall. False: poll.
  bool (*bind_interrupt)(u32 line, InterruptHandler handler, void* context);

  // The shortest request to a hypervisor; null where there is none.
  void (*ping)();
};

extern Platform platform;  // a copy: it lies beside what else is touched at each turn
extern const Platform platform_xen;

[[noreturn]] void kernel_main(const Platform& found);
