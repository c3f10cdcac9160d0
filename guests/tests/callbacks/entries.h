#pragma once
#include "guests/tests/lib/test.h"

extern "C" volatile u32 other_upcalls;  // counted by the other entry point, which goes on at the first

u64 first_entry();
void set_other_entry();
extern const u64 bad_entry;               // no code can be there
void check_frame(const TrapFrame& seen);  // of an upcall, its upcalls unmasked before
void check_arch_callbacks();              // what no other architecture has
constexpr unsigned no_assist = ~0u;
extern const unsigned arch_assists[4];  // of vm_assist, up to no_assist
extern const char* const arch_capability;
bool arch_features_good(u32 features);
