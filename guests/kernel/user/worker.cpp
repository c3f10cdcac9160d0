// Fills memory with a pattern that depends on address and round, sleeps so that others (the balloon above
// all) can interfere, and checks every word. A frame that the kernel lost, gave away while it was mapped or
// mapped twice shows here.
#include "guests/kernel/user/user.h"

namespace {
constexpr u64 page = 4096;
constexpr u64 words = page / sizeof(u64);
constexpr u64 pages = 128;
constexpr u64 pause_ns = 20 * ns_per_ms;  // short against the time that ballooning takes
constexpr u64 rounds_per_heartbeat = 50;  // about one line a second

u64 pattern(u64 address, u64 round) {
  return (address ^ round * 0x9e3779b97f4a7c15ull) * 0xbf58476d1ce4e5b9ull;
}

void fill(u64 base, u64 round) {
  for (u64 i = 0; i < pages * words; i++) {
    u64 address = base + i * sizeof(u64);
    *reinterpret_cast<volatile u64*>(address) = pattern(address, round);
  }
}

u64 count_errors(u64 base, u64 round) {
  u64 errors = 0;
  for (u64 i = 0; i < pages * words; i++) {
    u64 address = base + i * sizeof(u64);
    u64 found = *reinterpret_cast<volatile u64*>(address);
    if (found == pattern(address, round)) continue;
    if (!errors++) say("word at 0x%lx: found 0x%lx, expected 0x%lx", address, found, pattern(address, round));
  }
  return errors;
}
}  // namespace

void user_main(u64) {
  u64 verified = 0;
  for (u64 round = 1;; round++) {
    s64 base = user_syscall(sys_map, pages);
    if (base < 0) {
      say("map failed: %ld", base);
      return;
    }
    fill(static_cast<u64>(base), round);
    user_syscall(sys_sleep, pause_ns);
    u64 errors = count_errors(static_cast<u64>(base), round);
    if (errors)
      say("FAILURE: %lu wrong words in round %lu", errors, round);
    else
      verified += pages;
    user_syscall(sys_unmap, static_cast<u64>(base), pages);
    if (round == 1 || round % rounds_per_heartbeat == 0)
      say("round %lu: %lu pages verified", round, verified);
  }
}
