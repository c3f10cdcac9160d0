// All tables, one after the other in the manual's order.
#pragma once
#include <span>

#include "sim/cpu_ia64/isa/row.h"

namespace xs::ia64 {

inline constexpr unsigned table_count = 6;
/// Table `n` of A, I, M, F, B, X.
std::span<const Row> rows_of_table(unsigned n);

/// Another text for some values of the fields of a row: what assemblers call a pseudo-op, or a hint that a
/// later processor defined in a field which ours ignores. For the disassembler alone.
struct Alias {
  enum class When : u8 {
    always,
    f2_is_f3,        ///< the same source twice
    deposit_to_top,  ///< dep.z: position + length is 64
    extract_to_top,  ///< extr: position + length is 64
  };

  const char* format = "";  ///< of the row it stands for
  Pattern bits;
  When when = When::always;
  std::array<const Immediate*, 3> imm{};
  const char* text = "";

  constexpr bool matches(u64 slot) const {
    const u64 at13 = slot >> 13 & 127, at20 = slot >> 20 & 127, at27 = slot >> 27 & 63;
    if (!bits.matches(slot)) return false;
    switch (when) {
      case When::f2_is_f3:
        return at13 == at20;
      case When::deposit_to_top:
        return (at20 & 63) == at27;
      case When::extract_to_top:
        return (at13 >> 1) + at27 == 63;
      default:
        return true;
    }
  }
};
std::span<const Alias> aliases();

}  // namespace xs::ia64
