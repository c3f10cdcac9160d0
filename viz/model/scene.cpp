#include "viz/model/scene.h"

#include <algorithm>

namespace xs::viz {

Scene::Scene(const Recording& recording)
    : recording_(recording),
      state_(std::make_unique<observe::TraceState>(recording.header().ram)),
      last_change_(recording.header().ram.frames(), never),
      is_changed_(recording.header().ram.frames(), false) {}

void Scene::show(u64 moment) {
  moment = std::min(moment, recording_.events());
  if (moment == moment_) return;
  u64 begins = 0;
  // A leap forwards, too, is shorter from a keyframe when there is one on the way.
  constexpr u64 leap = 200'000;
  if (moment < moment_ || moment - moment_ > leap) {
    auto state = recording_.trace().keyframe_before(moment, begins);
    if (moment < moment_ || (state && begins > moment_)) {
      state_ = state ? std::move(state) : std::make_unique<observe::TraceState>(recording_.header().ram);
      moment_ = begins;
      std::fill(last_change_.begin(), last_change_.end(), never);
      all_changed_ = true;
      noted_ = 0;
    }
  }
  forward(moment);
}

void Scene::forward(u64 moment) {
  recording_.trace().events_between(moment_, moment, [this](u64 number, const observe::Event& event) {
    state_->apply(event);
    moment_ = number + 1;
    return true;
  });
  const auto& changes = recording_.changes();
  const auto before = [](const Change& c, u64 m) { return c.event < m; };
  auto at = std::lower_bound(changes.begin(), changes.end(), noted_, before);
  for (; at != changes.end() && at->event < moment; ++at) {
    last_change_[at->frame] = at->time_ps;
    mark(at->frame);
  }
  noted_ = moment;
}

void Scene::mark(u32 frame) {
  if (all_changed_ || is_changed_[frame]) return;
  is_changed_[frame] = true;
  changed_.push_back(frame);
}

Scene::Changed Scene::take_changed() {
  Changed out{all_changed_, std::move(changed_)};
  for (const u32 frame : out.frames) is_changed_[frame] = false;
  changed_.clear();
  all_changed_ = false;
  return out;
}

std::vector<observe::DomainInfo> Scene::domains() const {
  std::vector<observe::DomainInfo> out;
  for (const auto& [domid, record] : state_->domains()) out.push_back(state_->domain_info(domid));
  return out;
}

}  // namespace xs::viz
