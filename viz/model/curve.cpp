#include "viz/model/curve.h"

#include <algorithm>

namespace xs::viz {

void Curve::add(u64 time_ps, u64 value) {
  greatest_ = std::max(greatest_, value);
  if (!points_.empty()) {
    CurvePoint& last = points_.back();
    if (time_ps / span_ps_ <= last.time_ps / span_ps_) {
      last.time_ps = std::max(last.time_ps, time_ps);
      last.value = value;
      last.least = std::min(last.least, value), last.greatest = std::max(last.greatest, value);
      return;
    }
  }
  points_.push_back({time_ps, value, value, value});
  while (points_.size() > most_points) merge();
}

void Curve::merge() {
  span_ps_ *= 2;
  std::size_t kept = 0;
  for (std::size_t i = 1; i < points_.size(); ++i) {
    CurvePoint& into = points_[kept];
    const CurvePoint& p = points_[i];
    if (p.time_ps / span_ps_ != into.time_ps / span_ps_) {
      points_[++kept] = p;
      continue;
    }
    into.time_ps = p.time_ps, into.value = p.value;
    into.least = std::min(into.least, p.least), into.greatest = std::max(into.greatest, p.greatest);
  }
  points_.resize(kept + 1);
}

u64 Curve::at(u64 time_ps) const {
  const auto beyond = std::upper_bound(points_.begin(), points_.end(), time_ps,
                                       [](u64 t, const CurvePoint& p) { return t < p.time_ps; });
  return beyond == points_.begin() ? 0 : (beyond - 1)->value;
}

}  // namespace xs::viz
