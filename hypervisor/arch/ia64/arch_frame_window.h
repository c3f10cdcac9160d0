// Where the frame table and the M2P are seen on IA-64 (layout.h).
#pragma once
#include "hypervisor/arch/ia64/layout.h"
#include "hypervisor/common/boot.h"
#include "hypervisor/common/types.h"

namespace hv {

/// M2P is backed in chunks of 2 MiB, the unit of XENMEM_machphys_mfn_list.
constexpr u64 kM2pChunkEntries = (2ull << 20) / sizeof(u64);

inline xs_frame* arch_frame_table() { return reinterpret_cast<xs_frame*>(kFrameTable); }
inline u64* arch_m2p_table() { return reinterpret_cast<u64*>(kM2p); }

/// No model of this architecture shows it.
inline void arch_show_m2p_to_guests(Mfn, Mfn, u64) {}

}  // namespace hv
