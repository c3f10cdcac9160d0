// More addresses in use than the hypervisor has memory to cache translations for (model `translated`).
//
// A domain's pool of shadow page tables is bounded, and a guest cannot see its size. So nothing may depend on
// it but time: the test reaches a few pages by so many widely scattered addresses that the tables for all of
// them do not fit, reads and writes through each, round after round, and must find at every address what it
// must find there. The tables below all addresses are the same three frames of the guest; the hypervisor
// cannot know that.
#include "guests/tests/lib/test.h"

const char test_name[] = "translated-pressure";

namespace {
constexpr unsigned l4_slots = 64, l3_slots = 8, pages = 16, rounds = 3;
constexpr u64 first_va = 0x0000200000000000ull;

// Each needs tables of its own on three levels.
u64 address(unsigned i, unsigned j) {
  return first_va + i * entry_bytes_covered(4) + j * entry_bytes_covered(3) + (i + j) % pages * page_bytes;
}

u64* words(Pfn pfn) { return static_cast<u64*>(test_va(pfn)); }

void build_tables(Pfn l3, Pfn l2, Pfn l1, Pfn data) {
  for (Pfn p = l3; p <= l1; p++) memset(test_va(p), 0, page_bytes);
  for (unsigned n = 0; n < pages; n++) words(l1)[n] = make_pte(data + n, pte_kernel);
  words(l2)[0] = make_pte(l1, pte_table);
  for (unsigned j = 0; j < l3_slots; j++) words(l3)[j] = make_pte(l2, pte_table);
  u64* l4 = words(boot_va_frame(reinterpret_cast<void*>(boot_info->pt_base)));
  for (unsigned i = 0; i < l4_slots; i++) l4[table_index(first_va, 4) + i] = make_pte(l3, pte_table);
}

unsigned one_round(u64 mark) {
  unsigned wrong = 0;
  for (unsigned i = 0; i < l4_slots; i++)
    for (unsigned j = 0; j < l3_slots; j++) {
      auto* at = reinterpret_cast<volatile u64*>(address(i, j));
      wrong += at[0] != (i + j) % pages;
      at[1] = mark + i;
      wrong += at[1] != mark + i;
    }
  return wrong;
}
}  // namespace

void test_main() {
  test_only_translated("no translation is cached by the hypervisor in this memory model");
  Pfn tables = test_spare_frames(3), data = test_spare_frames(pages);
  for (unsigned n = 0; n < pages; n++) words(data + n)[0] = n;
  build_tables(tables, tables + 1, tables + 2, data);
  for (unsigned r = 0; r < rounds; r++) test_equal("wrong words", one_round(r * 1000), 0);
}
