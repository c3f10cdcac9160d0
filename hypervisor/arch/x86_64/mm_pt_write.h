// Stores that a guest's kernel makes straight into its read-only L1 tables (VMASST_TYPE_writable_pagetables):
// the few instructions with which kernels write page-table entries. Pure: registers and the old entry in,
// registers and the new entry out.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct PtWrite {
  u64 value = 0;        ///< the new entry
  bool writes = false;  ///< false: a compare-exchange that did not match
};

/// Executes the 64-bit instruction at `bytes` with its memory operand holding `old`: MOV, XCHG, CMPXCHG, AND,
/// OR, BTR and BTS with an immediate bit. Moves RIP behind it and sets registers and flags as it would. False
/// (nothing changed) for any other instruction.
bool pt_write_execute(const u8* bytes, unsigned length, u64 old, cpu_user_regs& regs, PtWrite& result);

}  // namespace hv
