#include "viz/live/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/observe/grants.h"
#include "sim/observe/names.h"

namespace xs::viz {
namespace {

using observe::EventFields;
using observe::EventHead;
using observe::EventKind;

constexpr auto refresh_every = std::chrono::milliseconds(15);

// What was read from a published P2M later on has happened before, on no CPU in particular.
bool is_superpage_change(const EventHead& head) {
  constexpr u8 no_cpu = 255;
  return head.kind == EventKind::p2m_run && head.cpu != no_cpu;
}

bool is_change(const EventHead& head, const EventFields& f) {
  const EventKind kind = head.kind;
  return kind == EventKind::frame_owner || kind == EventKind::frame_type || kind == EventKind::m2p ||
         kind == EventKind::p2m || is_superpage_change(head) ||
         (kind == EventKind::grant && observe::is_mapping(f[2]));
}

bool matches(const std::optional<u64>& wanted, u64 is) { return !wanted || *wanted == is; }
bool matches(const std::optional<u32>& wanted, u64 is) { return !wanted || *wanted == is; }

std::optional<observe::GrantUse> grant_use(const EventHead& head, const EventFields& f) {
  if (head.kind != EventKind::grant) return std::nullopt;
  return observe::decode_grant(f[1], f[2], f[0]);
}

bool hits_grant(const Breakpoint& b, const EventHead& head, const EventFields& f) {
  const auto use = grant_use(head, f);
  return use && matches(b.number, use->ref) &&
         (!b.domid || *b.domid == use->granter || *b.domid == use->user);
}

// Of one entry, or of a superpage's.
bool hits_p2m(const Breakpoint& b, const EventHead& head, const EventFields& f) {
  if (!matches(b.domid, f[0])) return false;
  if (is_superpage_change(head)) return !b.number || *b.number - f[1] < f[3];
  return head.kind == EventKind::p2m && matches(b.number, f[1]);
}

bool hits(const Breakpoint& b, const EventHead& head, const EventFields& f, u64 steps_ended) {
  if (!b.enabled) return false;
  switch (b.on) {
    case Breakpoint::On::frame_owner:
      return head.kind == EventKind::frame_owner && matches(b.number, f[0]) &&
             (!b.domid || *b.domid == f[1] || *b.domid == f[2]);
    case Breakpoint::On::p2m_entry:
      return hits_p2m(b, head, f);
    case Breakpoint::On::domain_state:
      return head.kind == EventKind::domain_state && matches(b.number, f[1]) && matches(b.domid, f[0]);
    case Breakpoint::On::step_end:
      return head.kind == EventKind::step_end && matches(b.number, steps_ended);
    case Breakpoint::On::grant:
      return hits_grant(b, head, f);
    case Breakpoint::On::time:
      return false;  // breathe() looks at the clock
    case Breakpoint::On::caption:
      return head.kind == EventKind::note && f[0] == u64{static_cast<u8>(observe::NoteKind::caption)};
  }
  return false;
}

std::string hit_text(const EventHead& head, const EventFields& f) {
  if (head.kind == EventKind::frame_owner)
    return fmt::format("frame {:#x}: owner {} → {}", f[0], observe::owner_name(static_cast<u32>(f[1])),
                       observe::owner_name(static_cast<u32>(f[2])));
  if (head.kind == EventKind::p2m) return fmt::format("P2M of dom{}: entry {:#x} changes", f[0], f[1]);
  if (head.kind == EventKind::p2m_run)
    return fmt::format("P2M of dom{}: {} entries from {:#x} on change", f[0], f[3], f[1]);
  if (const auto use = grant_use(head, f))
    return fmt::format("grant: {} by dom{}, reference {} of dom{}, frame {:#x}",
                       observe::grant_use_name(use->use), use->user, use->ref, use->granter, use->mfn);
  if (head.kind == EventKind::note) return "a caption; Run goes on";
  if (head.kind == EventKind::step_end) return "a step has ended";
  return fmt::format("dom{} is {}", f[0], observe::domain_state_name(static_cast<unsigned>(f[1])));
}

}  // namespace

void Gate::pause() {
  const std::lock_guard lock(mutex_);
  paused_ = true;
  attention_ = true;
  changed_.notify_all();  // it may be waiting for the user's speed
}

void Gate::run(double speed) {
  const std::lock_guard lock(mutex_);
  step_instruction_ = false;
  watch_ &= unsigned{watch_breakpoints};
  speed_ = speed;
  speed_new_ = true;
  let_go();
}

/// Who asks from now on is told that it runs, even if its thread has not yet woken up.
void Gate::let_go() {
  paused_ = false;
  if (status_.state == RunState::paused) status_ = {RunState::running, "", 0};
  attention_ = true;
  changed_.notify_all();
}

void Gate::step(RunStep what) {
  const std::lock_guard lock(mutex_);
  if (what == RunStep::instruction)
    step_instruction_ = true;
  else
    watch_ |= what == RunStep::hypercall ? watch_hypercall : watch_change;
  speed_ = 0;
  let_go();
}

void Gate::set_breakpoints(std::vector<Breakpoint> breakpoints) {
  const std::lock_guard lock(mutex_);
  breakpoints_ = std::move(breakpoints);
  find_next_stop();
  if (breakpoints_.empty())
    watch_ &= ~unsigned{watch_breakpoints};
  else
    watch_ |= watch_breakpoints;
}

void Gate::find_next_stop() {
  u64 next = ~u64{0};
  for (const Breakpoint& b : breakpoints_)
    if (b.enabled && b.on == Breakpoint::On::time && b.number && (!passed_ps_ || *b.number > *passed_ps_))
      next = std::min(next, *b.number);
  stop_at_ps_ = next;
}

void Gate::type(const std::string& line) {
  const std::lock_guard lock(mutex_);
  typed_.push_back(line);
}

std::string Gate::take_line() {
  const std::lock_guard lock(mutex_);
  if (typed_.empty()) return {};
  std::string line = std::move(typed_.front());
  typed_.pop_front();
  return line;
}

void Gate::wish(const ImageWish& wish) {
  const std::lock_guard lock(mutex_);
  if (wish_ == wish) return;
  wish_ = wish;
  attention_ = true;
  changed_.notify_all();  // who waits makes the image at once
}

void Gate::end() {
  const std::lock_guard lock(mutex_);
  ending_ = true;
  attention_ = true;
  changed_.notify_all();
}

RunStatus Gate::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

MachineImage Gate::image() const {
  const std::lock_guard lock(mutex_);
  return image_;
}

void Gate::keep_image() {
  const std::lock_guard lock(mutex_);
  kept_ = true;
}

void Gate::look_last() {
  std::unique_lock lock(mutex_);
  if (look_) refresh(lock, true);
}

void Gate::serve(Look look, std::function<void()> flush) {
  const std::lock_guard lock(mutex_);
  look_ = std::move(look), flush_ = std::move(flush);
}

// The machine stands still meanwhile, the user's thread need not.
void Gate::refresh(std::unique_lock<std::mutex>& lock, bool still) {
  const ImageWish wish = wish_;
  lock.unlock();
  flush_();
  MachineImage image = look_(wish, still);
  lock.lock();
  if (!kept_) image_ = std::move(image);
  refreshed_ = Clock::now();
}

void Gate::keep_speed(std::unique_lock<std::mutex>& lock, u64 now_ps) {
  if (speed_new_) speed_from_ps_ = now_ps, speed_from_ = Clock::now();
  speed_new_ = false;
  while (speed_ > 0 && !paused_ && !ending_ && !speed_new_) {
    const double ahead_s = static_cast<double>(now_ps - speed_from_ps_) * 1e-12 / speed_;
    const auto due = speed_from_ + std::chrono::duration_cast<Clock::duration>(
                                       std::chrono::duration<double>(std::min(ahead_s, 1e6)));
    if (Clock::now() >= due) return;
    changed_.wait_until(lock, due);
  }
}

bool Gate::breathe(u64 now_ps) {
  if (now_ps < stop_at_ps_ && !attention_ && Clock::now() - refreshed_ < refresh_every) return false;
  std::unique_lock lock(mutex_);
  attention_ = false;
  if (ending_) return false;
  if (now_ps >= stop_at_ps_) paused_ = true;
  passed_ps_ = now_ps;
  find_next_stop();
  refresh(lock, false);
  keep_speed(lock, now_ps);
  if (speed_ > 0) attention_ = true;  // asked again at the next quantum's end
  return paused_ || step_instruction_;
}

bool Gate::hold(const std::string& why) {
  std::unique_lock lock(mutex_);
  paused_ = true;
  step_instruction_ = false;
  watch_ &= unsigned{watch_breakpoints};
  ImageWish shown;
  for (bool first = true; paused_ && !ending_; first = false) {
    if (first || !(shown == wish_)) {
      shown = wish_;
      refresh(lock, true);  // the user's thread may say something meanwhile: all is asked again
      if (first) status_ = {RunState::paused, why, 0};
      continue;
    }
    // Let go and paused again before it woke up: it stands as before.
    if (status_.state == RunState::running) status_ = {RunState::paused, "paused", 0};
    changed_.wait(lock);
  }
  if (status_.state == RunState::paused) status_ = {RunState::running, "", 0};
  speed_new_ = true;
  return std::exchange(step_instruction_, false) && !ending_;
}

bool Gate::stops_at(const EventHead& head, const EventFields& fields, std::string& why) {
  const unsigned watch = watch_;
  if (head.kind == EventKind::step_end) ++steps_ended_;
  if (watch == 0) return false;
  if ((watch & watch_change) && is_change(head, fields)) {
    why = "a frame has changed";
    return true;
  }
  if ((watch & watch_hypercall) && (head.kind == EventKind::op_begin || head.kind == EventKind::op_end)) {
    why = fmt::format("{} {}", observe::operation_name(fields[1]),
                      head.kind == EventKind::op_begin ? "begins" : "ends");
    return true;
  }
  if (!(watch & watch_breakpoints)) return false;
  const std::lock_guard lock(mutex_);
  const auto hit = std::find_if(breakpoints_.begin(), breakpoints_.end(),
                                [&](const Breakpoint& b) { return hits(b, head, fields, steps_ended_); });
  if (hit == breakpoints_.end()) return false;
  why = "breakpoint: " + hit_text(head, fields);
  return true;
}

void Gate::ended(const std::string& text, int exit_code) {
  const std::lock_guard lock(mutex_);
  status_ = {RunState::ended, text, exit_code};
}

}  // namespace xs::viz
