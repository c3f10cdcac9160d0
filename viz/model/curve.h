// A number over time, kept within a bounded number of points: when they get too many, neighbours are merged.
#pragma once
#include <vector>

#include "sim/core/types.h"

namespace xs::viz {

/// Of one span of time: the value at its end, and the least and greatest in it.
struct CurvePoint {
  u64 time_ps = 0;  ///< of its last change
  u64 value = 0, least = 0, greatest = 0;
};

class Curve {
 public:
  static constexpr std::size_t most_points = 4096;

  /// Times need not ascend strictly: an earlier one counts as the last one's.
  void add(u64 time_ps, u64 value);
  /// What it was at that time (to the precision of its points); 0 before the first.
  u64 at(u64 time_ps) const;
  u64 last() const { return points_.empty() ? 0 : points_.back().value; }
  u64 greatest() const { return greatest_; }
  const std::vector<CurvePoint>& points() const { return points_; }

 private:
  void merge();

  std::vector<CurvePoint> points_;
  u64 span_ps_ = 1'000'000;  ///< points nearer than this are one
  u64 greatest_ = 0;
};

}  // namespace xs::viz
