#include "tests/unit/scenario/fake_target.h"

namespace xs::scenario {

void FakeObservation::own(u32 owner, u64 mib) {
  for (auto& row : table.rows)
    if (row.owner == owner) {
      row.frames = row.by_type[XS_FRAME_WRITABLE] = mib * 256;
      return;
    }
  observe::OwnershipRow row;
  row.owner = owner;
  row.frames = row.by_type[XS_FRAME_WRITABLE] = mib * 256;
  table.rows.push_back(row);
}

void FakeTarget::later(u64 delay_ps, std::function<void()> what) {
  agenda_.insert({now_ + delay_ps, order_++, std::move(what)});
}

void FakeTarget::serial(u64 delay_ps, std::string bytes) {
  later(delay_ps, [this, bytes] { listener_->on_serial(bytes, now_); });
}

void FakeTarget::say(u64 delay_ps, std::string bytes) {
  later(delay_ps, [this, bytes] { listener_->on_operator(bytes, now_); });
}

void FakeTarget::emit(u64 delay_ps, Event event) {
  later(delay_ps, [this, event]() mutable {
    event.time_ps = now_;
    listener_->on_event(event);
  });
}

void FakeTarget::stop(u64 delay_ps, platform::StopReason reason, u32 value) {
  later(delay_ps, [this, reason, value] { stopped_ = true, reason_ = reason, exit_value_ = value; });
}

void FakeTarget::start(TargetListener& listener) {
  listener_ = &listener;
  if (prompt_at_boot) say(5 * ps_per_ms, "xl> ");
}

std::string FakeTarget::take_user_line() {
  if (user_lines.empty()) return {};
  std::string line = std::move(user_lines.front());
  user_lines.pop_front();
  return line;
}

void FakeTarget::type_operator(std::string_view bytes) {
  std::string line(bytes);
  if (!line.empty() && line.back() == '\n') line.pop_back();
  typed.push_back(line);
  if (on_command)
    on_command(line);
  else
    say(ps_per_ms, "= 0\nxl> ");
}

platform::StopReason FakeTarget::run_until(u64 deadline_ps) {
  paused_ = false;
  while (!agenda_.empty() && agenda_.begin()->time_ps <= deadline_ps) {
    const Item item = *agenda_.begin();
    agenda_.erase(agenda_.begin());
    now_ = std::max(now_, item.time_ps);
    item.what();
    if (stopped_) return reason_;
    if (paused_) return platform::StopReason::paused;
  }
  if (sleeps && agenda_.empty()) return platform::StopReason::deadlock;
  now_ = deadline_ps;
  return platform::StopReason::deadline;
}

}  // namespace xs::scenario
