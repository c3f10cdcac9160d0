#include "tests/unit/cpu_ia64/float/vectors.h"

#include <algorithm>
#include <iomanip>
#include <sstream>

namespace xs::ia64::fp {

std::ostream& operator<<(std::ostream& out, const Register& r) {
  return out << (r.negative() ? '-' : '+') << std::hex << r.exponent() << ':' << std::setw(16)
             << std::setfill('0') << r.significand << std::dec;
}

std::ostream& operator<<(std::ostream& out, const Outcome& o) {
  return out << "flags " << int{o.flags} << " fault " << int{o.fault} << " trap " << int{o.trap} << " up "
             << o.rounded_up;
}

}  // namespace xs::ia64::fp

namespace xs::ia64::fp::test {

__extension__ using Wide = unsigned __int128;

u64 Random::next() {
  u64 z = state_ += 0x9e37'79b9'7f4a'7c15;
  z = (z ^ z >> 30) * 0xbf58'476d'1ce4'e5b9;
  z = (z ^ z >> 27) * 0x94d0'49bb'1331'11eb;
  return z ^ z >> 31;
}

u64 hard_significand(Random& random) {
  constexpr unsigned drops[] = {40, 11, 1, 32, 20};
  const u64 top = u64{1} << 63;
  const unsigned drop = drops[random.below(5)];
  switch (random.below(8)) {
    case 0:
      return top;
    case 1:
      return top | u64{1} << random.below(63);
    case 2:
      return ~u64{0} << random.below(64);
    case 3:
      return (random.next() | top) >> drop << drop;
    case 4:  // a tie, or one beside it
      return ((random.next() | top) >> drop << drop | u64{1} << (drop - 1)) + random.below(3) - 1;
    case 5:
      return ~u64{0} - (random.next() >> (1 + random.below(62)));
    default:
      return random.next() | top;
  }
}

int hard_exponent(Random& random, int emin, int emax) {
  const int spread = static_cast<int>(random.below(140)) - 70;
  switch (random.below(4)) {
    case 0:
      return std::max(emin, emin + 60 + spread);
    case 1:
      return std::min(emax, emax - 60 + spread);
    default:
      return spread;
  }
}

Register normal(u64 significand, int exponent, bool negative) {
  return {significand, sign_field(negative) | static_cast<u32>(exponent + 65535)};
}

Register finite(Random& random, int emin, int emax) {
  const bool negative = random.one_in(2);
  Register r = normal(hard_significand(random), hard_exponent(random, emin, emax), negative);
  switch (random.below(24)) {
    case 0:
      return zero(negative);
    case 1:  // unnormal
      r.significand >>= 1 + random.below(63);
      return r;
    case 2:  // double-extended (pseudo-)denormal
      return {r.significand >> random.below(64), sign_field(negative)};
    case 3:
      return integer(random.next() >> random.below(64));
    case 4:  // pseudo-zero
      return {0, sign_field(negative) | exponent_integer};
    default:
      return r;
  }
}

Setting random_setting(Random& random, Completer completer) {
  constexpr u64 precisions[] = {0, 2, 3, 3};
  Setting setting{random.one_in(3) ? random.next() & 63 : 63, random.below(4), completer};
  if (random.one_in(2)) setting.fpsr |= exception::denormal | exception::invalid;
  const u64 field = u64{random.one_in(6)} | u64{random.one_in(3)} << 1 | precisions[random.below(4)] << 2 |
                    u64{random.below(4)} << 4 | u64{setting.sf != 0 && random.one_in(2)} << 6;
  setting.fpsr |= field << (6 + 13 * setting.sf);
  return setting;
}

namespace {
/// An addend near -(a * b): the upper bits of the product, a little off, perhaps cut to some precision.
Register cancelling(Random& random, Register a, Register b) {
  const Wide product = static_cast<Wide>(a.significand) * b.significand;
  const bool high = static_cast<u64>(product >> 127) != 0;
  u64 significand = static_cast<u64>(product >> (high ? 64 : 63));
  if (random.one_in(2)) significand += random.below(5) - 2;
  if (random.one_in(3)) significand = significand >> 40 << 40;
  const int exponent = static_cast<int>(a.exponent() + b.exponent()) - 2 * 65535 + (high ? 1 : 0) +
                       static_cast<int>(random.below(3)) - 1;
  if (exponent < -65534 || exponent > 65535) return zero();
  return normal(significand | u64{1} << 63, exponent, random.one_in(8) == (a.negative() != b.negative()));
}

/// An addend so far below or above the product that it decides ties, or is decided.
Register distant(Random& random, Register a, Register b) {
  const int product = static_cast<int>(a.exponent() + b.exponent()) - 2 * 65535;
  const int exponent = product + static_cast<int>(random.below(280)) - 140;
  if (exponent < -65534 || exponent > 65535) return zero();
  return normal(hard_significand(random), exponent, random.one_in(2));
}

/// Just below a power of two minus that power: the product has all its 128 bits, and most of them cancel.
Triple borrowing(Random& random) {
  const u64 reach = u64{1} << random.below(24);
  const int ea = static_cast<int>(random.below(40)) - 20, eb = static_cast<int>(random.below(40)) - 20;
  return {normal(~u64{0} - random.next() % reach, ea, false),
          normal(~u64{0} - random.next() % reach, eb, false),
          normal(integer_bit + random.next() % reach, ea + eb + 2, true)};
}

/// A product whose lower 64 bits are 1: the last bit of all decides.
Triple odd_product(Random& random) {
  u64 a = 0, b = 0;
  while (b >> 63 == 0) {
    a = random.next() | integer_bit | 1;
    b = a;                                       // a * a is 1 modulo 8
    for (int i = 0; i < 5; ++i) b *= 2 - a * b;  // and each step doubles the bits of the inverse
  }
  const int ea = static_cast<int>(random.below(40)) - 20, eb = static_cast<int>(random.below(40)) - 20;
  return {
      normal(a, ea, random.one_in(2)), normal(b, eb, random.one_in(2)),
      normal(hard_significand(random), ea + eb + static_cast<int>(random.below(4)) - 1, random.one_in(2))};
}

/// About half of the smallest denormal, and something very small that decides.
Triple vanishing(Random& random, const Rules& rules) {
  const int end = rules.emin - rules.precision + static_cast<int>(random.below(4)) - 2, half = end / 2;
  const int less = std::max(-65534, end - 60 - static_cast<int>(random.below(80)));
  return {normal(integer_bit, half, random.one_in(2)), normal(integer_bit, end - half, random.one_in(2)),
          normal(hard_significand(random), less, random.one_in(2))};
}
}  // namespace

Triple hard_triple(Random& random, const Rules& rules) {
  if (random.one_in(12)) return borrowing(random);
  if (random.one_in(12)) return vanishing(random, rules);
  if (random.one_in(12)) return odd_product(random);
  Triple t{finite(random, rules.emin, rules.emax), finite(random, rules.emin, rules.emax), {}};
  if (random.one_in(3)) {  // the product at an end of the range
    const int end = random.one_in(2) ? rules.emin - static_cast<int>(random.below(70)) + 3
                                     : rules.emax - static_cast<int>(random.below(4)) + 1;
    const int half = static_cast<int>(random.below(64)) - 32 + end / 2;
    t.f3 = normal(hard_significand(random), std::clamp(half, -65534, 65535), random.one_in(2));
    t.f4 = normal(hard_significand(random), std::clamp(end - half, -65534, 65535), random.one_in(2));
  }
  switch (random.below(4)) {
    case 0:
      t.f2 = is_unnormal(t.f3) || is_unnormal(t.f4) ? zero() : cancelling(random, t.f3, t.f4);
      break;
    case 1:
      t.f2 = distant(random, t.f3, t.f4);
      break;
    default:
      t.f2 = finite(random, rules.emin, rules.emax);
  }
  return t;
}

std::string describe(const Setting& setting) {
  std::ostringstream out;
  out << "fpsr " << std::hex << setting.fpsr << " sf" << setting.sf << " completer "
      << static_cast<int>(setting.completer);
  return out.str();
}

}  // namespace xs::ia64::fp::test
