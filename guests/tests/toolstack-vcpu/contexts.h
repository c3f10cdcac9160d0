#pragma once
#include "guests/tests/lib/domain.h"

extern vcpu_guest_context_t written, found;

void describe(Mfn frame);  // into `written`, with a frame of the domain's that is clear
bool describe_badly(unsigned mistake, Mfn frame);  // false: there are no more mistakes
void check_registers();                            // `found` is what was written
