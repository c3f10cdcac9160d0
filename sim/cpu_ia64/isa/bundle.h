// The 128-bit bundle: Intel SDM volume 3, 4.1 (figure 4-1, table 4-1).
//
//     127          87 86          46 45           5 4      0
//     [    slot 2    |    slot 1    |    slot 0    | template ]
//
// The template says which unit each slot is for and where the instruction groups end ("stops").
#pragma once
#include <array>
#include <cstring>

#include "sim/core/types.h"

namespace xs::ia64 {

/// What a slot is for. A-type instructions (integer ALU) go to M and I slots alike; L is the slot that holds
/// the upper 41 bits of an X instruction's immediate.
enum class Unit : u8 { m, i, f, b, l, x, reserved };
inline constexpr unsigned unit_count = 6;  ///< without Unit::reserved

inline constexpr unsigned slot_bits = 41;
inline constexpr u64 slot_mask = (u64{1} << slot_bits) - 1;
inline constexpr u64 bundle_size = 16;  ///< bytes; bundles lie on multiples of it

struct Template {
  std::array<Unit, 3> unit{Unit::reserved, Unit::reserved, Unit::reserved};
  u8 stops = 0;  ///< bit s: an instruction group ends after slot s

  constexpr bool reserved() const { return unit[0] == Unit::reserved; }
  constexpr bool stop_after(unsigned slot) const { return (stops >> slot) & 1; }
  constexpr bool long_immediate() const { return unit[1] == Unit::l; }
};

namespace detail {
/// `layout`: the units of slots 0 to 2 as the manual writes them, '|' for a stop within the bundle.
constexpr Template make_template(const char* layout, bool stop_at_end) {
  Template t;
  unsigned slot = 0;
  for (const char* p = layout; *p != 0; ++p) {
    if (*p == '|') {
      t.stops |= static_cast<u8>(1u << (slot - 1));
      continue;
    }
    t.unit[slot++] = *p == 'M'   ? Unit::m
                     : *p == 'I' ? Unit::i
                     : *p == 'F' ? Unit::f
                     : *p == 'B' ? Unit::b
                     : *p == 'L' ? Unit::l
                                 : Unit::x;
  }
  if (stop_at_end) t.stops |= 4;
  return t;
}

constexpr std::array<Template, 32> make_templates() {
  // One entry for templates 2n (no stop at the end) and 2n+1 (stop at the end); "" is reserved.
  constexpr const char* layouts[16] = {"MII", "MI|I", "MLX", "",    "MMI", "M|MI", "MFI", "MMF",
                                       "MIB", "MBB",  "",    "BBB", "MMB", "",     "MFB", ""};
  std::array<Template, 32> out;
  for (unsigned n = 0; n < 32; ++n)
    if (*layouts[n / 2] != 0) out[n] = make_template(layouts[n / 2], n & 1);
  return out;
}
}  // namespace detail

inline constexpr std::array<Template, 32> templates = detail::make_templates();

struct Bundle {
  u64 low = 0, high = 0;

  static Bundle from_bytes(const u8* bytes) {  ///< 16 bytes, little-endian whatever PSR.be says
    Bundle b;
    std::memcpy(&b.low, bytes, 8);
    std::memcpy(&b.high, bytes + 8, 8);
    return b;
  }
  static constexpr Bundle make(unsigned template_number, u64 slot0, u64 slot1, u64 slot2) {
    return {template_number | slot0 << 5 | slot1 << 46, slot1 >> 18 | slot2 << 23};
  }

  constexpr unsigned template_number() const { return low & 31; }
  constexpr const Template& layout() const { return templates[template_number()]; }
  constexpr u64 slot(unsigned n) const {
    return (n == 0 ? low >> 5 : n == 1 ? low >> 46 | high << 18 : high >> 23) & slot_mask;
  }
};
static_assert(sizeof(Bundle) == bundle_size);

}  // namespace xs::ia64
