// One register of each encoding class, for truth tables.
#pragma once
#include <vector>

#include "sim/cpu_ia64/float/status.h"

namespace xs::ia64::fp::test {

inline constexpr Register two{u64{1} << 63, 0x10000}, minus_one{u64{1} << 63, 0x2ffff};
inline constexpr Register unnormal_one{u64{1} << 62, 0x10000};
inline constexpr Register denormal{u64{1} << 40, 0};       ///< double-extended
inline constexpr Register pseudo_denormal{3ull << 62, 0};  ///< double-extended, integer bit set
inline constexpr Register pseudo_zero{0, 0x1003e}, minus_pseudo_zero{0, 0x3003e};
inline constexpr Register minus_top_zero{0, 0x3fffe};  ///< NaTVal but for its sign
inline constexpr Register quiet_one{0xc000'0000'0000'0001, 0x1ffff},
    quiet_two{0xc000'0000'0000'0002, 0x3ffff};
inline constexpr Register signaling{0x8000'0000'0000'0400, 0x1ffff};
inline constexpr Register pseudo_infinity{0, 0x1ffff}, pseudo_nan{1, 0x3ffff};

inline std::vector<Register> samples() {
  return {zero(),         zero(true),      one(),           minus_one,   two,
          unnormal_one,   denormal,        pseudo_denormal, pseudo_zero, minus_pseudo_zero,
          minus_top_zero, infinity(),      infinity(true),  quiet_one,   quiet_two,
          signaling,      pseudo_infinity, pseudo_nan,      nat_value};
}

inline bool is_nan(Register r) { return r.exponent() == 0x1ffff && r.significand > u64{1} << 63; }
inline bool is_signaling(Register r) { return is_nan(r) && (r.significand >> 62 & 1) == 0; }
inline bool is_unsupported(Register r) { return r.exponent() == 0x1ffff && r.significand >> 63 == 0; }
inline bool is_infinity(Register r) { return r.exponent() == 0x1ffff && r.significand == u64{1} << 63; }
inline Register quieted(Register r) { return {r.significand | u64{1} << 62, r.sign_exponent}; }

/// All exceptions disabled, or all but those in `enabled`.
inline Environment masked() { return environment(default_fpsr, 0, Completer::dynamic); }
inline Environment with_enabled(u8 enabled) {
  return environment(default_fpsr & ~u64{enabled}, 0, Completer::dynamic);
}

}  // namespace xs::ia64::fp::test
