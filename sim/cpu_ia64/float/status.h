// The floating-point status register (AR.FPSR): controls that one operation runs under, the exceptions it
// meets, and the instructions on the register itself (SDM vol. 1, 5.2 and 5.4; vol. 2, 8.3 for ISR.code).
//
//   63..58   57..45 44..32 31..19 18..6  5..0
//   reserved  sf3    sf2    sf1    sf0   traps (1: disabled)      a status field: flags 12..7, controls 6..0
#pragma once
#include <optional>

#include "sim/cpu_ia64/float/register.h"

namespace xs::ia64::fp {

/// Exceptions, in the order of FPSR.traps and of a status field's flags.
namespace exception {
inline constexpr u8 invalid = 1, denormal = 2, zero_divide = 4, overflow = 8, underflow = 16, inexact = 32,
                    all = 63;
}

enum class Rounding : u8 { nearest, down, up, truncate };  ///< sf.rc

/// Controls of a status field.
namespace control {
inline constexpr u32 flush_to_zero = 1, widest_range = 2, precision_shift = 2, rounding_shift = 4,
                     traps_disabled = 0x40, all = 0x7f;
}

/// What firmware hands over and the software conventions require at a process's start: all exceptions
/// disabled, sf0 double-extended and to nearest, sf1 with the widest range for divisions and square roots, td
/// in sf1 to sf3.
inline constexpr u64 default_fpsr = 0x0009'804c'0270'033f;

/// Low bit of status field sf (0 to 3).
constexpr unsigned field_shift(unsigned sf) { return 6 + 13 * sf; }
constexpr u32 controls(u64 fpsr, unsigned sf) {
  return static_cast<u32>(fpsr >> field_shift(sf)) & control::all;
}
constexpr u8 flags(u64 fpsr, unsigned sf) {
  return static_cast<u8>(fpsr >> (field_shift(sf) + 7) & exception::all);
}
constexpr u64 add_flags(u64 fpsr, unsigned sf, u8 raised) {
  return fpsr | u64{raised} << (field_shift(sf) + 7);
}

/// True when a write of this value takes a reserved register/field fault: bits above sf3, precision control
/// 1, or sf0.td.
bool is_reserved(u64 fpsr);
/// fsetc.sf amask, omask: sf0's controls, masked, become sf's; nothing: reserved register/field fault.
std::optional<u64> fsetc(u64 fpsr, unsigned sf, u32 and_mask, u32 or_mask);
/// fclrf.sf
u64 fclrf(u64 fpsr, unsigned sf);
/// fchkf.sf: true when the branch to the recovery code is taken.
bool fchkf(u64 fpsr, unsigned sf);

/// What the instruction says about the result's format: no completer, .s, .d, or a parallel instruction.
enum class Completer : u8 { dynamic, single, real_double, parallel };

/// Everything outside of the operands that decides a result (SDM vol. 1, 5.2).
struct Environment {
  i32 minimum = 1;        ///< exponent field of the smallest normal result
  i32 maximum = 0x1fffe;  ///< and of the greatest
  u8 precision = 64;      ///< bits of significand
  u8 disabled = exception::all;
  Rounding rounding = Rounding::nearest;
  bool flush_to_zero = false;
  bool parallel = false;  ///< an unrepresentable exponent wraps at 8 bits, not at 17
};
/// A core may keep the result until FPSR is written. FPSR never holds the reserved precision control; asked
/// for nevertheless it means double-extended.
Environment environment(u64 fpsr, unsigned sf, Completer completer);

/// What happened besides the result. With `fault` set the instruction has no effect at all, and flags stay;
/// otherwise result and flags are written, and then a trap is taken if one is due.
struct Outcome {
  u8 flags = 0;             ///< to be added to the status field
  u8 fault = 0;             ///< invalid, denormal or zero_divide
  u8 trap = 0;              ///< overflow, underflow, inexact
  bool rounded_up = false;  ///< ISR.fpa: |result| is greater than the exact one's
  bool operator==(const Outcome&) const = default;
};
struct PairOutcome {
  Outcome high, low;
  constexpr u8 flags() const { return high.flags | low.flags; }
  constexpr bool faults() const { return (high.fault | low.fault) != 0; }
  constexpr bool traps() const { return (high.trap | low.trap) != 0; }
  bool operator==(const PairOutcome&) const = default;
};

/// ISR.code of a floating-point exception fault: V, D, Z in bits 0 to 2; of a parallel instruction's low half
/// in 4 to 6.
u32 fault_code(const Outcome& outcome);
u32 fault_code(const PairOutcome& outcome);
/// ISR.code of a floating-point exception trap: bit 0 (fp), then O, U, I, fpa in bits 11 to 14; of a parallel
/// instruction's low half in 7 to 10.
u32 trap_code(const Outcome& outcome);
u32 trap_code(const PairOutcome& outcome);

/// Two words, so that it is returned in registers: a register file written from a result in memory waits for
/// it.
struct Result {
  u64 significand = 0;
  u32 sign_exponent = 0;
  Outcome outcome;

  constexpr Result() = default;
  constexpr Result(Register r, Outcome o)
      : significand(r.significand), sign_exponent(r.sign_exponent), outcome(o) {}
  constexpr Register value() const { return {significand, sign_exponent}; }
};
static_assert(sizeof(Result) == 16);
struct PairResult {
  Register value;
  PairOutcome outcome;
};

}  // namespace xs::ia64::fp
