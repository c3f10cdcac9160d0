// What happened in a span of time, counted for as many columns as a picture of it has.
#pragma once
#include <array>
#include <vector>

#include "viz/model/recording.h"

namespace xs::viz {

struct LaneColumn {
  std::array<u32, activity_kinds> count{};  ///< begun in it
  bool in_hypercall = false;                ///< one was open at some time of it
};

struct Lane {
  u32 domid = 0;
  std::vector<LaneColumn> columns;
};

/// A lane for each domain that did something, ascending, but no more than most_lanes; the hypervisor's idle
/// VCPUs are left out.
struct Timeline {
  u64 begin_ps = 0, end_ps = 0;  ///< [begin, end)
  std::vector<Lane> lanes;
  u32 column_at(u64 time_ps) const;
  u64 time_at(u32 column) const;  ///< where it begins
  u32 columns = 0;
};

inline constexpr std::size_t most_lanes = 256;

/// `columns` at least 1, end > begin.
Timeline timeline(const Recording& recording, u64 begin_ps, u64 end_ps, u32 columns);

/// The longest-known activities that touch [begin, end) on a domain's lane, latest first, at most `most`.
std::vector<const Activity*> activities_in(const Recording& recording, u32 domid, u64 begin_ps, u64 end_ps,
                                           std::size_t most);

/// Round steps for an axis: the least of 1, 2, 5 times a power of ten ps that is not below `least_ps`.
u64 axis_step(u64 least_ps);
/// "12.5 ms", "3 us": as short as it can be said exactly to a thousandth of its unit.
std::string short_time(u64 time_ps);

}  // namespace xs::viz
