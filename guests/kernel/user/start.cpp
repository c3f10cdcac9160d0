#include "guests/kernel/user/user.h"

// The kernel enters here with the argument in the first parameter and the stack aligned as for a call.
extern "C" [[noreturn, gnu::section(".text.entry")]] void user_start(u64 argument) {
  user_main(argument);
  for (;;) user_syscall(sys_exit, 0);
}
