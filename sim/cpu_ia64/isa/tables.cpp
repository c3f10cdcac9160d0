#include "sim/cpu_ia64/isa/tables.h"

#include "sim/cpu_ia64/isa/table_a.h"
#include "sim/cpu_ia64/isa/table_alias.h"
#include "sim/cpu_ia64/isa/table_b.h"
#include "sim/cpu_ia64/isa/table_f.h"
#include "sim/cpu_ia64/isa/table_i.h"
#include "sim/cpu_ia64/isa/table_m.h"
#include "sim/cpu_ia64/isa/table_x.h"

namespace xs::ia64 {

std::span<const Row> rows_of_table(unsigned n) {
  constexpr std::span<const Row> all[table_count] = {table::unit_a::rows, table::unit_i::rows,
                                                     table::unit_m::rows, table::unit_f::rows,
                                                     table::unit_b::rows, table::unit_x::rows};
  return all[n];
}

std::span<const Alias> aliases() { return table::alias::rows; }

}  // namespace xs::ia64
