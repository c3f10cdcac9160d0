// A register taken apart for arithmetic, and what is decided before any arithmetic: NaTVal, unsupported
// encodings and NaNs. Internal to this library.
#pragma once
#include <bit>
#include <initializer_list>
#include <optional>

#include "sim/cpu_ia64/float/status.h"

namespace xs::ia64::fp {

__extension__ using u128 = unsigned __int128;

enum class Kind : u8 { finite, zero, infinity, quiet, signaling, unsupported, nat };

struct Operand {
  u64 significand = 0;  ///< of a finite number: normalized, integer bit set
  i32 exponent = 0;     ///< of a finite number: biased as in the register, but unbounded below
  Kind kind = Kind::zero;
  bool negative = false;
  bool unnormal = false;  ///< raises the denormal/unnormal exception; pseudo-zeros do as well

  bool is_number() const { return kind <= Kind::infinity; }
  bool is_nan() const { return kind == Kind::quiet || kind == Kind::signaling; }
  /// A zero that makes infinity * 0 invalid; a pseudo-zero does not (SDM vol. 1, 5.1.3).
  bool is_true_zero() const { return kind == Kind::zero && !unnormal; }
};

/// Encodings other than normal numbers.
Operand unpack_other(Register r);

inline Operand unpack(Register r) {
  const u32 exponent = r.exponent();
  if ((r.significand & integer_bit) != 0 && exponent - 1 < exponent_special - 1)
    return {r.significand, static_cast<i32>(exponent), Kind::finite, r.negative(), false};
  return unpack_other(r);
}

/// Outcome of an exception that is a fault when enabled.
inline Outcome raise(const Environment& env, u8 what) {
  if ((env.disabled & what) != 0) return {.flags = what};
  return {.fault = what};
}
inline Result invalid(const Environment& env) { return {quiet_indefinite, raise(env, exception::invalid)}; }
inline Outcome check_unnormal(const Environment& env, bool unnormal) {
  return unnormal ? raise(env, exception::denormal) : Outcome{};
}

/// The result when an operand is a NaTVal, an unsupported encoding or a NaN, in this precedence (SDM vol.
/// 1, 5.4); of several NaNs the first given is passed on, made quiet, with its whole payload.
std::optional<Result> decide_without_arithmetic(const Environment& env,
                                                std::initializer_list<Operand> by_precedence);

/// |a| against |b|, and a against b, for numbers: negative, 0 or positive. Zeros are equal.
int compare_magnitude(const Operand& a, const Operand& b);
int compare(const Operand& a, const Operand& b);

}  // namespace xs::ia64::fp
