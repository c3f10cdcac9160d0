// How an immediate is put together from the fields of a slot (Intel SDM volume 3, 4.8 "Immediate Formation").
//
//     pieces, least significant first      {13, 7} {27, 6} {36, 1}      imm14 of format A4
//     then sign extension, negation, scaling, a constant
#pragma once
#include "sim/core/types.h"

namespace xs::ia64 {

/// `width` bits of the slot from bit `at`; `at` ≥ 64 means bit `at - 64` of the L slot.
struct Piece {
  u8 at = 0, width = 0;
};

struct Immediate {
  Piece pieces[6] = {};
  bool is_signed = false;
  u8 scale = 0;       ///< shifted left by this
  u8 minus_from = 0;  ///< not 0: the value is this minus the field (positions counted from the other end)
  u8 plus = 0;        ///< added last
  const i32* table = nullptr;  ///< not null: the field is an index into this

  /// The value in 64 bits, sign-extended. `l_slot` is used by X instructions alone.
  constexpr u64 extract(u64 slot, u64 l_slot = 0) const;
};

constexpr u64 Immediate::extract(u64 slot, u64 l_slot) const {
  u64 value = 0;
  unsigned bits = 0;
  for (const Piece& p : pieces) {
    if (p.width == 0) break;
    const u64 from = p.at >= 64 ? l_slot >> (p.at - 64) : slot >> p.at;
    value |= (from & ((u64{1} << p.width) - 1)) << bits;
    bits += p.width;
  }
  if (table != nullptr) return static_cast<u64>(i64{table[value]});
  if (is_signed && bits != 0) value = static_cast<u64>(static_cast<i64>(value << (64 - bits)) >> (64 - bits));
  if (minus_from != 0) value = minus_from - value;
  return (value << scale) + plus;
}

namespace imm {
inline constexpr i32 multiply_shift_counts[] = {0, 7, 15, 16};                // I1: count2
inline constexpr i32 fetchadd_increments[] = {16, 8, 4, 1, -16, -8, -4, -1};  // M17: inc3

// Integers
inline constexpr Immediate s8{.pieces = {{13, 7}, {36, 1}}, .is_signed = true};
inline constexpr Immediate s14{.pieces = {{13, 7}, {27, 6}, {36, 1}}, .is_signed = true};
inline constexpr Immediate s22{.pieces = {{13, 7}, {27, 9}, {22, 5}, {36, 1}}, .is_signed = true};
inline constexpr Immediate load_step{.pieces = {{13, 7}, {27, 1}, {36, 1}}, .is_signed = true};
inline constexpr Immediate store_step{.pieces = {{6, 7}, {27, 1}, {36, 1}}, .is_signed = true};
inline constexpr Immediate u21{.pieces = {{6, 20}, {36, 1}}};
inline constexpr Immediate u24{.pieces = {{6, 21}, {31, 2}, {36, 1}}};
inline constexpr Immediate u62{.pieces = {{6, 20}, {36, 1}, {64, 41}}};
inline constexpr Immediate u64_all{.pieces = {{13, 7}, {27, 9}, {22, 5}, {21, 1}, {64, 41}, {36, 1}}};
inline constexpr Immediate pr_mask{.pieces = {{6, 7}, {24, 8}, {36, 1}}, .is_signed = true, .scale = 1};
inline constexpr Immediate pr_rotating{.pieces = {{6, 27}, {36, 1}}, .is_signed = true, .scale = 16};
inline constexpr Immediate fetchadd_step{.pieces = {{13, 2}, {15, 1}}, .table = fetchadd_increments};
inline constexpr Immediate pair_step8{.plus = 8}, pair_step16{.plus = 16};  // M12: implied by the size
inline constexpr Immediate dahr_value{.pieces = {{6, 4}, {12, 11}, {36, 1}}};
inline constexpr Immediate dahr{.pieces = {{23, 3}}};
inline constexpr Immediate lfetch_count{.pieces = {{6, 6}}, .plus = 1};
inline constexpr Immediate lfetch_stride{.pieces = {{13, 5}}, .is_signed = true, .scale = 6};

// Positions, lengths and counts
inline constexpr Immediate shift_add{.pieces = {{27, 2}}, .plus = 1};
inline constexpr Immediate multiply_shift{.pieces = {{30, 2}}, .table = multiply_shift_counts};
inline constexpr Immediate mux_words{.pieces = {{20, 8}}};
inline constexpr Immediate count_right{.pieces = {{14, 5}}};
inline constexpr Immediate count_left{.pieces = {{20, 5}}, .minus_from = 31};
inline constexpr Immediate count6{.pieces = {{27, 6}}};
inline constexpr Immediate position{.pieces = {{14, 6}}};
inline constexpr Immediate deposit_position{.pieces = {{20, 6}}, .minus_from = 63};    // I12, I13
inline constexpr Immediate deposit_position14{.pieces = {{14, 6}}, .minus_from = 63};  // I14
inline constexpr Immediate deposit_position15{.pieces = {{31, 6}}, .minus_from = 63};  // I15
inline constexpr Immediate length{.pieces = {{27, 6}}, .plus = 1}, length4{.pieces = {{27, 4}}, .plus = 1};
inline constexpr Immediate s1{.pieces = {{36, 1}}, .is_signed = true};
inline constexpr Immediate feature{.pieces = {{14, 5}}, .plus = 32};  // I30: bit of CPUID[4]

// Fields of system and floating-point instructions
inline constexpr Immediate frame_size_of{.pieces = {{13, 7}}}, frame_locals{.pieces = {{20, 7}}};
inline constexpr Immediate frame_rotating{.pieces = {{27, 4}}, .scale = 3};
inline constexpr Immediate privilege{.pieces = {{13, 2}}};
inline constexpr Immediate status_field{.pieces = {{34, 2}}};
inline constexpr Immediate and_mask{.pieces = {{13, 7}}}, or_mask{.pieces = {{20, 7}}};
inline constexpr Immediate fclass{.pieces = {{33, 2}, {20, 7}}};

// Distances in bytes from this bundle
inline constexpr Immediate branch{.pieces = {{13, 20}, {36, 1}}, .is_signed = true, .scale = 4};
inline constexpr Immediate check{.pieces = {{6, 7}, {20, 13}, {36, 1}}, .is_signed = true, .scale = 4};
inline constexpr Immediate check_fp{.pieces = {{6, 20}, {36, 1}}, .is_signed = true, .scale = 4};
inline constexpr Immediate branch_long{
    .pieces = {{13, 20}, {66, 39}, {36, 1}}, .is_signed = true, .scale = 4};
inline constexpr Immediate predict_tag{.pieces = {{6, 7}, {33, 2}}, .is_signed = true, .scale = 4};
inline constexpr Immediate move_tag{.pieces = {{24, 9}}, .is_signed = true, .scale = 4};
}  // namespace imm

}  // namespace xs::ia64
