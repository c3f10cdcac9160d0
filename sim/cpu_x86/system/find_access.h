// Which instruction of a running block makes a device access. The engine tells the block only (Unicorn 2.1.1
// leaves RIP at its start), so the block is decoded forward with the registers of this moment:
//
//     block ──► 1st instruction ──► 2nd ──► ... ──► the one whose port, or whose operand's address, matches
//
// Ports are counted: the block's n-th IN or OUT is its n-th port access. Memory operands are compared; an
// instruction is passed over when a constant loaded in front of it is no longer in its register. What stays
// undecided is an equal operand twice in one block whose register a load has changed between: the first one
// is named.
#pragma once
#include <functional>

#include "sim/cpu_x86/system/operands.h"

namespace xs::x86 {

struct RunningBlock : OperandState {
  std::span<const u8> bytes;
  u64 address = 0;  ///< linear
};

/// Address of the block's `ordinal`-th (from 0) instruction for ports; the block's address when it has fewer.
u64 find_port_access(const RunningBlock& block, unsigned ordinal);

/// Whether an operand of `size` bytes at `va` takes part in the access.
using Covers = std::function<bool(u64 va, unsigned size)>;
/// First instruction at or behind `from` with a memory operand of the direction that `covers` accepts; the
/// block's address when there is none.
u64 find_memory_access(const RunningBlock& block, bool write, u64 from, const Covers& covers);

}  // namespace xs::x86
