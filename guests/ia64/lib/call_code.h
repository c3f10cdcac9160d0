// Calls of code that the compiler has not seen.
#pragma once
#include "guests/ia64/lib/bare.h"

namespace bare {

/// What lies at `entry` now; the value it returns.
inline u64 call_code(const void* entry) {
  struct Descriptor {  // what a pointer to a function points to
    const void* entry;
    u64 gp;
  };
  const Descriptor descriptor{entry, 0};
  const void* pointer = &descriptor;
  asm volatile("" : "+r"(pointer)::"memory");
  return reinterpret_cast<u64 (*)()>(const_cast<void*>(pointer))();
}

}  // namespace bare
