#include "sim/cpu_ia64/float/status.h"

namespace xs::ia64::fp {

namespace {
constexpr u32 precision_control(u32 field) { return field >> control::precision_shift & 3; }
constexpr u32 reserved_precision = 1;

bool reserved_controls(u32 field, unsigned sf) {
  return precision_control(field) == reserved_precision ||
         (sf == 0 && (field & control::traps_disabled) != 0);
}

void set_range(Environment& env, i32 minimum, i32 maximum) {
  env.minimum = minimum;
  env.maximum = maximum;
}
}  // namespace

bool is_reserved(u64 fpsr) {
  if (fpsr >> field_shift(4) != 0) return true;
  for (unsigned sf = 0; sf < 4; ++sf)
    if (reserved_controls(controls(fpsr, sf), sf)) return true;
  return false;
}

std::optional<u64> fsetc(u64 fpsr, unsigned sf, u32 and_mask, u32 or_mask) {
  const u32 field = ((controls(fpsr, 0) & and_mask) | or_mask) & control::all;
  if (reserved_controls(field, sf)) return std::nullopt;
  return (fpsr & ~(u64{control::all} << field_shift(sf))) | u64{field} << field_shift(sf);
}

u64 fclrf(u64 fpsr, unsigned sf) { return fpsr & ~(u64{exception::all} << (field_shift(sf) + 7)); }

// SDM vol. 3, fchkf: an exception that is enabled, or one that sf0 does not show yet.
bool fchkf(u64 fpsr, unsigned sf) {
  const u64 shown = fpsr & flags(fpsr, 0) & exception::all;
  return (flags(fpsr, sf) & ~shown) != 0;
}

Environment environment(u64 fpsr, unsigned sf, Completer completer) {
  constexpr u8 bits[] = {24, 64, 53, 64};
  const u32 field = controls(fpsr, sf);
  Environment env;
  env.disabled =
      static_cast<u8>((field & control::traps_disabled) != 0 ? exception::all : fpsr & exception::all);
  env.rounding = static_cast<Rounding>(field >> control::rounding_shift & 3);
  env.flush_to_zero = (field & control::flush_to_zero) != 0;
  env.parallel = completer == Completer::parallel;
  const bool single = completer == Completer::single || env.parallel;
  env.precision = single ? 24 : completer == Completer::real_double ? 53 : bits[precision_control(field)];
  if ((field & control::widest_range) != 0 && !env.parallel) return env;
  if (single) {
    set_range(env, exponent_bias - 126, exponent_bias + 127);
  } else if (completer == Completer::real_double) {
    set_range(env, exponent_bias - 1022, exponent_bias + 1023);
  } else {
    set_range(env, exponent_extended_minimum, exponent_bias + 16383);
  }
  return env;
}

u32 fault_code(const Outcome& outcome) { return outcome.fault; }

u32 fault_code(const PairOutcome& outcome) {
  return outcome.high.fault | static_cast<u32>(outcome.low.fault) << 4;
}

namespace {
/// O, U, I and fpa in bits 0 to 3. fpa speaks of a trap: without one it is clear.
u32 trap_bits(const Outcome& outcome) {
  const u32 fpa = outcome.trap != 0 && outcome.rounded_up ? 8 : 0;
  return static_cast<u32>(outcome.trap >> 3) | fpa;
}
}  // namespace

u32 trap_code(const Outcome& outcome) { return 1 | trap_bits(outcome) << 11; }

u32 trap_code(const PairOutcome& outcome) {
  return 1 | trap_bits(outcome.high) << 11 | trap_bits(outcome.low) << 7;
}

}  // namespace xs::ia64::fp
