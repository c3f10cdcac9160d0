// The registers as the domain builder set them (entry.S).
#pragma once
#include "guests/lib/types.h"

struct EntryRegisters {
  u64 rsp, rsi, rflags, cs, ss, ds, es, fs, gs;
};
extern "C" EntryRegisters entry_registers;
