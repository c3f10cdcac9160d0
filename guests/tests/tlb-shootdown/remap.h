// How a page is mapped to another frame, and the old translation made void everywhere.
#pragma once
#include "guests/tests/lib/test.h"

constexpr unsigned other = 1;  // the VCPU that looks

volatile u64* remap_prepare(Pfn first);  // the page, mapped to that frame
void remap_begin();                      // on each VCPU, before it looks
long remap(unsigned round, Pfn frame);   // one way for each round
