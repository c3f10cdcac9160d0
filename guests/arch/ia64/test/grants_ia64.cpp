#include "guests/tests/lib/grants.h"
#include "hypervisor/abi/grants.h"

GrantModel test_grant_model() {
  return guest_is_translated() ? GrantModel::translated : GrantModel::identity;
}

void* test_grant_va(u64 address) { return reinterpret_cast<void*>(KERNEL_BASE + address); }

// A frame number that has no memory; in model identity a frame is where it is, and the hypervisor tells.
GrantPlace test_grant_place() {
  static Pfn next_number = 1 << 28;
  if (test_grant_model() == GrantModel::identity) return {0, XS_GNTMAP_ADDRESS_BACK, nullptr};
  const Pfn number = next_number++;
  return {number * page_bytes, 0, test_va(number)};
}
