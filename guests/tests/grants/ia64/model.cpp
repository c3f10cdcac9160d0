#include "guests/tests/grants/grants.h"

void check_model() {
  if (test_grant_model() == GrantModel::translated)
    check_translated();
  else
    check_devices();
}
