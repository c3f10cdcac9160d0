// The monitor of log-dirty: a page that has changed since the last report of it is in this one.
//
//     ENABLE, a group cleaned    what each page has in it is remembered
//     a group reported           what has changed since, or has come, must be among the bits
//
// The marks are given where nothing may write unseen: who has written before is in this report, who writes
// then in the next one. A report may say more; how much more, counters tell.
#include <fmt/format.h>

#include <cstring>
#include <span>

#include "sim/observe/hash.h"
#include "sim/observe/observer_impl.h"

namespace xs::observe {
namespace {

constexpr u64 group_pages = XS_LOG_DIRTY_PAGES_PER_GROUP;

/// The bits of a report, where the hypervisor has them.
class ReportBits {
 public:
  explicit ReportBits(const u8* at) : at_(at) {}
  bool operator[](u64 page) const { return at_[page / 8] >> page % 8 & 1; }

 private:
  const u8* at_;
};

}  // namespace

/// Memory of the domain's with its own place in it; pages of the hypervisor's are sent by other ways.
void Observer::Impl::each_logged_page(u32 domid, u64 first, u64 count,
                                      const std::function<void(u64 gfn, u64 mfn)>& fn) const {
  for (u32 index = 0; index < state_->ram().frames(); ++index) {
    const FrameState& f = state_->frame(index);
    if (f.owner != domid || f.gfn - first >= count || type_of_bits(f.type_bits) == XS_FRAME_SHARED) continue;
    if ((counts_[index].count_info & XS_COUNT_ALLOCATED) != 0) fn(f.gfn, state_->ram().mfn(index));
  }
}

u64 Observer::Impl::page_digest(u64 mfn) const {
  const u8* at = memory->host(mfn << frame_shift);
  return at ? word_hash({at, frame_size}) : 0;
}

void Observer::Impl::check_dirty_group(const CpuView& view, u32 domid, u64 group, u64 bits, u64 count,
                                       bool clean) {
  const auto log = dirty_logs.find(domid);
  const u8* const at = memory->host(bits << frame_shift);
  if (log == dirty_logs.end() || !at || count > group_pages) return void(++counters.rejected);
  const ReportBits reported(at);
  const u64 first = group * group_pages;
  std::unordered_map<u64, u64>& known = log->second.digests;
  std::unordered_map<u64, u64> now;
  each_logged_page(domid, first, count, [&](u64 gfn, u64 mfn) {
    const u64 digest = page_digest(mfn);
    const auto before = known.find(gfn);
    const bool same = before != known.end() && before->second == digest;
    if (!same && !reported[gfn - first]) dirty_missed(view, domid, {gfn, mfn, before == known.end()});
    counters.log_dirty_changed += !same && clean;
    now.emplace(gfn, digest);
  });
  if (!clean) return;
  std::erase_if(known, [&](const auto& page) { return page.first - first < count; });
  known.merge(now);
}

void Observer::Impl::dirty_missed(const CpuView& view, u32 domid, const UnreportedPage& page) {
  const u32 index = state_->ram().index(page.mfn);
  isolation_broken(
      {Invariant::dirty, page.mfn,
       fmt::format("page {:#x} of {}, frame {:#x}, {} since log-dirty was last asked, and is not "
                   "reported; {}; {}",
                   page.gfn, state_->domain_label(domid), page.mfn, page.is_new ? "has come" : "has changed",
                   here(view, view.caller()), last_change(index))});
}

void Observer::Impl::mark_log_dirty(const CpuView& view, u64 what, u64 b, u64 c) {
  const u32 domid = static_cast<u16>(what);
  const u64 group = what >> XS_LOG_DIRTY_GROUP_SHIFT;
  const auto kind = static_cast<xs_log_dirty>(what >> XS_LOG_DIRTY_WHAT_SHIFT & 0xffff);
  switch (kind) {
    case XS_LOG_DIRTY_CLEANED_GROUP:
    case XS_LOG_DIRTY_PEEKED_GROUP:
      if (options.isolation_monitor)
        check_dirty_group(view, domid, group, b, c, kind == XS_LOG_DIRTY_CLEANED_GROUP);
      return;
    case XS_LOG_DIRTY_ENABLE:
      dirty_logs[domid] = {};
      if (options.isolation_monitor)
        each_logged_page(domid, 0, invalid_frame,
                         [&](u64 gfn, u64 mfn) { dirty_logs[domid].digests.emplace(gfn, page_digest(mfn)); });
      break;
    case XS_LOG_DIRTY_OFF:
      dirty_logs.erase(domid);
      break;
    case XS_LOG_DIRTY_CLEAN:
    case XS_LOG_DIRTY_PEEK:
      ++counters.log_dirty_reports;
      if (kind == XS_LOG_DIRTY_CLEAN) counters.log_dirty_pages += b;
      break;
    default:
      return void(++counters.rejected);
  }
  record(event_at(view, EventKind::log_dirty, domid, kind, b, c));
}

}  // namespace xs::observe
