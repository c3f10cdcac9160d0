// What only a process can do, for the verb `bench`: system calls, first touches, misses, switches.
#include "guests/kernel/user/bench.h"

#include "guests/kernel/user/user.h"

namespace {
constexpr u64 page = 4096;

void begin(const char* name) { say("bench begin %s", name); }
void end(u64 count) { say("bench end %lu", count); }
void store(u64 va, u64 value) { *reinterpret_cast<volatile u64*>(va) = value; }

u64 map(u64 pages) {
  s64 va = user_syscall(sys_map, pages);
  if (va < 0) say("FAILURE: no memory for %lu pages: %ld", pages, va);
  return static_cast<u64>(va);
}

void null_syscall(u64 count) {
  begin("null-syscall");
  for (u64 i = 0; i < count; i++) user_syscall(sys_id);
  end(count);
}

// The kernel forgets where the page is, and the page is used again or not: the difference is a TLB miss.
void forget(u64 count, u64 va, bool touch) {
  begin(touch ? "forget-and-touch" : "forget");
  for (u64 i = 0; i < count; i++) {
    user_syscall(sys_forget, va);
    if (touch) store(va, i);
  }
  end(count);
}

void first_touches(u64 count) {
  u64 base = map(count);
  begin("page-fault");
  for (u64 i = 0; i < count; i++) store(base + i * page, i);
  end(count);
  user_syscall(sys_unmap, base, count);
}

// The other process yields, too: each turn is two switches.
void turns(u64 count) {
  begin("process-switch");
  for (u64 i = 0; i < count; i += 2) user_syscall(sys_yield);
  end(count);
}

void all_turns(u64 rounds) {
  for (u64 round = 0; round <= rounds; round++)
    for (u64 count : bench_counts) turns(count);
}
}  // namespace

void user_main(u64 rounds) {
  u64 va = map(1);
  for (u64 round = 0; round <= rounds; round++)  // the first warms up
    for (u64 count : bench_counts) {
      null_syscall(count);
      forget(count, va, false);
      forget(count, va, true);
      first_touches(count);
    }
  s64 id = user_syscall(sys_fork);
  if (id < 0) return say("FAILURE: no second process: %ld", id);
  if (!id) {
    for (u64 round = 0; round < rounds + 2; round++)  // some more than it is asked for
      for (u64 count : bench_counts)
        for (u64 i = 0; i < count; i += 2) user_syscall(sys_yield);
    return;
  }
  all_turns(rounds);
  user_syscall(sys_wait);
}
