// Domains that a test makes, where it runs as dom0. They never run: they are there to be operated on.
#pragma once
#include "guests/lib/domctl.h"
#include "guests/tests/lib/test.h"

constexpr u32 test_no_such_domain = 0x7000;

inline bool test_is_privileged() { return boot_info->flags & SIF_PRIVILEGED; }

// Paused, without memory, its VCPUs not described; its grant table has so many pages at most (-1: what the
// hypervisor likes). ERROR when the hypervisor refuses.
u32 test_make_domain(unsigned vcpus, u64 most_kib, int most_grant_pages = -1);
// Gives it frames 0... and clears them; their machine addresses are in `frames`. Returns how many there were.
long test_populate(u32 domain, Pfn first, unsigned count, Mfn* frames);
void test_destroy_domain(u32 domain);

// Where the hypervisor translates: another domain's frame at a guest frame number of one's own. 0 or an
// errno.
long test_place_foreign(u32 domain, Mfn frame, Pfn at);
long test_unplace_foreign(Pfn at);
