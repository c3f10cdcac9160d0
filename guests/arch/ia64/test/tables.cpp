#include "tables.h"

#include "guests/tests/lib/test.h"
#include "privileged.h"

namespace {
Pfn root;

u64* words(Pfn table) { return static_cast<u64*>(test_va(table)); }
}  // namespace

u64* walked_tables() {
  root = test_spare_frames(3);
  const Pfn middle = root + 1, last = root + 2;
  for (Pfn table = root; table <= last; table++) memset(test_va(table), 0, page_bytes);
  words(root)[walked_va >> 30 & 0x1ff] = reinterpret_cast<u64>(test_va(middle));
  words(middle)[walked_va >> 21 & 0x1ff] = reinterpret_cast<u64>(test_va(last));
  return words(last);
}

void walked_load() { write_user_root(reinterpret_cast<u64>(test_va(root))); }
void walked_unload() { write_user_root(0); }
