#include "switch.h"

#include "arch_cpu.h"

u64 stack_begin(u64 top, void (*entry)()) {
  struct Switch {
    u64 b0, bspstore, rest[SWITCH_SIZE / sizeof(u64) - 2];
  };
  constexpr u64 scratch = 16;
  auto* s = reinterpret_cast<Switch*>(top - scratch - sizeof(Switch));
  *s = {};
  s->b0 = *reinterpret_cast<u64*>(entry);  // of the function's descriptor
  s->bspstore = top - stack_bytes + REGISTERS_IN_STACK + MOST_REGISTERS;
  return reinterpret_cast<u64>(s);
}
