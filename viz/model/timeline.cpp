#include "viz/model/timeline.h"

#include <fmt/format.h>

#include <algorithm>

namespace xs::viz {
namespace {

/// Null: there are too many.
Lane* lane_of(Timeline& line, u32 domid) {
  const auto at = std::lower_bound(line.lanes.begin(), line.lanes.end(), domid,
                                   [](const Lane& l, u32 d) { return l.domid < d; });
  if (at != line.lanes.end() && at->domid == domid) return &*at;
  if (line.lanes.size() == most_lanes) return nullptr;
  return &*line.lanes.insert(at, Lane{domid, std::vector<LaneColumn>(line.columns)});
}

}  // namespace

u32 Timeline::column_at(u64 time_ps) const {
  if (time_ps <= begin_ps) return 0;
  const double part = static_cast<double>(time_ps - begin_ps) / static_cast<double>(end_ps - begin_ps);
  return std::min(static_cast<u32>(part * columns), columns - 1);
}

u64 Timeline::time_at(u32 column) const {
  return begin_ps +
         static_cast<u64>(static_cast<double>(end_ps - begin_ps) * column / static_cast<double>(columns));
}

Timeline timeline(const Recording& recording, u64 begin_ps, u64 end_ps, u32 columns) {
  Timeline out;
  out.begin_ps = begin_ps, out.end_ps = end_ps, out.columns = columns;
  for (const Activity& a : recording.activities()) {
    const u32 domid = observe::dv_domid(a.dv);
    if (domid == observe::idle_domid) continue;
    Lane* const lane = lane_of(out, domid);  // also for what is out of sight: lanes shall not come and go
    if (!lane || a.begin_ps >= end_ps || a.end_ps < begin_ps) continue;
    const u32 first = out.column_at(a.begin_ps);
    if (a.begin_ps >= begin_ps) ++lane->columns[first].count[static_cast<unsigned>(a.kind)];
    if (a.kind != ActivityKind::hypercall) continue;
    for (u32 c = first, last = out.column_at(a.end_ps); c <= last; ++c) lane->columns[c].in_hypercall = true;
  }
  return out;
}

std::vector<const Activity*> activities_in(const Recording& recording, u32 domid, u64 begin_ps, u64 end_ps,
                                           std::size_t most) {
  std::vector<const Activity*> out;
  const auto& all = recording.activities();
  for (auto a = all.rbegin(); a != all.rend() && out.size() < most; ++a)
    if (observe::dv_domid(a->dv) == domid && a->begin_ps < end_ps && a->end_ps >= begin_ps)
      out.push_back(&*a);
  return out;
}

u64 axis_step(u64 least_ps) {
  for (u64 step = 1; step < u64{1} << 60; step *= 10)
    for (const u64 factor : {1, 2, 5})
      if (step * factor >= least_ps) return step * factor;
  return u64{1} << 60;
}

std::string short_time(u64 time_ps) {
  static constexpr std::pair<u64, const char*> units[] = {
      {1'000'000'000'000, "s"}, {1'000'000'000, "ms"}, {1'000'000, "us"}, {1'000, "ns"}, {1, "ps"}};
  for (const auto& [size, name] : units)
    if (time_ps >= size)
      return fmt::format("{:.6g} {}", static_cast<double>(time_ps) / static_cast<double>(size), name);
  return "0";
}

}  // namespace xs::viz
