#include "guests/tests/grants/grants.h"

// Region 7 shows a frame wherever it is: nothing has to be unmapped or mapped.
void let_go(Pfn) {}
void* take_in(Pfn, u64 frame) { return test_va(frame); }

u64 transfer_place(Pfn page) { return page; }
bool transfer_replaces() { return test_grant_model() == GrantModel::translated; }

void check_model() {
  if (test_grant_model() == GrantModel::translated)
    check_translated();
  else
    check_devices();
}
