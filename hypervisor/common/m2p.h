// Machine-to-physical: which guest frame number the owner of a frame knows it by.
//
//   m2p[mfn] = GFN | XS_M2P_INVALID (free, hypervisor's, or never set) | XS_M2P_SHARED
//
// The table has two windows: a writable one for the hypervisor, used here, and a read-only one which the
// architecture shows to guests. It is backed in whole chunks around the RAM regions; entries of a chunk
// that stand for no RAM stay INVALID.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

/// Boot: publishes INVALID for entries [first, first + count) of a freshly backed part.
void m2p_publish(Mfn first, u64 count);
/// GFN of a RAM frame, XS_M2P_INVALID for a frame that is no RAM.
Gfn m2p_get(Mfn mfn);
/// `mfn` is RAM.
void m2p_set(Mfn mfn, Gfn gfn);

}  // namespace hv
