#pragma once
#include "guests/tests/lib/domain.h"

constexpr unsigned frame_count = 16;
constexpr u64 most_frames = 64;

// How the architecture reaches another domain's frames. `page` is one of the test's, and holds 1.
void check_own(Pfn page);            // the same calls for the caller's own
void check_refused_calls(Pfn page);  // ... of an ordinary domain
void check_access(u32 domain, const Mfn (&frames)[frame_count], Pfn page);  // ... of dom0
