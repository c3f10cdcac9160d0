#include "guests/tests/translated-pressure/pressure.h"

const unsigned group_addresses = 8;

namespace {
constexpr u64 first_va = 0x0000200000000000ull;
u64* words(Pfn pfn) { return static_cast<u64*>(test_va(pfn)); }
}  // namespace

// Each needs tables of its own on three levels.
u64 address(unsigned i, unsigned j) {
  return first_va + i * entry_bytes_covered(4) + j * entry_bytes_covered(3) + (i + j) % pages * page_bytes;
}

void build_tables(Pfn l3, Pfn data) {
  const Pfn l2 = l3 + 1, l1 = l3 + 2;
  for (Pfn p = l3; p <= l1; p++) memset(test_va(p), 0, page_bytes);
  for (unsigned n = 0; n < pages; n++) words(l1)[n] = make_pte(data + n, pte_kernel);
  words(l2)[0] = make_pte(l1, pte_table);
  for (unsigned j = 0; j < group_addresses; j++) words(l3)[j] = make_pte(l2, pte_table);
  u64* l4 = words(boot_va_frame(reinterpret_cast<void*>(boot_info->pt_base)));
  for (unsigned i = 0; i < groups; i++) l4[table_index(first_va, 4) + i] = make_pte(l3, pte_table);
}
