// Which machine frames that are no RAM a privileged domain may map, and the M2P's own frames.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

/// Registers of virtio devices begin here.
constexpr Mfn kFirstDevicePage = 0xfeb00;

/// False for the interrupt controllers, which are the hypervisor's, and beyond the CPU's physical address
/// width.
bool device_frame_is_mappable(Mfn mfn, bool writable);
/// True for RAM frames that hold the M2P.
bool frame_backs_m2p(Mfn mfn);
/// The frame that holds M2P chunk `chunk` (2 MiB of table), or 0 where there is none.
Mfn m2p_chunk_frame(u64 chunk);

}  // namespace hv
