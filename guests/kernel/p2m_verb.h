// p2m [<domain>]: what this kernel finds in a P2M that it may read.
#pragma once
#include "guests/kernel/operator/verbs.h"

// Reads the table of `domain` (or DOMID_SELF) for GFNs [0, gfns) and says how many have frames, in how many
// pieces, and FNV-1a of all pairs of GFN and MFN, 64 bits each.
void p2m_tell(unsigned domain, u64 gfns, Status& status);
void do_own_p2m(const CommandLine& c, Status& status);
constexpr Verb own_p2m_verb = {"p2m", 0, "", do_own_p2m};
