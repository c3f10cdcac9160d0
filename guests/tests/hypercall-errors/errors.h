// What of the bad arguments is the architecture's.
#pragma once
#include "guests/tests/lib/test.h"

extern const u64 bad_code_address;  // a callback there must be refused
void check_arch();
