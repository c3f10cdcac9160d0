#include "guests/tests/lib/grants.h"
#include "hypervisor/abi/grants.h"

GrantModel test_grant_model() {
  return guest_is_translated() ? GrantModel::translated : GrantModel::identity;
}

void* test_grant_va(u64 address) { return reinterpret_cast<void*>(KERNEL_BASE + address); }

// A frame number that has no memory; in model identity a frame is where it is, and the hypervisor tells.
GrantPlace test_grant_place() {
  if (test_grant_model() == GrantModel::identity) return {0, XS_GNTMAP_ADDRESS_BACK, nullptr};
  const Pfn number = test_free_number();
  return {number * page_bytes, 0, test_va(number)};
}

// Region 7 shows a frame wherever it is: nothing has to be unmapped or mapped.
void test_let_go(Pfn) {}
void* test_take_in(Pfn, u64 number) { return test_va(number); }
bool test_transfer_replaces() { return test_grant_model() == GrantModel::translated; }
