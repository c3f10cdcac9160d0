// XEN_DOMCTL_shadow_op: log-dirty is switched on and off, and tells.
//
// A report goes by groups of 32768 pages: one critical section each, a page copied to the caller outside of
// it, and a look at the clock between two. Of a group that is cleaned nothing is writable any more before
// mm_lock is released, so that what a guest writes meanwhile is in this report or in the next one.
#include "hypervisor/common/devices.h"
#include "hypervisor/common/domain_ref.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/log_dirty_state.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/taps.h"

namespace hv {

namespace {
constexpr unsigned kBitsPerByte = 8;

void tell(const Domain* domain, xs_log_dirty what, u64 group, u64 b, u64 c) {
  mark(XS_MARK_LOG_DIRTY,
       u64{domain->id} | u64{what} << XS_LOG_DIRTY_WHAT_SHIFT | group << XS_LOG_DIRTY_GROUP_SHIFT, b, c);
}

// As many frames as its P2M may have pages, were each of them in a group of its own.
u64 most_frames(const Domain* domain) {
  constexpr u64 kLeafEntries = 1ull << P2m::kBitsPerLevel, kSpare = 64;
  return 2 * (max_of(domain->mm.max_pages, domain->mm.total_pages) / kLeafEntries) + kSpare;
}

// --- on and off --------------------------------------------------------------------------------------------
// One caller at a time switches a domain's log-dirty; who asks meanwhile is refused.
int claim(Domain* domain, bool on) {
  MmGuard guard;
  if (domain->mm.log_dirty_switches) return -XEN_EBUSY;
  if (domain->dying || (on && domain->mm.log_dirty != nullptr)) return -XEN_EINVAL;
  if (on && domain_has_devices(domain)) return -XEN_EBUSY;
  domain->mm.log_dirty_switches = true;
  return 0;
}

void unclaim(Domain* domain) {
  MmGuard guard;
  domain->mm.log_dirty_switches = false;
}

int publish(Domain* domain, LogDirty* log) {
  MmGuard guard;
  if (domain->dying) return -XEN_EINVAL;
  if (domain_has_devices(domain)) return -XEN_EBUSY;
  log_dirty_find_foreign(domain, *log);
  if (log->failed) return -XEN_ENOMEM;
  domain->mm.log_dirty = log;
  log_dirty_domains++;
  arch_translations_drop(domain);
  tell(domain, XS_LOG_DIRTY_ENABLE, 0, 0, 0);
  return 0;
}

int begin_logging(Domain* domain, LogDirty* log) {
  log->bits.frame_limit = most_frames(domain);
  int rc = arch_log_dirty_prepare(domain);
  const PausedDomain paused(domain);
  if (rc == 0) rc = arch_log_dirty_begin(domain);
  if (rc == 0) rc = publish(domain, log);
  if (rc != 0) arch_log_dirty_end(domain);
  return rc;
}

long enable(Domain* domain) {
  if (const int rc = claim(domain, true); rc != 0) return rc;
  auto* log = make<LogDirty>();
  const int rc = log == nullptr ? -XEN_ENOMEM : begin_logging(domain, log);
  if (rc != 0 && log != nullptr) log_dirty_free(log);
  unclaim(domain);
  return rc;
}

void end_logging(Domain* domain) {
  const PausedDomain paused(domain);
  {
    MmGuard memory;
    if (domain->mm.log_dirty == nullptr) return;
    log_dirty_domain_ends(domain);
    arch_translations_drop(domain);
    tell(domain, XS_LOG_DIRTY_OFF, 0, 0, 0);
  }
  arch_log_dirty_end(domain);
}

long disable(Domain* domain) {
  if (const int rc = claim(domain, false); rc != 0) return rc;
  end_logging(domain);
  unclaim(domain);
  return 0;
}

// --- reports -----------------------------------------------------------------------------------------------
bool same_request(const xen_domctl_shadow_op& a, const xen_domctl_shadow_op& b) {
  return a.op == b.op && a.mode == b.mode && a.pages == b.pages &&
         handle_address(a.dirty_bitmap) == handle_address(b.dirty_bitmap);
}

// The caller's own, begun before or now.
int begin(Domain* domain, const xen_domctl_shadow_op& op) {
  MmGuard guard;
  LogDirty* log = domain->mm.log_dirty;
  if (log == nullptr) return -XEN_EINVAL;
  if (log->failed) return -XEN_ENOMEM;
  auto& step = log->step;
  if (step.caller == nullptr) step = {current(), op, 0, 0};
  return step.caller == current() && same_request(step.request, op) ? 0 : -XEN_EBUSY;
}

// One group; 0, or -XEN_EINVAL when log-dirty was switched off meanwhile.
int take_group(Domain* domain, const xen_domctl_shadow_op& op, u64* copy, Gfn& first, u64& count) {
  MmGuard guard;
  LogDirty* log = domain->mm.log_dirty;
  if (log == nullptr || log->step.caller != current()) return -XEN_EINVAL;
  const bool clean = op.op == XEN_DOMCTL_SHADOW_OP_CLEAN;
  log_dirty_mark_shared(domain, *log);
  // Who takes no bitmap need not wait for what is empty.
  if (handle_address(op.dirty_bitmap) == 0)
    log->step.next = min_of(dirty_next_group(log->bits, log->step.next), op.pages);
  first = log->step.next;
  count = min_of(op.pages - first, DirtyBits::kGroup);
  const u64 dirty = dirty_copy(log->bits, first, count, clean, copy);
  if (clean && dirty != 0) arch_translations_drop(domain);
  log->step.next += count;
  log->step.dirty += dirty;
  tell(domain, clean ? XS_LOG_DIRTY_CLEANED_GROUP : XS_LOG_DIRTY_PEEKED_GROUP, first / DirtyBits::kGroup,
       virt_to_frame(copy), count);
  return 0;
}

bool hand_over(const xen_domctl_shadow_op& op, const u64* copy, Gfn first, u64 count) {
  const Vaddr bitmap = handle_address(op.dirty_bitmap);
  return bitmap == 0 ||
         copy_to_guest(bitmap + first / kBitsPerByte, copy, (count + kBitsPerByte - 1) / kBitsPerByte);
}

// The caller has not got the group: nothing of it is lost.
void give_up(Domain* domain, const u64* copy, Gfn first) {
  MmGuard guard;
  LogDirty* log = domain->mm.log_dirty;
  if (log == nullptr || log->step.caller != current()) return;
  dirty_put_back(log->bits, first, copy);
  log->step.caller = nullptr;
}

int end(Domain* domain, xen_domctl_shadow_op& op) {
  MmGuard guard;
  LogDirty* log = domain->mm.log_dirty;
  if (log == nullptr || log->step.caller != current()) return -XEN_EINVAL;
  op.stats = {log->fault_count, log->dirty_count};
  const bool clean = op.op == XEN_DOMCTL_SHADOW_OP_CLEAN;
  if (clean) log->fault_count = log->dirty_count = 0;
  tell(domain, clean ? XS_LOG_DIRTY_CLEAN : XS_LOG_DIRTY_PEEK, 0, log->step.dirty, op.pages);
  log->step.caller = nullptr;
  return log->failed ? -XEN_ENOMEM : 0;
}

long report_groups(Domain* domain, xen_domctl_shadow_op& op, u64* copy) {
  Gfn first = 0;
  u64 count = 0;
  do {
    if (const int rc = take_group(domain, op, copy, first, count); rc != 0) return rc;
    if (!hand_over(op, copy, first, count)) {
      give_up(domain, copy, first);
      return -XEN_EFAULT;
    }
    if (first + count < op.pages && hypercall_preempt_check()) return -kRestart;
  } while (first + count < op.pages);
  return end(domain, op);
}

long report(Domain* domain, xen_domctl_shadow_op& op) {
  if (op.mode & ~u32{XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL}) return -XEN_EINVAL;
  op.pages = min_of(op.pages, P2m::kGfns);
  const Mfn mfn = alloc_frame();
  if (mfn == kInvalidMfn) return -XEN_ENOMEM;
  long rc = begin(domain, op);
  if (rc == 0) rc = report_groups(domain, op, static_cast<u64*>(frame_to_virt(mfn)));
  free_frame(mfn);
  return rc;
}
}  // namespace

long log_dirty_op(Domain* domain, xen_domctl_shadow_op& op) {
  if (domain == current()->domain || domain->dying) return -XEN_EINVAL;
  switch (op.op) {
    case XEN_DOMCTL_SHADOW_OP_OFF:
      return disable(domain);
    case XEN_DOMCTL_SHADOW_OP_ENABLE:
      return op.mode == XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY ? enable(domain) : -XEN_EOPNOTSUPP;
    case XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY:
      return enable(domain);
    case XEN_DOMCTL_SHADOW_OP_CLEAN:
    case XEN_DOMCTL_SHADOW_OP_PEEK:
      return report(domain, op);
    default:
      return -XEN_EOPNOTSUPP;
  }
}

}  // namespace hv
