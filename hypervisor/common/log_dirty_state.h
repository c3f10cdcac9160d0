// What log_dirty.cpp and log_dirty_op.cpp share.
#pragma once
#include "hypervisor/common/dirty_bits.h"
#include "hypervisor/common/log_dirty.h"

namespace hv {

struct Vcpu;

struct LogDirty {
  DirtyBits bits;
  u32 fault_count = 0;  ///< stores of the guest's that were let through, since the last CLEAN
  u32 dirty_count = 0;  ///< bits that were set since then
  bool failed = false;  ///< there was no memory for a bit: what can be told is not all
  /// Frames that other domains' entries let them write.
  Mfn* foreign = nullptr;
  u64 foreign_count = 0, foreign_room = 0;
  /// A CLEAN or PEEK that goes on when its caller asks again.
  struct {
    const Vcpu* caller = nullptr;  ///< nullptr: there is none
    xen_domctl_shadow_op request = {};
    Gfn next = 0;
    u64 dirty = 0;  ///< reported so far
  } step;
};

/// Those that there are when log-dirty begins.
void log_dirty_find_foreign(const Domain* domain, LogDirty& log);
/// Whatever others may have written counts as written.
void log_dirty_mark_shared(const Domain* domain, LogDirty& log);
void log_dirty_free(LogDirty* log);

}  // namespace hv
