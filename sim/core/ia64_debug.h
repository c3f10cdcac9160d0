// IA-64 registers as gdb numbers them (gdb/ia64-tdep.h): general, floating-point, predicate, branch, then pr,
// ip, psr, cfm, and 128 application registers. gdb finds r32 and up in the backing store below BSP, which for
// it ends behind the frame; it takes NaT bits of r0 to r31 from ar.unat's place.
#pragma once

namespace xs::ia64_debug {

inline constexpr unsigned general = 0, floating = 128, predicates = 256, branches = 320, frame_pointer = 328,
                          return_pointer = 329, all_predicates = 330, pointer = 331, status = 332,
                          frame_marker = 333, application = 334, count = application + 128;

constexpr bool in(unsigned index, unsigned first, unsigned n) { return index >= first && index < first + n; }

// Application registers that a debugger shows, by their numbers (SDM vol. 1 table 3-3).
enum : unsigned {
  k0 = 0,
  rsc = 16,
  bsp = 17,
  bspstore = 18,
  rnat = 19,
  csd = 25,
  ccv = 32,
  unat = 36,
  fpsr = 40,
  pfs = 64,
  lc = 65,
  ec = 66
};

}  // namespace xs::ia64_debug
