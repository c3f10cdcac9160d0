// Segment descriptor fields (SDM vol. 3A section 3.4.5, figures 3-8, 7-4), named by their place in the second
// doubleword.
#pragma once
#include "sim/cpu_x86/engine/engine.h"

namespace xs::x86 {

enum : u32 {
  attr_accessed = 1u << 8,
  attr_writable = 1u << 9,  ///< data: writable; code: readable
  attr_conforming = 1u << 10,
  attr_code = 1u << 11,
  attr_nonsystem = 1u << 12,
  attr_present = 1u << 15,
  attr_long = 1u << 21,
  attr_big = 1u << 22,
  attr_granular = 1u << 23
};
inline constexpr unsigned attr_dpl_shift = 13;

/// Unpacks the 8 bytes of a code or data descriptor.
inline Segment unpack_segment(u16 selector, u64 raw) {
  Segment s;
  s.selector = selector;
  s.attributes = static_cast<u32>(raw >> 32);
  s.base = (raw >> 16 & 0xffffff) | (raw >> 32 & 0xff000000);
  s.limit = static_cast<u32>((raw & 0xffff) | (raw >> 32 & 0xf0000));
  if (s.attributes & attr_granular) s.limit = s.limit << 12 | 0xfff;
  return s;
}
inline unsigned dpl(const Segment& s) { return s.attributes >> attr_dpl_shift & 3; }

}  // namespace xs::x86
