// The architecture's floating-point registers.
#pragma once
#include "guests/tests/lib/test.h"

void load_registers(u64 value);           // some of each kind, different from each other, from one value
const char* changed_register(u64 value);  // the first that does not hold what was loaded, or null
const char* bad_initial_register();       // the same for what a new VCPU has
void load_other_registers(u64 value);     // as load_registers, control registers as in a new VCPU
const char* changed_other_register(u64 value);
// A lazy kernel is told when they are used.
bool on_first_use(TrapFrame* frame);
void check_lazy_use();  // the trap comes once, and only when it was asked for
void ask_for_trap();
unsigned traps_of_use();  // uses them twice: how many traps there were
