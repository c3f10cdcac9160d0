#pragma once
#include "guests/kernel/operator/verbs.h"

// dma-misuse <machine address> r|w: has dom0's data disk read or write there, as a driver with a bug would.
void do_dma_misuse(const CommandLine& c, Status& status);
