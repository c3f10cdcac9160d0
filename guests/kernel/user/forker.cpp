// Forks children that change their copy of a page while the parent's must stay as it was: separate address
// spaces.
#include "guests/kernel/user/user.h"

namespace {
constexpr int children = 4;
constexpr u64 parent_value = 0x1234;

[[noreturn]] void child(volatile u64* shared_address, int number) {
  u64 before = *shared_address;
  *shared_address = parent_value + static_cast<u64>(number) + 1;
  for (int i = 0; i < 3; i++) user_syscall(sys_yield);
  bool ok = before == parent_value && *shared_address == parent_value + static_cast<u64>(number) + 1;
  for (;;) user_syscall(sys_exit, ok ? static_cast<u64>(number) : 1000);
}
}  // namespace

void user_main(u64) {
  s64 base = user_syscall(sys_map, 4);
  if (base < 0) return say("map failed: %ld", base);
  auto* value = reinterpret_cast<volatile u64*>(base);
  *value = parent_value;
  for (int i = 0; i < children; i++) {
    s64 id = user_syscall(sys_fork);
    if (!id) child(value, i);
    if (id < 0) return say("fork failed: %ld", id);
  }
  s64 sum = 0;
  for (int i = 0; i < children; i++) sum += user_syscall(sys_wait);
  bool ok = sum == children * (children - 1) / 2 && *value == parent_value && user_syscall(sys_wait) < 0;
  say(ok ? "%d children ended, address spaces are separate"
         : "FAILURE: %d children, wrong sum or shared memory",
      children);
}
