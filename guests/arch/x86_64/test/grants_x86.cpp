#include "guests/tests/lib/grants.h"

GrantModel test_grant_model() { return guest_is_translated() ? GrantModel::translated : GrantModel::direct; }

// An address whose own frame is not mapped (direct), or shows a frame number that has no memory (translated).
GrantPlace test_grant_place() {
  static Pfn next_number = 1 << 28;
  const Pfn page = test_spare_frames(1);
  void* const va = test_va(page);
  if (test_grant_model() == GrantModel::direct) {
    test_equal("unmap a page", test_unmap(page), 0);
    return {reinterpret_cast<u64>(va), 0, va};
  }
  const Pfn number = next_number++;
  test_equal("map a place", boot_map(va, make_pte(number, pte_kernel)), 0);
  return {number * page_bytes, 0, va};
}

void* test_grant_va(u64) { return nullptr; }  // each place has its own
