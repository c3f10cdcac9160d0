#include "guests/tests/lib/grants.h"

GrantModel test_grant_model() { return guest_is_translated() ? GrantModel::translated : GrantModel::direct; }

// An address whose own frame is not mapped (direct), or shows a frame number that has no memory (translated).
GrantPlace test_grant_place() {
  const Pfn page = test_spare_frames(1);
  void* const va = test_va(page);
  if (test_grant_model() == GrantModel::direct) {
    test_equal("unmap a page", test_unmap(page), 0);
    return {reinterpret_cast<u64>(va), 0, va};
  }
  const Pfn number = test_free_number();
  test_equal("map a place", boot_map(va, make_pte(number, pte_kernel)), 0);
  return {number * page_bytes, 0, va};
}

void* test_grant_va(u64) { return nullptr; }  // each place has its own

void test_let_go(Pfn page) {
  if (guest_is_translated()) return;
  test_equal("unmap", test_unmap(page), 0);
  test_p2m()[page] = invalid_frame;
}

void* test_take_in(Pfn page, u64 number) {
  if (guest_is_translated()) return test_va(page);
  mmu_update_t update{number << page_shift | MMU_MACHPHYS_UPDATE, page};
  test_equal("MMU_MACHPHYS_UPDATE", hypercall_mmu_update(&update, 1, nullptr, DOMID_SELF), 0);
  test_p2m()[page] = number;
  test_equal("map the frame", test_map(page, pte_kernel), 0);
  return test_va(page);
}

bool test_transfer_replaces() { return false; }
