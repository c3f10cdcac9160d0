// Single accesses that may fault: the test goes on behind the instruction and is told what the fault said.
#pragma once
#include "guests/tests/lib/test.h"

struct Touch {
  bool faulted;
  bool absent, write;  // what the fault says: there is no page; it was a store
  u64 error, address, value;
};
Touch touch_read(const volatile void* va);
Touch touch_write(volatile void* va, u64 value);
Touch touch_execute(const volatile void* va);  // calls it: a RET must lie there
