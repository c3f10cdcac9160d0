#include "hypervisor/common/m2p.h"

#include "arch_frame_window.h"
#include "hypervisor/common/frame_table.h"
#include "hypervisor/common/taps.h"

namespace hv {

void m2p_publish(Mfn first, u64 count) {
  for (Mfn mfn = first; mfn < first + count; mfn++) xs_store64(arch_m2p_table() + mfn, XS_M2P_INVALID);
}

Gfn m2p_get(Mfn mfn) { return frame_is_ram(mfn) ? arch_m2p_table()[mfn] : XS_M2P_INVALID; }

void m2p_set(Mfn mfn, Gfn gfn) {
  if (arch_m2p_table()[mfn] != gfn) xs_store64(arch_m2p_table() + mfn, gfn);
}

}  // namespace hv
