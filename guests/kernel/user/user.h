// What a user program includes.
#pragma once
#include "arch_user.h"
#include "guests/kernel/user/syscalls.h"
#include "guests/lib/format.h"
#include "guests/lib/string.h"

inline void say(const char* fmt, ...) {
  char line[160];
  va_list args;
  va_start(args, fmt);
  size_t n = format_v(line, sizeof line, fmt, args);
  va_end(args);
  user_syscall(sys_write, reinterpret_cast<u64>(line), min_of(n, sizeof line - 1));
}

extern "C" void user_main(u64 argument);
