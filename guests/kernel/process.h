// Ring-3 processes: one thread, one address space, programs built into the kernel image.
//
//   0x0000_0040_0000  program image (ELF, linked there)
//   0x0000_1000_0000  memory from sys_map, grows up; pages appear on first touch
//   0x0000_7fff_f000  top of the stack (16 pages, on first touch)
#pragma once
#include "guests/kernel/address_space.h"
#include "guests/kernel/thread.h"
#include "guests/kernel/user/syscalls.h"

constexpr u64 user_heap_base = 0x10000000;
constexpr u64 user_heap_end = 0x7f000000;
constexpr u64 user_stack_top = 0x7ffff000;
constexpr u64 user_stack_pages = 16;
constexpr unsigned user_regions_max = 64;

// Address ranges in which a first touch brings a zero page; [first, end) of addresses, page aligned.
struct UserRegion {
  u64 first, end;
};

struct Process {
  u32 id;
  char name[24];
  Process* next;
  Process* parent;
  Thread* thread;
  AddressSpace space;
  UserRegion regions[user_regions_max];
  unsigned region_count;
  u64 heap_next;
  u64 resident_pages;
  u64 oom_waits;  // how often a page fault had to wait for memory
  bool exited;
  s64 exit_code;
  WaitQueue child_exit;
  void* fork_frame;     // copy of the parent's registers, until the child has started
  u64 entry, argument;  // how a started (not forked) process begins
};

// Null when the program is unknown or memory is short.
Process* process_start(const char* program, u64 argument);
// Returns when no such process is left.
void process_join(u32 id);
// forker and worker: processes that check this kernel while it works. `programs=none` on the command line
// keeps it to itself.
void start_test_programs();
// Results of the calls in user/syscalls.h; `frame` is the saved user state (fork copies it).
s64 process_syscall(u64 number, u64 a1, u64 a2, u64 a3, const void* frame, u64 frame_bytes);
// A fault of the running process: brings the page, or ends the process with a message.
void process_page_fault(u64 va, bool write);
[[noreturn]] void process_kill(const char* reason, u64 address);
u64 processes_alive();
