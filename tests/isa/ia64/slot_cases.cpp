#include "tests/isa/ia64/slot_cases.h"

#include "sim/cpu_ia64/isa/decode_index.h"
#include "sim/cpu_ia64/isa/tables.h"

namespace xs::test {

using namespace xs::ia64;

namespace {

struct Field {
  unsigned at, width;
};
constexpr Field fields[] = {{0, 6}, {6, 7}, {13, 7}, {20, 7}, {27, 6}, {33, 4}};
constexpr u64 nop = u64{1} << 27;  // of every unit but B, where it is reserved and ignored

/// Rows that a slot for `unit` can hold.
const std::vector<const Row*>& rows_for(Unit unit) {
  static const auto all = [] {
    std::array<std::vector<const Row*>, unit_count> out;
    for (unsigned u = 0; u < unit_count; ++u)
      for (unsigned t = 0; t < table_count; ++t)
        for (const Row& row : rows_of_table(t))
          if (row.in(static_cast<Unit>(u))) out[u].push_back(&row);
    return out;
  }();
  return all[static_cast<unsigned>(unit)];
}

unsigned below(std::mt19937_64& random, unsigned limit) { return static_cast<unsigned>(random() % limit); }

unsigned template_with(std::mt19937_64& random, Unit unit) {
  for (;;) {
    const unsigned n = below(random, 32);
    for (const Unit u : templates[n].unit)
      if (u == unit) return n;
  }
}

/// `slot` at one of the places for `unit` in a random template, nops and random bits elsewhere.
Bundle bundle_around(std::mt19937_64& random, Unit unit, u64 slot) {
  const unsigned n = template_with(random, unit);
  u64 slots[3];
  for (unsigned s = 0; s < 3; ++s) slots[s] = templates[n].unit[s] == Unit::l ? random() & slot_mask : nop;
  unsigned place = below(random, 3);
  while (templates[n].unit[place] != unit) place = (place + 1) % 3;
  slots[place] = slot;
  return Bundle::make(n, slots[0], slots[1], slots[2]);
}

void add_extremes(std::vector<Bundle>& out, std::mt19937_64& random, const Row& row, Field field) {
  const u64 ones = (u64{1} << field.width) - 1;
  const Unit unit = row.in(Unit::m)   ? (row.in(Unit::i) && (random() & 1) ? Unit::i : Unit::m)
                    : row.in(Unit::i) ? Unit::i
                    : row.in(Unit::f) ? Unit::f
                    : row.in(Unit::b) ? Unit::b
                                      : Unit::x;
  for (const u64 background : {u64{0}, ~u64{0}, u64{random()}, u64{random()}})
    for (const u64 value : {u64{0}, u64{1}, ones, 0x5555555555555555 & ones, 0xaaaaaaaaaaaaaaaa & ones}) {
      const u64 open = (background & ~(ones << field.at)) | value << field.at;
      out.push_back(bundle_around(random, unit, (open & ~row.bits.mask & slot_mask) | row.bits.value));
    }
}

}  // namespace

std::vector<Bundle> field_extremes(std::mt19937_64& random) {
  std::vector<Bundle> out;
  for (unsigned t = 0; t < table_count; ++t)
    for (const Row& row : rows_of_table(t))
      for (const Field& field : fields) add_extremes(out, random, row, field);
  return out;
}

std::vector<Bundle> every_extension(std::mt19937_64& random) {
  std::vector<Bundle> out;
  for (const Unit unit : {Unit::m, Unit::i, Unit::f, Unit::b, Unit::x})
    for (u64 opcode = 0; opcode < 16; ++opcode) {
      const u64 mask = ia64::detail::masks[static_cast<unsigned>(unit)][opcode];
      u64 value = 0;
      do {
        const u64 slot = opcode << 37 | value | (random() & ~mask & (slot_mask >> 4));
        out.push_back(bundle_around(random, unit, slot));
        value = (value - mask) & mask;
      } while (value != 0);
    }
  return out;
}

Bundle random_bundle(std::mt19937_64& random) { return {random(), random()}; }

Bundle random_valid_bundle(std::mt19937_64& random) {
  unsigned n;
  do n = below(random, 32);
  while (templates[n].reserved());
  u64 slots[3];
  for (unsigned s = 0; s < 3; ++s) {
    // Zeros outnumber ones in half of the slots: pseudo-ops stand for small register numbers and immediates.
    u64 open = random() & slot_mask;
    if (random() & 1) open &= random() & random();
    slots[s] = open;
    if (templates[n].unit[s] == Unit::l) continue;
    const auto& rows = rows_for(templates[n].unit[s]);
    const Row& row = *rows[random() % rows.size()];
    slots[s] = (open & ~row.bits.mask) | row.bits.value;
  }
  return Bundle::make(n, slots[0], slots[1], slots[2]);
}

}  // namespace xs::test
