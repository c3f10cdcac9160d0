// More addresses in use than the hypervisor has memory to cache translations for (model `translated`).
//
// What the hypervisor keeps of a domain's translations (x86-64: shadow page tables; IA-64: a VHPT) is
// bounded, and a guest cannot see its size. So nothing may depend on it but time: the test reaches a few
// pages by so many widely scattered addresses that the translations of all of them do not fit, reads and
// writes through each, round after round, and must find at every address what it must find there. The tables
// below all addresses are the same three frames of the guest; the hypervisor cannot know that.
#include "guests/tests/translated-pressure/pressure.h"

const char test_name[] = "translated-pressure";

namespace {
constexpr unsigned rounds = 3;

u64* words(Pfn pfn) { return static_cast<u64*>(test_va(pfn)); }

unsigned one_round(u64 mark) {
  unsigned wrong = 0;
  for (unsigned i = 0; i < groups; i++)
    for (unsigned j = 0; j < group_addresses; j++) {
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
  build_tables(tables, data);
  for (unsigned r = 0; r < rounds; r++) test_equal("wrong words", one_round(r * 1000), 0);
}
