// What works on the elements of a register: bytes, words of 2, doublewords of 4 bytes (formats A9, A10, I1 to
// I8; SDM vol. 3). Element 0 is the rightmost. A result has a NaT bit when an operand has one.
#include <algorithm>
#include <cstdlib>
#include <limits>
#include <type_traits>

#include "sim/cpu_ia64/exec/dispatch.h"
#include "sim/cpu_ia64/exec/operands.h"

namespace xs::ia64 {
namespace {

template <class T>
constexpr unsigned width = 8 * sizeof(T);

template <class T>
i64 element(u64 x, unsigned i) {
  return static_cast<T>(x >> i * width<T>);
}
template <class T>
u64 placed(i64 value, unsigned i) {
  return u64{static_cast<std::make_unsigned_t<T>>(value)} << i * width<T>;
}

/// f of each two elements; A and B have one size and say whether they are signed.
template <class A, class B, auto f>
u64 each(u64 a, u64 b) {
  u64 result = 0;
  for (unsigned i = 0; i < 8 / sizeof(A); ++i) result |= placed<A>(f(element<A>(a, i), element<B>(b, i)), i);
  return result;
}

template <class T>
i64 limited(i64 x) {
  return std::clamp(x, i64{std::numeric_limits<T>::min()}, i64{std::numeric_limits<T>::max()});
}
template <class T, auto f>
i64 limited(i64 a, i64 b) {
  return limited<T>(f(a, b));
}

i64 sum(i64 a, i64 b) { return a + b; }
i64 difference(i64 a, i64 b) { return a - b; }
i64 halved(i64 x) { return x >> 1 | (x & 1); }  // what is lost stays visible in the lowest bit
i64 average(i64 a, i64 b) { return halved(a + b); }
i64 average_up(i64 a, i64 b) { return (a + b + 1) >> 1; }
i64 average_difference(i64 a, i64 b) { return halved(a - b); }
i64 all_if_equal(i64 a, i64 b) { return a == b ? -1 : 0; }
i64 all_if_greater(i64 a, i64 b) { return a > b ? -1 : 0; }
i64 lesser(i64 a, i64 b) { return std::min(a, b); }
i64 greater(i64 a, i64 b) { return std::max(a, b); }

/// A shift that leaves the range decides the result alone.
i64 shift_left_add(i64 a, i64 b, u64 count) {
  const i64 shifted = a * (i64{1} << count);
  return limited<i16>(shifted) != shifted ? limited<i16>(shifted) : limited<i16>(shifted + b);
}
i64 shift_right_add(i64 a, i64 b, u64 count) { return limited<i16>((a >> count) + b); }
template <auto f>
u64 shift_add(u64 a, u64 b, u64 count) {
  u64 result = 0;
  for (unsigned i = 0; i < 4; ++i) result |= placed<i16>(f(element<i16>(a, i), element<i16>(b, i), count), i);
  return result;
}

/// Counts are unsigned numbers of 64 bits (5 as immediates). Right shifts name the count first.
template <class T>
u64 shift_right(u64 count, u64 x) {
  const u64 enough = std::min<u64>(count, width<T>);
  u64 result = 0;
  for (unsigned i = 0; i < 8 / sizeof(T); ++i) result |= placed<T>(element<T>(x, i) >> enough, i);
  return result;
}
template <class T>
u64 shift_left(u64 x, u64 count) {
  const u64 enough = std::min<u64>(count, width<T>);
  u64 result = 0;
  for (unsigned i = 0; i < 8 / sizeof(T); ++i) result |= placed<T>(element<T>(x, i) * (i64{1} << enough), i);
  return result;
}

/// pmpyshr2: 16 bits of each product.
template <class T>
u64 multiply_shift(u64 a, u64 b, u64 count) {
  u64 result = 0;
  for (unsigned i = 0; i < 4; ++i) result |= placed<T>(element<T>(a, i) * element<T>(b, i) >> count, i);
  return result;
}
/// pmpy2: whole products of elements 0 and 2 (right) or 1 and 3 (left).
template <unsigned left>
u64 multiply(u64 a, u64 b) {
  return placed<i32>(element<i16>(a, left) * element<i16>(b, left), 0) |
         placed<i32>(element<i16>(a, 2 + left) * element<i16>(b, 2 + left), 1);
}
u64 sum_of_differences(u64 a, u64 b) {
  u64 result = 0;
  for (unsigned i = 0; i < 8; ++i) result += std::abs(element<u8>(a, i) - element<u8>(b, i));
  return result;
}

/// Elements of a and b by turns, a's on the left: each second one (mix), neighbours (unpack), from `first`
/// on.
template <class T, unsigned first, unsigned stride>
u64 by_turns(u64 a, u64 b) {
  u64 result = 0;
  for (unsigned i = 0; i < 4 / sizeof(T); ++i) {
    result |= placed<T>(element<T>(b, first + i * stride), 2 * i);
    result |= placed<T>(element<T>(a, first + i * stride), 2 * i + 1);
  }
  return result;
}
template <class T>
constexpr auto mix_r = by_turns<T, 0, 2>;
template <class T>
constexpr auto mix_l = by_turns<T, 1, 2>;
template <class T>
constexpr auto unpack_l = by_turns<T, 0, 1>;
template <class T>
constexpr auto unpack_h = by_turns<T, 4 / sizeof(T), 1>;

/// b's elements go to the left half.
template <class From, class To>
u64 pack(u64 a, u64 b) {
  constexpr unsigned half = 8 / sizeof(From);
  u64 result = 0;
  for (unsigned i = 0; i < half; ++i) {
    result |= placed<To>(limited<To>(element<From>(a, i)), i);
    result |= placed<To>(limited<To>(element<From>(b, i)), half + i);
  }
  return result;
}

/// mux1: digit i from the right names the byte that becomes byte i.
template <u32 octal>
u64 mux1(u64 x) {
  u64 result = 0;
  for (unsigned i = 0; i < 8; ++i) result |= placed<u8>(element<u8>(x, octal >> 3 * i & 7), i);
  return result;
}
u64 mux2(u64 x, u64 selection) {
  u64 result = 0;
  for (unsigned i = 0; i < 4; ++i) result |= placed<u16>(element<u16>(x, selection >> 2 * i & 3), i);
  return result;
}

void add_sums(Handlers& h) {
  h.set(Op::padd1, two<each<u8, u8, sum>>);
  h.set(Op::padd2, two<each<u16, u16, sum>>);
  h.set(Op::padd4, two<each<u32, u32, sum>>);
  h.set(Op::padd1_sss, two<each<i8, i8, limited<i8, sum>>>);
  h.set(Op::padd2_sss, two<each<i16, i16, limited<i16, sum>>>);
  h.set(Op::padd1_uuu, two<each<u8, u8, limited<u8, sum>>>);
  h.set(Op::padd2_uuu, two<each<u16, u16, limited<u16, sum>>>);
  h.set(Op::padd1_uus, two<each<u8, i8, limited<u8, sum>>>);
  h.set(Op::padd2_uus, two<each<u16, i16, limited<u16, sum>>>);
  h.set(Op::psub1, two<each<u8, u8, difference>>);
  h.set(Op::psub2, two<each<u16, u16, difference>>);
  h.set(Op::psub4, two<each<u32, u32, difference>>);
  h.set(Op::psub1_sss, two<each<i8, i8, limited<i8, difference>>>);
  h.set(Op::psub2_sss, two<each<i16, i16, limited<i16, difference>>>);
  h.set(Op::psub1_uuu, two<each<u8, u8, limited<u8, difference>>>);
  h.set(Op::psub2_uuu, two<each<u16, u16, limited<u16, difference>>>);
  h.set(Op::psub1_uus, two<each<u8, i8, limited<u8, difference>>>);
  h.set(Op::psub2_uus, two<each<u16, i16, limited<u16, difference>>>);
}

void add_comparisons(Handlers& h) {
  h.set(Op::pavg1, two<each<u8, u8, average>>);
  h.set(Op::pavg2, two<each<u16, u16, average>>);
  h.set(Op::pavg1_raz, two<each<u8, u8, average_up>>);
  h.set(Op::pavg2_raz, two<each<u16, u16, average_up>>);
  h.set(Op::pavgsub1, two<each<u8, u8, average_difference>>);
  h.set(Op::pavgsub2, two<each<u16, u16, average_difference>>);
  h.set(Op::pcmp1_eq, two<each<i8, i8, all_if_equal>>);
  h.set(Op::pcmp2_eq, two<each<i16, i16, all_if_equal>>);
  h.set(Op::pcmp4_eq, two<each<i32, i32, all_if_equal>>);
  h.set(Op::pcmp1_gt, two<each<i8, i8, all_if_greater>>);
  h.set(Op::pcmp2_gt, two<each<i16, i16, all_if_greater>>);
  h.set(Op::pcmp4_gt, two<each<i32, i32, all_if_greater>>);
  h.set(Op::pmin1_u, two<each<u8, u8, lesser>>);
  h.set(Op::pmax1_u, two<each<u8, u8, greater>>);
  h.set(Op::pmin2, two<each<i16, i16, lesser>>);
  h.set(Op::pmax2, two<each<i16, i16, greater>>);
  h.set(Op::psad1, two<sum_of_differences>);
}

void add_shifts(Handlers& h) {
  h.set(Op::pshladd2, two_imm<shift_add<shift_left_add>>);
  h.set(Op::pshradd2, two_imm<shift_add<shift_right_add>>);
  h.set(Op::pshr2, two<shift_right<i16>>);
  h.set(Op::pshr4, two<shift_right<i32>>);
  h.set(Op::pshr2_u, two<shift_right<u16>>);
  h.set(Op::pshr4_u, two<shift_right<u32>>);
  h.set(Op::pshr2_imm, imm_one<shift_right<i16>>);
  h.set(Op::pshr4_imm, imm_one<shift_right<i32>>);
  h.set(Op::pshr2_u_imm, imm_one<shift_right<u16>>);
  h.set(Op::pshr4_u_imm, imm_one<shift_right<u32>>);
  h.set(Op::pshl2, two<shift_left<u16>>);
  h.set(Op::pshl4, two<shift_left<u32>>);
  h.set(Op::pshl2_imm, one_r2_imm<shift_left<u16>>);
  h.set(Op::pshl4_imm, one_r2_imm<shift_left<u32>>);
  h.set(Op::pmpyshr2, two_imm<multiply_shift<i16>>);
  h.set(Op::pmpyshr2_u, two_imm<multiply_shift<u16>>);
  h.set(Op::pmpy2_r, two<multiply<0>>);
  h.set(Op::pmpy2_l, two<multiply<1>>);
}

void add_permutations(Handlers& h) {
  h.set(Op::mix1_r, two<mix_r<u8>>);
  h.set(Op::mix2_r, two<mix_r<u16>>);
  h.set(Op::mix4_r, two<mix_r<u32>>);
  h.set(Op::mix1_l, two<mix_l<u8>>);
  h.set(Op::mix2_l, two<mix_l<u16>>);
  h.set(Op::mix4_l, two<mix_l<u32>>);
  h.set(Op::unpack1_h, two<unpack_h<u8>>);
  h.set(Op::unpack2_h, two<unpack_h<u16>>);
  h.set(Op::unpack4_h, two<unpack_h<u32>>);
  h.set(Op::unpack1_l, two<unpack_l<u8>>);
  h.set(Op::unpack2_l, two<unpack_l<u16>>);
  h.set(Op::unpack4_l, two<unpack_l<u32>>);
  h.set(Op::pack2_uss, two<pack<i16, u8>>);
  h.set(Op::pack2_sss, two<pack<i16, i8>>);
  h.set(Op::pack4_sss, two<pack<i32, i16>>);
  h.set(Op::mux1_brcst, one_r2<mux1<000000000>>);
  h.set(Op::mux1_mix, one_r2<mux1<073516240>>);
  h.set(Op::mux1_shuf, one_r2<mux1<073625140>>);
  h.set(Op::mux1_alt, one_r2<mux1<075316420>>);
  h.set(Op::mux1_rev, one_r2<mux1<001234567>>);
  h.set(Op::mux2, one_r2_imm<mux2>);
}

}  // namespace

void add_multimedia(Handlers& h) {
  add_sums(h);
  add_comparisons(h);
  add_shifts(h);
  add_permutations(h);
}

}  // namespace xs::ia64
