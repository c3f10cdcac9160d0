#include "guests/tests/translated-pressure/pressure.h"
#include "privileged.h"
#include "test/tables.h"

// 8192 of them in all; the hypervisor's table has 2048 places.
const unsigned group_addresses = 128;

namespace {
constexpr u64 last_level_shift = 21, middle_level_shift = 30;
u64* words(Pfn pfn) { return static_cast<u64*>(test_va(pfn)); }
}  // namespace

// A group is what one entry of the root leads to.
u64 address(unsigned i, unsigned j) {
  return u64{i} << middle_level_shift | u64{j} << last_level_shift | (i + j) % pages * page_bytes;
}

void build_tables(Pfn root, Pfn data) {
  const Pfn middle = root + 1, last = root + 2;
  for (Pfn table = root; table <= last; table++) memset(test_va(table), 0, page_bytes);
  for (unsigned n = 0; n < pages; n++) words(last)[n] = translation(data + n, 0, rights_rw);
  for (unsigned j = 0; j < group_addresses; j++) words(middle)[j] = reinterpret_cast<u64>(test_va(last));
  for (unsigned i = 0; i < groups; i++) words(root)[i] = reinterpret_cast<u64>(test_va(middle));
  write_user_root(reinterpret_cast<u64>(test_va(root)));
}
