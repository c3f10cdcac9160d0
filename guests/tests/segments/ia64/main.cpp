// IA-64 has no segments, descriptors or gates.
#include "guests/tests/lib/test.h"

const char test_name[] = "segments";

void test_main() { test_skip("there are no segments on this architecture"); }
