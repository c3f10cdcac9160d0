// Memory in one piece: pages that follow each other for the kernel and in the machine.
#pragma once
#include "guests/lib/types.h"

// The frames [first, first + count), which nobody uses, become neighbours in the machine and lose their
// contents. False: they are what they were.
using ExchangeFrames = bool (*)(Pfn first, unsigned count);

// Of the kernel's ordinary memory, exchanged where it is not in one piece; null `exchange`: it is what it is.
// For device_pages().
void* contiguous_pages(unsigned count, ExchangeFrames exchange);

// XENMEM_exchange of frames that hypercalls call `names`; the new ones belong at `place`. Up to model_batch,
// a power of two. What the hypervisor answers is the first machine frame, in models where it tells any.
long exchange_for_run(const u64* names, unsigned count, Pfn place, Mfn& first);
// The same where names are guest frame numbers.
bool exchange_in_place(Pfn first, unsigned count);
