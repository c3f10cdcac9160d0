#pragma once
#include "guests/tests/lib/test.h"

long domain_figure(unsigned op, domid_t domain);
// On two frames of the test's, what operations the architecture has.
void check_operations(Pfn a, Pfn b);
