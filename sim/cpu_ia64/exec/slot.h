// Decoded code: what execution walks over instead of bundles.
//
//     Block   a run of bundles within one 4 KiB frame, entered at its first slot only
//       slots  [ Slot | Slot | ... | end ]     without nop and hint: they take time and do nothing else;
//                                              with guards in front of what has a predicate (dispatch.h)
//       fixups [ {slot, operand, logical} ... ]    operands that rotation moves
//
// A block is right for one virtual address, one mode (system/modes.h) and one frame's contents. Registers in
// slots are physical numbers: operands above 31 are put in place anew when a block is entered with other
// rotating bases than last time.
#pragma once
#include <vector>

#include "sim/core/types.h"
#include "sim/cpu_ia64/system/processor.h"

namespace xs::ia64 {

struct Slot;

/// How a slot or a block ended.
enum class Next : u8 {
  leave,  ///< r.ip is the next bundle; the run loop looks around
  fault   ///< processor.pending is to be delivered at processor.stopped_at
};

/// Executes the slot and those behind it (dispatch.h).
using Handler = Next (*)(Processor&, const Slot*);

struct Slot {
  Handler run = nullptr;
  u64 imm = 0;
  u8 r1 = 0, r2 = 0, r3 = 0, r4 = 0;  ///< registers as isa/row.h places them, physical numbers
  u8 qp = 0;                          ///< 0 as well for what is executed whatever its predicate
  u8 ri = 0;                          ///< slot number in the bundle
  u8 x = 0;        ///< a second small operand: status field, predicate of an unconditional compare
  u16 y = 0;       ///< a third small operand
  u16 offset = 0;  ///< of its bundle from the block's first
  u32 behind = 0;  ///< cycles of the block's instructions behind this one
};
static_assert(sizeof(Slot) == 32);

struct Fixup {
  u16 slot;
  u8 operand;  ///< 0 to 3: r1 to r4
  u8 logical;  ///< r32 to r127 or f32 to f127
  bool fp;
};

/// What a branch asks of a block stands in one line of the host's cache.
struct alignas(64) Block : CodePlace {
  u64 mode = 0;  ///< of decoding, with PSR.ri
  u64 pa = 0;
  u32 cost = 0;      ///< cycles of all its instructions
  u32 rotation = 0;  ///< bases for which the operands are in place
  u32 frame = 0;     ///< Processor::frame that the block was last found to fit
  u16 count = 0;     ///< instructions, nops included
  u8 top = 0;        ///< highest general register that is written: must lie in the frame
  std::vector<Slot> slots;
  std::vector<Fixup> fixups;
};

}  // namespace xs::ia64
