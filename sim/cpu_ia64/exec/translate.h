// From bundles to blocks.
#pragma once
#include "sim/cpu_ia64/exec/dispatch.h"
#include "sim/cpu_ia64/isa/decode.h"

namespace xs::ia64 {

/// The handlers of all units.
const Handlers& handlers();

struct CodeSource {
  u64 va = 0, mode = 0;
  const u8* code = nullptr;  ///< the first bundle
  unsigned bundles = 0;      ///< up to the end of the frame
  unsigned first_slot = 0;
  unsigned most = ~0u;                     ///< instructions
  u64 cycles = 1;                          ///< of an instruction
  const std::vector<u64>* taps = nullptr;  ///< addresses with the slot in their lowest bits, ascending
};

/// Fills in everything of `block` but epoch, pa and deferral.
void translate(Block& block, const CodeSource& source);

/// The register that an instruction writes beyond a frame of `sof` registers makes it an illegal operation.
/// For a block of one instruction, whose `top` lies there.
void make_illegal(Block& block);

}  // namespace xs::ia64
