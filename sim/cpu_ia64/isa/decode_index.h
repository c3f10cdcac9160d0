// The decoder's index, built by the compiler from the tables.
//
//     buckets[unit][major opcode]   runs: which bits of a slot the bucket's rows look at, gathered into a
//     number rows[first + number]          1 + the row's number over all tables, or 0: reserved
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

template <typename T, std::size_t N>
constexpr std::size_t size_of(const T (&)[N]) {
  return N;
}

constexpr const Row& row_at(std::size_t n) {
  using namespace table;
  if (n < size_of(unit_a::rows)) return unit_a::rows[n];
  n -= size_of(unit_a::rows);
  if (n < size_of(unit_i::rows)) return unit_i::rows[n];
  n -= size_of(unit_i::rows);
  if (n < size_of(unit_m::rows)) return unit_m::rows[n];
  n -= size_of(unit_m::rows);
  if (n < size_of(unit_f::rows)) return unit_f::rows[n];
  n -= size_of(unit_f::rows);
  if (n < size_of(unit_b::rows)) return unit_b::rows[n];
  return unit_x::rows[n - size_of(unit_b::rows)];
}
inline constexpr std::size_t row_count = size_of(table::unit_a::rows) + size_of(table::unit_i::rows) +
                                         size_of(table::unit_m::rows) + size_of(table::unit_f::rows) +
                                         size_of(table::unit_b::rows) + size_of(table::unit_x::rows);

inline constexpr u64 major_mask = u64{15} << 37;
inline constexpr unsigned unit_table_count = 6;

/// Bits of the slot from `from`, as many as `mask` has, go to bit `to` of the number.
struct Run {
  u8 from = 0, to = 0;
  u16 mask = 0;
};

struct Bucket {
  u16 first = 0;
  std::array<Run, 5> runs{};
};

/// Gathers the bits of `slot` that `mask` selects: the definition that Bucket::runs abbreviate.
constexpr unsigned gather(u64 slot, u64 mask) {
  unsigned out = 0, to = 0;
  for (; mask != 0; mask &= mask - 1, ++to)
    out |= static_cast<unsigned>(slot >> std::countr_zero(mask) & 1) << to;
  return out;
}

/// The bits that rows of this unit and major opcode look at, without the major opcode itself.
constexpr u64 bucket_mask(Unit unit, u64 opcode) {
  u64 mask = 0;
  for (std::size_t n = 0; n < row_count; ++n)
    if (row_at(n).in(unit) && row_at(n).bits.value >> 37 == opcode) mask |= row_at(n).bits.mask;
  return mask & ~major_mask;
}

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

constexpr std::size_t index_size() {
  std::size_t size = 0;
  for (unsigned unit = 0; unit < unit_table_count; ++unit)
    for (u64 opcode = 0; opcode < 16; ++opcode)
      size += std::size_t{1} << std::popcount(bucket_mask(static_cast<Unit>(unit), opcode));
  return size;
}

struct Index {
  std::array<std::array<Bucket, 16>, unit_table_count> buckets{};
  std::array<u16, index_size()> rows{};
  unsigned overlaps = 0;
};

/// Enters a row at every number it answers for: the bits of the bucket that it leaves open take all values.
constexpr void enter(Index& index, std::size_t row, u64 mask, std::size_t first) {
  const Pattern& bits = row_at(row).bits;
  const unsigned fixed = gather(bits.value, mask);
  const unsigned open = gather(~bits.mask, mask);
  unsigned sub = 0;
  do {
    u16& entry = index.rows[first + (fixed | sub)];
    if (entry != 0) ++index.overlaps;
    entry = static_cast<u16>(row + 1);
    sub = (sub - open) & open;
  } while (sub != 0);
}

constexpr Index make_index() {
  Index index;
  std::size_t first = 0;
  for (unsigned unit = 0; unit < unit_table_count; ++unit)
    for (u64 opcode = 0; opcode < 16; ++opcode) {
      const u64 mask = bucket_mask(static_cast<Unit>(unit), opcode);
      index.buckets[unit][opcode] = make_bucket(mask, first);
      for (std::size_t n = 0; n < row_count; ++n)
        if (row_at(n).in(static_cast<Unit>(unit)) && row_at(n).bits.value >> 37 == opcode)
          enter(index, n, mask, first);
      first += std::size_t{1} << std::popcount(mask);
    }
  return index;
}

inline constexpr Index index = make_index();
static_assert(index.overlaps == 0, "two encodings overlap");

}  // namespace xs::ia64::detail
