// The memory that one instruction is about to access: operands, stack, string elements. Watchpoints and
// alignment checks compare it, byte for byte; what the processor reads and writes on its own account (page
// tables, descriptor tables, exception frames) is not among it.
#pragma once
#include <vector>

#include "sim/cpu_x86/system/operands.h"

namespace xs::x86 {

struct DataAccess {
  u64 va = 0;  ///< linear
  u32 size = 0;
  bool read = false, write = false;
  bool aligned = false;  ///< #GP when `va` is no multiple of 16: MOVAPS and its like
};

/// `rip` is the instruction's linear address, `bytes` begin there.
std::vector<DataAccess> data_accesses(std::span<const u8> bytes, u64 rip, const OperandState& state);

/// An instruction of the block may raise #GP for its operand's alignment.
bool has_aligned_operand(std::span<const u8> bytes, u64 address, unsigned bits);
/// Breaks CR0.AM's rule (SDM vol. 3A table 6-7).
bool is_misaligned(const DataAccess& access);

}  // namespace xs::x86
