// Page tables in model translated: the guest's own memory, checked by nobody, walked by the hypervisor.
#pragma once
#include "guests/tests/hypercall-fuzz/random.h"

// Makes three play frames into tables that lead to each other, to play frames and to nobody's, below a slot
// of the top table that is the VCPU's own; uses addresses there and hands some to a hypercall; removes them.
// Others may give the same frames back meanwhile, or make tables of them, too.
void use_wild_tables(Random& random, unsigned vcpu);
