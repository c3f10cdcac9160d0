#include "sim/cpu_ia64/exec/dispatch.h"

namespace xs::ia64 {

/// Place of a rotating register: base added, modulo the size of its region (SDM vol. 1 3.1.7).
static u8 place(const Fixup& f, FrameMarker frame) {
  const unsigned n = f.logical - 32u;
  const unsigned size = f.fp ? 96 : frame.sor(), base = f.fp ? frame.rrb_fr() : frame.rrb_gr();
  if (n >= size) return f.logical;
  return static_cast<u8>(32 + (n + base >= size ? n + base - size : n + base));
}

Next look_at_predicate(Processor& p, const Slot* s) {
  if ((p.r.pr >> s->qp & 1) != 0) return go_on(p, s + 1);
  return go_on(p, s + 2);
}

void rotate(const Processor& p, Block& block) {
  const FrameMarker frame = p.stack.frame();
  for (const Fixup& f : block.fixups) {
    Slot& s = block.slots[f.slot];
    (f.operand == 0 ? s.r1 : f.operand == 1 ? s.r2 : f.operand == 2 ? s.r3 : s.r4) = place(f, frame);
  }
  block.rotation = p.rotation;
  block.frame = 0;  // none: fit() has not looked
}

bool fit(const Processor& p, Block& block) {
  if (block.top >= p.frame_top) return false;
  if (block.rotation != p.rotation) rotate(p, block);
  block.frame = p.frame;
  return true;
}

Next chain_with_frame(Processor& p, Block& block, unsigned ri) {
  if (fit(p, block)) return enter(p, block);
  p.r.psr |= u64{ri} << psr::ri_shift;
  return Next::leave;
}

}  // namespace xs::ia64
