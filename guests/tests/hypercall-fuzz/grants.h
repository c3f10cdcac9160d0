// Grants to oneself, and what calls do with them.
#pragma once
#include "guests/tests/hypercall-fuzz/random.h"

void grants_init();
// What hostile calls have mapped, moved or been given by grants goes.
void grants_heal();
// What a further VCPU does with them.
void grants_race_step(Random& random, unsigned vcpu);
