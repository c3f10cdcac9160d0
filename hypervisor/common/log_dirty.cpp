#include "hypervisor/common/log_dirty.h"

#include "hypervisor/common/dirty_bits.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/frame_table.h"
#include "hypervisor/common/grant_table.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/log_dirty_state.h"
#include "hypervisor/common/m2p.h"
#include "hypervisor/common/taps.h"

namespace hv {

unsigned log_dirty_domains;

namespace {
// In the low byte of frame.shadow, which the heap uses in free frames only. One that has reached the most
// stays there.
constexpr u32 kWriters = 0xff;

bool has_place(Gfn gfn) { return gfn < P2m::kGfns; }

void mark_place(LogDirty& log, Gfn gfn) {
  if (!has_place(gfn)) return;
  switch (dirty_set(log.bits, gfn)) {
    case DirtySet::is_new:
      log.dirty_count++;
      break;
    case DirtySet::no_memory:
      log.failed = true;
      break;
    case DirtySet::was_set:
      break;
  }
}

// Of whoever owns the frame as memory; nullptr: log-dirty is off there.
LogDirty* log_of(Mfn mfn) {
  if (!frame_is_ram(mfn) || type_of(frame_type_info(mfn)) == XS_FRAME_SHARED) return nullptr;
  const Domain* owner = owner_domain(frame_owner(mfn));
  return owner == nullptr ? nullptr : owner->mm.log_dirty;
}

u32 writers_of(Mfn mfn) { return frame_shadow(mfn) & kWriters; }
}  // namespace

void log_dirty_mark_frame(Mfn mfn) {
  const MmNestedGuard guard;
  if (LogDirty* log = log_of(mfn)) mark_place(*log, m2p_get(mfn));
}

void log_dirty_place_changes(Mfn mfn, Gfn gfn) {
  const MmNestedGuard guard;
  LogDirty* log = log_of(mfn);
  if (log == nullptr) return;
  mark_place(*log, m2p_get(mfn));
  mark_place(*log, gfn);
}

bool log_dirty_may_write(const Domain* domain, Mfn mfn, bool writes) {
  const MmNestedGuard guard;
  LogDirty* log = log_of(mfn);
  if (log == nullptr || log != domain->mm.log_dirty) return true;
  const Gfn gfn = m2p_get(mfn);
  if (!has_place(gfn) || dirty_test(log->bits, gfn)) return true;
  if (!writes) return false;
  log->fault_count++;
  mark_place(*log, gfn);
  return true;
}

// --- frames that others may write --------------------------------------------------------------------------
namespace {
bool more_room(LogDirty& log) {
  const u64 room = max_of<u64>(2 * log.foreign_room, 64);
  auto* larger = static_cast<Mfn*>(allocate(room * sizeof(Mfn)));
  if (larger == nullptr) return false;
  if (log.foreign_count != 0) memcpy(larger, log.foreign, log.foreign_count * sizeof(Mfn));
  release(log.foreign);
  log.foreign = larger;
  log.foreign_room = room;
  return true;
}

void add_foreign(LogDirty& log, Mfn mfn) {
  if (log.foreign_count == log.foreign_room && !more_room(log)) {
    log.failed = true;
    return;
  }
  log.foreign[log.foreign_count++] = mfn;
}

void remove_foreign(LogDirty& log, Mfn mfn) {
  for (u64 i = 0; i < log.foreign_count; i++)
    if (log.foreign[i] == mfn) {
      log.foreign[i] = log.foreign[--log.foreign_count];
      return;
    }
}
}  // namespace

namespace {
/// Returns how many there were. One that has reached the most, or nothing, stays.
u32 count_writer(Mfn mfn, bool begins) {
  xs_frame* frame = frame_at(mfn);
  const u32 shadow = frame->shadow, before = shadow & kWriters;
  if (before != kWriters && (begins || before != 0))
    xs_table_store32(&frame->shadow, begins ? shadow + 1 : shadow - 1);
  return before;
}

[[gnu::noinline]] void begin_logged(Mfn mfn) {
  if (count_writer(mfn, true) != 0) return;
  if (LogDirty* log = log_of(mfn)) add_foreign(*log, mfn);
}

[[gnu::noinline]] void end_logged(Mfn mfn) {
  log_dirty_mark_frame(mfn);
  if (count_writer(mfn, false) != 1) return;
  if (LogDirty* log = log_of(mfn)) remove_foreign(*log, mfn);
}
}  // namespace

void foreign_writer_begins(Mfn mfn) {
  if (log_dirty_domains != 0) return begin_logged(mfn);
  count_writer(mfn, true);
}

void foreign_writer_ends(Mfn mfn) {
  if (log_dirty_domains != 0) return end_logged(mfn);
  count_writer(mfn, false);
}

void log_dirty_find_foreign(const Domain* domain, LogDirty& log) {
  for (Mfn mfn = frame_list_first(domain->mm.frames); mfn != kInvalidMfn; mfn = frame_list_next(mfn))
    if (writers_of(mfn) != 0) add_foreign(log, mfn);
}

void log_dirty_mark_shared(const Domain* domain, LogDirty& log) {
  for (u64 i = 0; i < log.foreign_count; i++) log_dirty_mark_frame(log.foreign[i]);
  grants_for_each_written(domain, log_dirty_mark_frame);
  for (const Vcpu* vcpu : domain->vcpu)
    if (vcpu != nullptr && vcpu->info_mfn != kInvalidMfn) log_dirty_mark_frame(vcpu->info_mfn);
}

// --- its end
// -------------------------------------------------------------------------------------------------
void log_dirty_free(LogDirty* log) {
  dirty_free(log->bits);
  release(log->foreign);
  release(log);
}

void log_dirty_domain_ends(Domain* domain) {
  LogDirty* log = domain->mm.log_dirty;
  if (log == nullptr) return;
  domain->mm.log_dirty = nullptr;
  log_dirty_domains--;
  log_dirty_free(log);
}

}  // namespace hv
