// Takes the place of the architecture's header of this name: the tables are arrays (machine.h).
#pragma once
#include "hypervisor/common/boot.h"

namespace hv {

constexpr u64 kM2pChunkEntries = 512;
xs_frame* arch_frame_table();
u64* arch_m2p_table();
void arch_show_m2p_to_guests(Mfn first_entry, Mfn backing, u64 pages);

}  // namespace hv
