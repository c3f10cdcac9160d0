#include "sim/cpu_ia64/float/approximate.h"

#include <array>

#include "sim/cpu_ia64/float/divide.h"

namespace xs::ia64::fp {

namespace {
using Table = std::array<u16, 256>;

/// Entry i: 2048 / m to nearest, m the middle of the significands in [1, 2) whose first eight fraction bits
/// are i.
constexpr Table make_reciprocals() {
  Table table{};
  for (u32 i = 0; i < 256; ++i) {
    const u32 middle = 2 * i + 513;  // m * 512
    table[i] = static_cast<u16>(((1u << 21) + middle) / (2 * middle));
  }
  return table;
}

/// Entry i: 2048 / sqrt(m) to nearest. The low seven bits of i are fraction bits of a number in [1, 2), bit 7
/// is set for an even power of two, clear for an odd one: then m lies in [2, 4).
constexpr Table make_reciprocal_roots() {
  Table table{};
  for (u32 i = 0; i < 256; ++i) {
    const u64 middle = (2 * (i & 127) + 257) * (i < 128 ? 2 : 1);  // m * 256
    u64 r = 1024;
    while ((2 * r + 1) * (2 * r + 1) * middle < u64{1} << 32) ++r;  // r + 1/2 < 2048 / sqrt(m)
    table[i] = static_cast<u16>(r);
  }
  return table;
}

constexpr Table reciprocals = make_reciprocals();
constexpr Table reciprocal_roots = make_reciprocal_roots();
static_assert(reciprocals[0] == 0x7fc && reciprocals[255] == 0x401);
static_assert(reciprocal_roots[0] == 0x5a5 && reciprocal_roots[128] == 0x7fc);

Register approximate_reciprocal(const Operand& x) {
  const u64 significand = u64{reciprocals[x.significand >> 55 & 0xff]} << 53;
  return {significand, sign_field(x.negative) | static_cast<u32>(2 * exponent_bias - 1 - x.exponent)};
}

Register approximate_reciprocal_root(const Operand& x) {
  const u32 index = (static_cast<u32>(x.exponent) & 1) << 7 | static_cast<u32>(x.significand >> 56 & 0x7f);
  const i32 exponent = exponent_bias - 1 - ((x.exponent - exponent_bias) >> 1);
  return {u64{reciprocal_roots[index]} << 53, static_cast<u32>(exponent)};
}

constexpr i32 greatest = 65535, smallest = -65534;  // exponents of the register format
constexpr i32 single_greatest = 127, single_smallest = -126;

/// Where 1 / b, a / b or the remainder of an iteration could leave the exponent range (Cornea-Hasegan,
/// "Divide, square root and remainder algorithms for the IA-64 architecture", 2000).
bool needs_quotient(const Operand& a, const Operand& b) {
  const i32 ea = a.exponent - exponent_bias, eb = b.exponent - exponent_bias;
  return eb <= smallest - 1 || eb >= greatest - 2 || ea - eb >= greatest || ea - eb <= smallest + 1 ||
         ea <= smallest + 63;
}

/// Results that the operands alone decide: NaNs, infinities, zeros.
std::optional<Result> decide_quotient(const Environment& env, const Operand& a, const Operand& b) {
  if (!a.is_number() || !b.is_number()) return decide_without_arithmetic(env, {a, b});
  const bool negative = a.negative != b.negative;
  if (a.kind == b.kind && a.kind != Kind::finite) return invalid(env);  // 0 / 0, infinity / infinity
  if (b.kind == Kind::zero && a.kind == Kind::finite)
    return Result{infinity(negative), raise(env, exception::zero_divide)};
  const Outcome outcome = check_unnormal(env, a.unnormal || b.unnormal);
  if (a.kind == Kind::infinity) return Result{infinity(negative), outcome};
  if (a.kind == Kind::zero || b.kind == Kind::infinity) return Result{zero(negative), outcome};
  return std::nullopt;
}

Result with_flags(Result result, const Outcome& before) {
  result.outcome.flags |= before.flags;
  return result;
}
}  // namespace

u32 reciprocal_entry(unsigned index) { return reciprocals[index & 0xff]; }
u32 reciprocal_root_entry(unsigned index) { return reciprocal_roots[index & 0xff]; }

Approximation frcpa(const Environment& env, Register f2, Register f3) {
  const Operand a = unpack(f2), b = unpack(f3);
  if (const auto decided = decide_quotient(env, a, b)) return {decided->value(), false, decided->outcome};
  const Outcome before = check_unnormal(env, a.unnormal || b.unnormal);
  if (before.fault != 0) return {{}, false, before};
  if (needs_quotient(a, b)) {
    const Result result = with_flags(divide(env, a, b), before);
    return {result.value(), false, result.outcome};
  }
  return {approximate_reciprocal(b), true, before};
}

Approximation frsqrta(const Environment& env, Register f3) {
  const Operand x = unpack(f3);
  if (!x.is_number()) {
    const Result result = *decide_without_arithmetic(env, {x});
    return {result.value(), false, result.outcome};
  }
  if (x.negative && x.kind != Kind::zero) return {quiet_indefinite, false, raise(env, exception::invalid)};
  if (x.kind == Kind::infinity) return {f3, false, {}};
  const Outcome before = check_unnormal(env, x.unnormal);
  if (before.fault != 0) return {{}, false, before};
  if (x.kind == Kind::zero) return {zero(x.negative), false, before};
  if (x.exponent - exponent_bias <= smallest + 63) {
    const Result result = with_flags(square_root(env, x), before);
    return {result.value(), false, result.outcome};
  }
  return {approximate_reciprocal_root(x), true, before};
}

// A divisor whose reciprocal is not a normal single gives infinity or zero (SDM vol. 3, fprcpa).
Approximation reciprocal_half(const Environment& env, Register f2, Register f3) {
  const Operand a = unpack(f2), b = unpack(f3);
  if (const auto decided = decide_quotient(env, a, b)) return {decided->value(), false, decided->outcome};
  const Outcome before = check_unnormal(env, a.unnormal || b.unnormal);
  if (before.fault != 0) return {{}, false, before};
  if (b.unnormal) return {infinity(b.negative), false, before};
  const i32 ea = a.exponent - exponent_bias, eb = b.exponent - exponent_bias;
  if (eb >= single_greatest - 2) return {zero(b.negative), false, before};
  const bool safe = ea - eb < single_greatest && ea - eb > single_smallest + 1 && ea > single_smallest + 23;
  return {approximate_reciprocal(b), safe, before};
}

// Unlike frsqrta this gives the reciprocal root of zeros and infinity as well.
Approximation reciprocal_root_half(const Environment& env, Register f3) {
  const Operand x = unpack(f3);
  if (!x.is_number()) {
    const Result result = *decide_without_arithmetic(env, {x});
    return {result.value(), false, result.outcome};
  }
  if (x.negative && x.kind != Kind::zero) return {quiet_indefinite, false, raise(env, exception::invalid)};
  if (x.kind == Kind::infinity) return {zero(), false, {}};
  const Outcome before = check_unnormal(env, x.unnormal);
  if (before.fault != 0) return {{}, false, before};
  if (x.kind == Kind::zero) return {infinity(x.negative), false, before};
  return {approximate_reciprocal_root(x), x.exponent - exponent_bias > single_smallest + 23, before};
}

}  // namespace xs::ia64::fp
