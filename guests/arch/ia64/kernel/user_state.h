// What a thread's kernel stack holds of its user mode (layout.h).
#pragma once
#include "arch_trap.h"
#include "guests/kernel/thread.h"

// The kernel is compiled without f2 to f5 and f16 to f127: what the user left there stays, until another
// process runs. f32 to f127 move only for a process that has touched them since it was last switched to
// (PSR.dfh).
struct UserState {
  __extension__ unsigned __int128 high[96];
  __extension__ unsigned __int128 low[20];
  u64 rnat;
  bool high_loaded;  // in the processor, and enabled in the frame
  TrapFrame frame;
  u64 registers[];  // the register stack's beginning
};
static_assert(offsetof(UserState, high) == USER_HIGH && offsetof(UserState, low) == USER_LOW &&
              offsetof(UserState, rnat) == USER_RNAT && offsetof(UserState, high_loaded) == USER_FLAGS &&
              offsetof(UserState, frame) == USER_FRAME);
static_assert(sizeof(Thread) <= USER_STATE);

inline UserState& user_state(Thread* t) {
  return *reinterpret_cast<UserState*>(reinterpret_cast<u64>(t) + USER_STATE);
}

extern "C" {
void user_save_low(void* to);
void user_load_low(const void* from);
void user_save_high(void* to);
void user_load_high(const void* from);
// Stores every register of callers' frames; the NaT bits that are not stored yet.
u64 register_stack_flush();
// ar.bsp: how far the register stack has come.
u64 register_stack_pointer();
}
