// Names of IA-64's interruption vectors, for whoever prints one (SDM vol. 2 table 5-7).
#pragma once
#include "sim/core/types.h"

namespace xs {

struct Ia64VectorName {
  u32 offset;  ///< in the interruption vector table
  const char* name;
};
inline constexpr Ia64VectorName ia64_vector_names[] = {
    {0x0000, "VHPT translation"},
    {0x0400, "instruction TLB"},
    {0x0800, "data TLB"},
    {0x0c00, "alternate instruction TLB"},
    {0x1000, "alternate data TLB"},
    {0x1400, "data nested TLB"},
    {0x1800, "instruction key miss"},
    {0x1c00, "data key miss"},
    {0x2000, "dirty bit"},
    {0x2400, "instruction access bit"},
    {0x2800, "data access bit"},
    {0x2c00, "break instruction"},
    {0x3000, "external interrupt"},
    {0x3400, "virtual external interrupt"},
    {0x5000, "page not present"},
    {0x5100, "key permission"},
    {0x5200, "instruction access rights"},
    {0x5300, "data access rights"},
    {0x5400, "general exception"},
    {0x5500, "disabled floating-point register"},
    {0x5600, "NaT consumption"},
    {0x5700, "speculation"},
    {0x5900, "debug"},
    {0x5a00, "unaligned reference"},
    {0x5b00, "unsupported data reference"},
    {0x5c00, "floating-point fault"},
    {0x5d00, "floating-point trap"},
    {0x5e00, "lower-privilege transfer trap"},
    {0x5f00, "taken branch trap"},
    {0x6000, "single step trap"},
    {0x6100, "virtualization"},
};
/// "?": no vector begins there.
constexpr const char* ia64_vector_name(u32 offset) {
  for (const Ia64VectorName& v : ia64_vector_names)
    if (v.offset == offset) return v.name;
  return "?";
}

}  // namespace xs
