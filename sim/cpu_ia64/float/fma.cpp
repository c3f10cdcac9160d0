#include "sim/cpu_ia64/float/fma.h"

#include "sim/cpu_ia64/float/round.h"

namespace xs::ia64::fp {

namespace {
/// A normalized significand of 128 bits: |x| = significand * 2^(exponent - bias - 127).
struct Product {
  u128 significand;
  i32 exponent;
  bool negative;
};

constexpr u64 upper(u128 x) { return static_cast<u64>(x >> 64); }
constexpr u64 lower(u128 x) { return static_cast<u64>(x); }

Product multiply(const Operand& a, const Operand& b) {
  const u128 significand = static_cast<u128>(a.significand) * b.significand;
  const i32 exponent = a.exponent + b.exponent - exponent_bias + 1;
  const bool normal = (upper(significand) & integer_bit) != 0;
  return {normal ? significand : significand << 1, normal ? exponent : exponent - 1,
          a.negative != b.negative};
}

/// A number of 192 bits; where bits below them were lost, bit 0 is set.
struct Wide {
  u128 high;
  u64 low;
};

Exact narrow(const Wide& x, i32 exponent, bool negative) {
  return {upper(x.high), lower(x.high) | u64{x.low != 0}, exponent, negative};
}

/// Moves a significand down to the exponent of a greater number.
Wide align(u128 significand, u32 count) {
  if (count == 0) return {significand, 0};
  if (count < 64) return {significand >> count, lower(significand) << (64 - count)};
  const Shifted shifted = shift_right(upper(significand), lower(significand), count - 64);
  return {shifted.high, shifted.low};
}

Exact add_magnitudes(u128 greater, const Wide& smaller, i32 exponent, bool negative) {
  const u128 sum = greater + smaller.high;
  if (sum >= greater) return narrow({sum, smaller.low}, exponent, negative);
  const u128 halved = sum >> 1 | static_cast<u128>(integer_bit) << 64;  // 2^128 was carried out
  return narrow({halved, (lower(sum) & 1) | smaller.low}, exponent + 1, negative);
}

/// The difference, normalized; nothing for an exact zero. `high` is zero only together with `low`: a product
/// one exponent below an addend is at most 2^128 - 2^65 + 1, so that almost 2^64 of `high` remain. Once bits
/// were lost at most one bit cancels, so that the bit which stands for them stays below everything that
/// rounding looks at.
std::optional<Exact> subtract_magnitudes(u128 greater, const Wide& smaller, i32 exponent, bool negative) {
  const u128 high = greater - smaller.high - (smaller.low != 0 ? 1 : 0);
  const u64 low = -smaller.low;
  if (high == 0) return std::nullopt;
  const bool far = upper(high) == 0;
  const int leading = far ? 64 + std::countl_zero(lower(high)) : std::countl_zero(upper(high));
  if (leading == 0) return narrow({high, low}, exponent, negative);
  const u128 fill = far ? static_cast<u128>(low) << (leading - 64) : static_cast<u128>(low >> (64 - leading));
  return narrow({high << leading | fill, far ? 0 : low << leading}, exponent - leading, negative);
}

Result finish(const Environment& env, const Exact& x, const Outcome& before) {
  Result result = round(env, x);
  result.outcome.flags |= before.flags;
  return result;
}

Result add(const Environment& env, const Product& p, const Operand& c, const Outcome& before) {
  const u128 addend = static_cast<u128>(c.significand) << 64;
  const i32 distance = p.exponent - c.exponent;
  const bool product_first = distance != 0 ? distance > 0 : p.significand >= addend;
  const u128 greater = product_first ? p.significand : addend;
  const Wide smaller =
      align(product_first ? addend : p.significand, static_cast<u32>(distance < 0 ? -distance : distance));
  const i32 exponent = product_first ? p.exponent : c.exponent;
  const bool negative = product_first ? p.negative : c.negative;
  if (p.negative == c.negative)
    return finish(env, add_magnitudes(greater, smaller, exponent, negative), before);
  const auto difference = subtract_magnitudes(greater, smaller, exponent, negative);
  if (!difference) return {zero(env.rounding == Rounding::down), before};
  return finish(env, *difference, before);
}

/// The product is zero: what is added decides.
Result add_to_zero(const Environment& env, bool negative, const Operand* c, const Outcome& before) {
  if (c == nullptr) return {zero(negative), before};
  if (c->kind == Kind::finite) return finish(env, {c->significand, 0, c->exponent, c->negative}, before);
  const bool same = negative == c->negative;
  return {zero(same ? negative : env.rounding == Rounding::down), before};
}

Result with_infinity(const Environment& env, const Operand& a, const Operand& b, const Operand* c) {
  const bool negative = a.negative != b.negative;
  const bool product = a.kind == Kind::infinity || b.kind == Kind::infinity;
  const bool addend = c != nullptr && c->kind == Kind::infinity;
  const bool against = product && addend && negative != c->negative;
  if (product && (a.is_true_zero() || b.is_true_zero() || against)) return invalid(env);
  const bool unnormal = a.unnormal || b.unnormal || (c != nullptr && c->unnormal);
  return {infinity(product ? negative : c->negative), check_unnormal(env, unnormal)};
}

Result arithmetic(const Environment& env, const Operand& a, const Operand& b, const Operand* c) {
  if (a.kind == Kind::infinity || b.kind == Kind::infinity || (c != nullptr && c->kind == Kind::infinity))
    return with_infinity(env, a, b, c);
  const Outcome before = check_unnormal(env, a.unnormal || b.unnormal || (c != nullptr && c->unnormal));
  if (before.fault != 0) return {{}, before};
  if (a.kind == Kind::zero || b.kind == Kind::zero)
    return add_to_zero(env, a.negative != b.negative, c, before);
  const Product product = multiply(a, b);
  if (c == nullptr || c->kind == Kind::zero)
    return finish(env, narrow({product.significand, 0}, product.exponent, product.negative), before);
  return add(env, product, *c, before);
}
}  // namespace

Result multiply_add(const Environment& env, MultiplyAdd kind, Register f3, Register f4,
                    std::optional<Register> f2) {
  Operand a = unpack(f3);
  const Operand b = unpack(f4);
  Operand c = f2 ? unpack(*f2) : Operand{};
  // Of several NaNs f4's is passed on, then f2's, then f3's; a NaN's sign is never negated.
  if (!a.is_number() || !b.is_number() || !c.is_number()) return *decide_without_arithmetic(env, {b, c, a});
  if (kind == MultiplyAdd::negate) a.negative = !a.negative;
  if (kind == MultiplyAdd::subtract) c.negative = !c.negative;
  return arithmetic(env, a, b, f2 ? &c : nullptr);
}

}  // namespace xs::ia64::fp
