#include "viz/model/transport.h"

#include <algorithm>

namespace xs::viz {

void Transport::play() {
  following_ = false;
  if (moment_ >= recording_.events()) moment_ = 0;  // from the beginning, as players do
  playing_ = true;
  play_ps_ = static_cast<double>(recording_.time_at(moment_));
}

void Transport::go(u64 moment) {
  stand();
  moment_ = std::min(moment, recording_.events());
}

void Transport::advance(double seconds) {
  if (following_) moment_ = recording_.events();
  if (!playing_) return;
  play_ps_ += seconds * speed_ * 1e12;
  moment_ = std::max(moment_, recording_.moment_at(static_cast<u64>(play_ps_)));
  if (moment_ >= recording_.events()) stand();
}

u64 Transport::next_hypercall(bool forward) const {
  const auto& all = recording_.activities();
  const auto before = [](const Activity& a, u64 m) { return a.event < m; };
  auto at = std::lower_bound(all.begin(), all.end(), moment_, before);
  if (forward) {
    at = std::find_if(at, all.end(), [](const Activity& a) { return a.kind == ActivityKind::hypercall; });
    return at == all.end() ? recording_.events() : at->event + u64{1};
  }
  // The one whose event is the last of the moment is where we stand.
  while (at != all.begin()) {
    --at;
    if (at->kind == ActivityKind::hypercall && at->event + u64{1} < moment_) return at->event + u64{1};
  }
  return 0;
}

u64 Transport::next_step(bool forward) const {
  u64 last = 0;
  for (const StepSpan& s : recording_.steps()) {
    const u64 moment = s.first_event + u64{1};
    if (forward && moment > moment_) return moment;
    if (moment < moment_) last = moment;
  }
  return forward ? recording_.events() : last;
}

void Transport::stride(Stride what, bool forward) {
  switch (what) {
    case Stride::event:
      return go(forward ? moment_ + 1 : moment_ - std::min<u64>(moment_, 1));
    case Stride::change:
      return go(forward ? recording_.next_change(moment_) : recording_.previous_change(moment_));
    case Stride::hypercall:
      return go(next_hypercall(forward));
    case Stride::step:
      return go(next_step(forward));
  }
}

}  // namespace xs::viz
