#include "sim/platform/network/network_link.h"

#include <algorithm>

#include "sim/platform/device/rate.h"

namespace xs::platform {
namespace {

// What a frame takes of the wire beside its bytes: preamble 8, check sequence 4, gap 12; and no frame is
// shorter than 60 bytes (IEEE 802.3 section 3, 4.4.2).
constexpr u64 around_frame = 24, least_frame = 60;

}  // namespace

LocalLink::LocalLink(DeviceHost& host, LinkSettings settings, NetworkPort& to)
    : host_(host), settings_(settings), to_(to), timer_(host.make_timer([this] { deliver(); })) {}

u64 LocalLink::send(NetworkFrame frame) {
  const u64 bytes = std::max<u64>(frame.size(), least_frame) + around_frame;
  free_at_ps_ = std::max(host_.now_ps(), free_at_ps_) + ps_of(bytes, settings_.bytes_per_s);
  ++sent_;
  if (settings_.lose_every && sent_ % settings_.lose_every == 0) return ++lost_, free_at_ps_;
  on_the_way_.push_back({std::move(frame), free_at_ps_ + settings_.latency_ns * 1000});
  if (on_the_way_.size() == 1) timer_->arm(on_the_way_.front().due_ps);
  return free_at_ps_;
}

void LocalLink::deliver() {
  const u64 now = host_.now_ps();
  while (!on_the_way_.empty() && on_the_way_.front().due_ps <= now) {
    const NetworkFrame frame = std::move(on_the_way_.front().frame);
    on_the_way_.pop_front();
    to_.frame_arrived(frame);
  }
  if (!on_the_way_.empty()) timer_->arm(on_the_way_.front().due_ps);
}

}  // namespace xs::platform
