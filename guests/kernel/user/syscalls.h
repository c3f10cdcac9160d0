// System calls of the portable kernel. Results below zero are negative errno values (xen/errno.h).
#pragma once

enum SyscallNumber {
  sys_exit = 1,   // (code)
  sys_write = 2,  // (text, length): one line without newline
  sys_yield = 3,
  sys_sleep = 4,  // (nanoseconds)
  sys_time = 5,   // system time in ns
  sys_map = 6,    // (pages) -> address
  sys_unmap = 7,  // (address, pages)
  sys_fork = 8,   // -> child's id, 0 in the child
  sys_wait = 9,   // -> exit code of a child that ended; -ENOENT without children
  sys_id = 10,
  sys_forget = 11  // (address): the next access to the page looks its translation up
};
