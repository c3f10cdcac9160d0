#include "viz/model/links.h"

#include <algorithm>
#include <map>

namespace xs::viz {
namespace {

u64 gfn_of(const observe::FrameState& frame) { return frame.gfn < XS_M2P_SHARED ? frame.gfn : invalid_frame; }

bool goes_on(u64 last, u64 count, u64 next) {
  return last == invalid_frame ? next == invalid_frame : next == last + count;
}

void append(std::vector<Link>& all, const Link& next) {
  if (!all.empty()) {
    Link& last = all.back();
    if (last.from == next.from && last.to == next.to && last.write == next.write &&
        next.mfn == last.mfn + last.count && goes_on(last.reference, last.count, next.reference) &&
        goes_on(last.from_gfn, last.count, next.from_gfn) && goes_on(last.to_gfn, last.count, next.to_gfn)) {
      ++last.count;
      last.time_ps = next.time_ps, last.moment = next.moment;
      return;
    }
  }
  all.push_back(next);
}

}  // namespace

std::vector<Link> flips_between(const Recording& recording, u64 from_moment, u64 to_moment) {
  std::vector<Link> out;
  const auto& flips = recording.flips();
  auto at = std::lower_bound(flips.begin(), flips.end(), from_moment,
                             [](const Flip& f, u64 moment) { return f.event < moment; });
  for (; at != flips.end() && at->event < to_moment; ++at)
    append(out, {Link::Kind::flip, at->from, at->to, at->from_gfn, at->to_gfn, at->mfn, 1, at->time_ps,
                 at->event + u64{1}, at->reference, false});
  return out;
}

std::vector<Link> foreign_entries(const observe::TraceState& state) {
  std::vector<Link> out;
  for (const auto& [domid, record] : state.domains())
    record.p2m.for_each([&, to = domid](u64 gfn, u64 mfn) {
      const u32 index = state.ram().index(mfn);
      if (index == observe::RamMap::none) return;
      const observe::FrameState& frame = state.frame(index);
      if (frame.owner == to || frame.owner >= XS_OWNER_XEN) return;
      if (state.grants().of_user(to, mfn, frame.owner).shown.all() != 0) return;
      append(out, {Link::Kind::foreign, frame.owner, to, gfn_of(frame), gfn, mfn, 1, 0, 0, ~u64{0}, false});
    });
  return out;
}

std::vector<Link> granted_frames(const observe::TraceState& state) {
  std::map<std::pair<u32, u64>, u64> places;  // user, frame -> GFN
  for (const auto& [key, grant] : state.grants().all()) places[{key.user, grant.mfn}] = invalid_frame;
  for (const auto& [domid, record] : state.domains()) {
    const auto first = places.lower_bound({domid, 0});
    if (first == places.end() || first->first.first != domid) continue;
    record.p2m.for_each([&, user = domid](u64 gfn, u64 mfn) {
      const auto place = places.find({user, mfn});
      if (place != places.end() && place->second == invalid_frame) place->second = gfn;
    });
  }
  std::vector<Link> out;
  for (const auto& [key, grant] : state.grants().all()) {
    const observe::FrameState& frame = state.frame(state.ram().index(grant.mfn));
    if (frame.owner != key.granter || key.user == key.granter) continue;
    append(out, {Link::Kind::grant, key.granter, key.user, gfn_of(frame), places.at({key.user, grant.mfn}),
                 grant.mfn, 1, 0, 0, key.ref, grant.writers() != 0});
  }
  return out;
}

}  // namespace xs::viz
