#include "hypervisor/common/m2p.h"

#include "arch_frame_window.h"
#include "hypervisor/common/frame_table.h"
#include "hypervisor/common/log_dirty.h"
#include "hypervisor/common/planted.h"
#include "hypervisor/common/taps.h"

namespace hv {

void m2p_publish(Mfn first, u64 count) {
  for (Mfn mfn = first; mfn < first + count; mfn++) xs_table_store64(arch_m2p_table() + mfn, XS_M2P_INVALID);
}

Gfn m2p_get(Mfn mfn) { return frame_is_ram(mfn) ? arch_m2p_table()[mfn] : XS_M2P_INVALID; }

namespace {
void store(Mfn mfn, Gfn gfn) {
  u64* const entry = arch_m2p_table() + mfn;
  if (planted(Bug::store_unseen)) {
    u32* const halves = reinterpret_cast<u32*>(entry);
    xs_table_store32(halves, static_cast<u32>(gfn));
    return xs_table_store32(halves + 1, static_cast<u32>(gfn >> 32));
  }
  if (planted(Bug::store_behind)) xs_table_store64(entry, XS_M2P_INVALID);
  if (planted(Bug::store_behind) || planted(Bug::store_past_routines))
    *const_cast<volatile u64*>(entry) = gfn;
  else if (*entry != gfn)
    xs_table_store64(entry, gfn);
}

[[gnu::noinline]] void store_logged(Mfn mfn, Gfn gfn) {
  log_dirty_place_changes(mfn, gfn);
  store(mfn, gfn);
}
}  // namespace

void m2p_set(Mfn mfn, Gfn gfn) {
  if (log_dirty_domains != 0) return store_logged(mfn, gfn);
  store(mfn, gfn);
}

}  // namespace hv
