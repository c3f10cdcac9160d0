#include "sim/cpu_ia64/isa/decode.h"

#include "sim/cpu_ia64/isa/decode_index.h"

namespace xs::ia64 {

const Row* find(Unit unit, u64 slot) {
  const detail::Bucket& bucket = detail::index.buckets[static_cast<unsigned>(unit)][slot >> 37 & 15];
  return detail::all_rows[detail::index.entries[bucket.first + bucket.number(slot)]];
}

Reserved reserved_kind(Unit unit, u64 slot) {
  if (unit != Unit::b) return Reserved::illegal_if_predicated;
  const u64 x6 = slot >> 27 & 63;
  switch (slot >> 37 & 15) {
    case 0:
      return x6 == 1 ? Reserved::ignored : x6 < 0x20 ? Reserved::illegal_if_predicated : Reserved::illegal;
    case 2:
    case 3:
    case 6:
      return Reserved::ignored;
    default:
      return Reserved::illegal;
  }
}

Decoded decode(Unit unit, u64 bits, u64 l_slot) {
  Decoded d;
  d.qp = bits & 63;
  d.row = find(unit, bits);
  if (d.row == nullptr || d.row->has(flag::not_itanium2)) {
    d.row = nullptr;
    d.reserved = reserved_kind(unit, bits);
    return d;
  }
  const Row& row = *d.row;
  d.op = row.op;
  if (row.has(flag::unpredicated) && !row.has(flag::predicate_zero)) d.qp = 0;
  const auto field = [&](unsigned n, unsigned at) {
    return static_cast<u8>(bits >> at & ((1u << operand_bits(row.operand[n])) - 1));
  };
  d.r1 = field(0, 6);
  d.r2 = field(1, 13);
  d.r3 = field(2, 20);
  d.r4 = field(3, 27);
  for (unsigned n = 0; n < 3; ++n)
    if (row.imm[n] != nullptr) d.imm[n] = row.imm[n]->extract(bits, l_slot);
  return d;
}

Decoded decode(const Bundle& bundle, unsigned n) {
  const Template& layout = bundle.layout();
  const bool is_long = layout.long_immediate() && n == 1;
  Decoded d;
  if (layout.reserved() || (layout.long_immediate() && n == 2))
    d.reserved = Reserved::illegal;
  else if (is_long)
    d = decode(Unit::x, bundle.slot(2), bundle.slot(1));
  else
    d = decode(layout.unit[n], bundle.slot(n));
  d.slot = static_cast<u8>(n);
  d.stop = layout.stop_after(is_long ? 2 : n);
  return d;
}

}  // namespace xs::ia64
