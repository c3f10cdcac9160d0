// The decoder's index, built by the compiler from the tables.
//
//     buckets[unit][major opcode]   runs: which bits of a slot the bucket's rows look at, gathered into a
//     number entries[first + number]       position in all_rows; 0, where all_rows has no row: reserved
//
// Every bit that any row of a bucket fixes is part of its number, so that one look-up decides. Two rows that
// claim the same number overlap: an error of the tables, and of the compilation.
#pragma once
#include <bit>

#include "sim/cpu_ia64/isa/table_a.h"
#include "sim/cpu_ia64/isa/table_b.h"
#include "sim/cpu_ia64/isa/table_f.h"
#include "sim/cpu_ia64/isa/table_i.h"
#include "sim/cpu_ia64/isa/table_m.h"
#include "sim/cpu_ia64/isa/table_x.h"

namespace xs::ia64::detail {

/// No row, then those of the given tables.
template <std::size_t... sizes>
constexpr auto concatenate(const Row (&... tables)[sizes]) {
  std::array<const Row*, 1 + (sizes + ...)> out{};
  std::size_t n = 1;
  const auto append = [&](const auto& rows) {
    for (const Row& row : rows) out[n++] = &row;
  };
  (append(tables), ...);
  return out;
}
inline constexpr auto all_rows = concatenate(table::unit_a::rows, table::unit_i::rows, table::unit_m::rows,
                                             table::unit_f::rows, table::unit_b::rows, table::unit_x::rows);

template <typename T>
using PerBucket = std::array<std::array<T, 16>, unit_count>;  // [unit][major opcode]

constexpr unsigned opcode_of(const Row& row) { return static_cast<unsigned>(row.bits.value >> 37); }

/// The bits that rows of a bucket look at, without the major opcode itself.
constexpr PerBucket<u64> make_masks() {
  PerBucket<u64> masks{};
  for (std::size_t n = 1; n < all_rows.size(); ++n)
    for (unsigned unit = 0; unit < unit_count; ++unit)
      if (all_rows[n]->in(static_cast<Unit>(unit)))
        masks[unit][opcode_of(*all_rows[n])] |= all_rows[n]->bits.mask & (slot_mask >> 4);
  return masks;
}
inline constexpr PerBucket<u64> masks = make_masks();

/// Bits of the slot from `from`, as many as `mask` has, go to bit `to` of the number.
struct Run {
  u8 from = 0, to = 0;
  u16 mask = 0;
};

struct Bucket {
  u16 first = 0;
  std::array<Run, 5> runs{};

  constexpr unsigned number(u64 slot) const {
    unsigned n = 0;
    for (const Run& run : runs) n += static_cast<unsigned>(slot >> run.from & run.mask) << run.to;
    return n;
  }
};

constexpr Bucket make_bucket(u64 mask, std::size_t first) {
  Bucket bucket;
  bucket.first = static_cast<u16>(first);
  unsigned to = 0;
  for (std::size_t n = 0; mask != 0; ++n) {
    const int from = std::countr_zero(mask), width = std::countr_one(mask >> from);
    bucket.runs.at(n) = {static_cast<u8>(from), static_cast<u8>(to), static_cast<u16>((1u << width) - 1)};
    to += static_cast<unsigned>(width);
    mask &= ~(((u64{1} << width) - 1) << from);
  }
  return bucket;
}

constexpr std::size_t entry_count() {
  std::size_t size = 0;
  for (const auto& unit : masks)
    for (const u64 mask : unit) size += std::size_t{1} << std::popcount(mask);
  return size;
}

struct Index {
  PerBucket<Bucket> buckets{};
  std::array<u16, entry_count()> entries{};
  unsigned overlaps = 0;
};

/// Enters a row at every number it answers for: the bits of the bucket that it leaves open take all values.
constexpr void enter(Index& index, const Bucket& bucket, std::size_t position) {
  const Pattern& bits = all_rows[position]->bits;
  const unsigned fixed = bucket.first + bucket.number(bits.value), open = bucket.number(~bits.mask);
  unsigned sub = 0;
  do {
    u16& entry = index.entries[fixed + sub];
    if (entry != 0) ++index.overlaps;
    entry = static_cast<u16>(position);
    sub = (sub - open) & open;
  } while (sub != 0);
}

constexpr Index make_index() {
  Index index;
  std::size_t first = 0;
  for (unsigned unit = 0; unit < unit_count; ++unit)
    for (unsigned opcode = 0; opcode < 16; ++opcode) {
      index.buckets[unit][opcode] = make_bucket(masks[unit][opcode], first);
      first += std::size_t{1} << std::popcount(masks[unit][opcode]);
    }
  for (std::size_t n = 1; n < all_rows.size(); ++n)
    for (unsigned unit = 0; unit < unit_count; ++unit)
      if (all_rows[n]->in(static_cast<Unit>(unit)))
        enter(index, index.buckets[unit][opcode_of(*all_rows[n])], n);
  return index;
}

inline constexpr Index index = make_index();
static_assert(index.overlaps == 0, "two encodings overlap");

}  // namespace xs::ia64::detail
