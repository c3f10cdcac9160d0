#include "viz/model/recording.h"

#include <algorithm>

namespace xs::viz {
namespace {

using observe::Event;
using observe::EventKind;

constexpr u64 events_a_mark = 256;

bool is_domain(u64 owner) { return owner < XS_OWNER_XEN; }
/// A trace may name owners that no hypervisor has: of those no account is kept.
bool is_owner(u64 owner) { return owner <= XS_OWNER_NONE; }

}  // namespace

const char* activity_name(ActivityKind kind) {
  static constexpr const char* names[activity_kinds] = {"hypercall", "fault",     "interrupt", "event",
                                                        "bounce",    "TLB flush", "shadow",    "flip",
                                                        "domain",    "balloon"};
  return names[static_cast<unsigned>(kind)];
}

Recording::Recording(const std::string& file)
    : file_(file), trace_(file), newest_(trace_.header().ram), sources_{""} {
  time_marks_.push_back(0);
  curves_[XS_OWNER_NONE].frames.add(0, newest_.ram().frames());
  trace_.events_between(0, most_events, [this](u64 number, const Event& event) {
    take(number, event);
    return true;
  });
}

bool Recording::follow() {
  if (!trace_.refresh()) return false;
  const u64 before = events_;
  trace_.events_between(before, most_events, [this](u64 number, const Event& event) {
    take(number, event);
    return true;
  });
  return events_ != before;
}

void Recording::take(u64 number, const Event& event) {
  if (number != 0 && number % events_a_mark == 0) time_marks_.push_back(newest_.time_ps());
  switch (event.kind) {
    case EventKind::frame_owner:
    case EventKind::frame_type:
    case EventKind::m2p:
      take_change(event, event.a);
      break;
    case EventKind::p2m:
      take_change(event, event.d != invalid_frame ? event.d : event.c);
      break;
    case EventKind::grant:
      take_grant(event);
      break;
    case EventKind::op_begin:
    case EventKind::op_end:
      take_operation(event);
      break;
    case EventKind::note:
      take_note(event);
      break;
    case EventKind::console:
    case EventKind::step_begin:
    case EventKind::step_end:
      take_text(event);
      break;
    default:
      take_point(event);
  }
  newest_.apply(event);
  events_ = number + 1;
  note_owners(event);
}

void Recording::take_change(const Event& event, u64 mfn) {
  const u32 frame = newest_.ram().index(mfn);
  if (frame == observe::RamMap::none) return;  // a P2M may name what is no RAM
  const auto open = open_.find(newest_.running(event.cpu));
  const bool caused = open != open_.end() && !open->second.empty();
  changes_.push_back({event.time_ps, static_cast<u32>(events_), frame,
                      caused ? static_cast<u32>(open->second.back().activity) : Change::none});
  if (event.kind == EventKind::frame_owner) flipped_.erase(mfn);  // what comes now is the new owner's
  if (event.kind == EventKind::frame_owner && is_domain(event.b) && is_domain(event.c)) take_flip(event);
  if (event.kind != EventKind::m2p) return;
  const auto flipped = flipped_.find(mfn);
  if (flipped == flipped_.end() || event.c >= XS_M2P_SHARED) return;
  flips_[flipped->second].to_gfn = event.c;
  flipped_.erase(flipped);
}

void Recording::take_flip(const Event& event) {
  add(event, ActivityKind::flip, event.c << 16, event.a);
  const u64 gfn = newest_.frame(newest_.ram().index(event.a)).gfn;
  flipped_[event.a] = flips_.size();
  flips_.push_back({event.time_ps, static_cast<u32>(events_), static_cast<u32>(event.b),
                    static_cast<u32>(event.c), event.a, gfn < XS_M2P_SHARED ? gfn : invalid_frame,
                    invalid_frame, ~u64{0}});
}

// A transfer is told behind the change of owner.
void Recording::take_grant(const Event& event) {
  if (observe::is_mapping(event.c)) return take_change(event, event.a);
  const auto use = observe::decode_grant(event.b, event.c, event.a);
  if (!use || !observe::is_move(*use) || flips_.empty()) return;
  Flip& last = flips_.back();
  const u32 to = observe::owner_after(*use), from = to == use->user ? use->granter : use->user;
  if (last.mfn == use->mfn && last.from == from && last.to == to) last.reference = use->ref;
}

// The stack is the state's; here is which activity stands for each of its operations.
void Recording::take_operation(const Event& event) {
  const auto known = newest_.vcpus().find(event.a);
  static const std::vector<observe::OpenOperation> none;
  const auto& stack = known == newest_.vcpus().end() ? none : known->second;
  const bool begins = event.kind == EventKind::op_begin;
  const std::size_t ended =
      begins ? observe::ended_by_begin(stack, event.b) : observe::ended_by_end(stack, event.b);
  end_operations(event, ended);
  if (!begins) return;
  std::vector<Open>& open = open_[event.a];
  open.push_back({activities_.size(), newest_.owned(observe::dv_domid(event.a))});
  add(event, ActivityKind::hypercall, event.a, event.b);
  activities_.back().depth = static_cast<u8>(std::min<std::size_t>(open.size() - 1, 255));
}

/// A memory operation by which the caller itself has got more frames or fewer is a step of its balloon.
void Recording::end_operations(const Event& event, std::size_t ended) {
  std::vector<Open>& open = open_[event.a];
  const bool returns = event.kind == EventKind::op_end;  // else it never did: a point
  for (std::size_t i = 0; i < ended && !open.empty(); ++i, open.pop_back()) {
    Activity& a = activities_[open.back().activity];
    if (!returns) continue;
    a.end_ps = std::max(a.begin_ps, event.time_ps);
    const u64 more = newest_.owned(observe::dv_domid(event.a)) - open.back().owned;
    if (observe::is_memory_operation(a.what) && more != 0) add(event, ActivityKind::balloon, event.a, more);
  }
}

void Recording::take_point(const Event& event) {
  const u64 running = newest_.running(event.cpu);
  switch (event.kind) {
    case EventKind::trap:
      return add(event, ActivityKind::fault, running, event.a);
    case EventKind::interrupt:
      return add(event, ActivityKind::interrupt, running, event.a);
    case EventKind::event_send:
      return add(event, ActivityKind::event, event.a, event.b);
    case EventKind::bounce:
      return add(event, ActivityKind::bounce, event.a, event.b);
    case EventKind::tlb_flush:
      return add(event, ActivityKind::flush, running, event.b);
    case EventKind::shadow:
      return add(event, ActivityKind::shadow, event.a, event.b);
    case EventKind::domain_state:
      return add(event, ActivityKind::life, event.a << 16, event.b);
    default:
      return;
  }
}

void Recording::add(const Event& event, ActivityKind kind, u64 dv, u64 what) {
  Activity a;
  a.begin_ps = a.end_ps = event.time_ps;
  a.what = what;
  a.dv = static_cast<u32>(dv);
  a.event = static_cast<u32>(events_);
  a.kind = kind;
  a.cpu = event.cpu;
  activities_.push_back(a);
}

u32 Recording::source(u32 string) {
  const auto [it, added] = source_of_string_.emplace(string, static_cast<u32>(sources_.size()));
  if (added) sources_.push_back(newest_.string(string));
  return it->second;
}

void Recording::take_note(const Event& event) {
  if (steps_.empty()) return;
  const auto kind = static_cast<observe::NoteKind>(event.a);
  if (kind == observe::NoteKind::caption) steps_.back().caption = event.text;
  if (kind == observe::NoteKind::view) steps_.back().view = event.text;
}

void Recording::take_text(const Event& event) {
  const u32 number = static_cast<u32>(events_);
  if (event.kind == EventKind::console) {
    lines_.push_back({event.time_ps, number, source(static_cast<u32>(event.a)), std::string(event.text)});
    take_target(event);
  } else if (event.kind == EventKind::step_begin) {
    steps_.push_back({newest_.string(event.a), event.time_ps, 0, number, number, false, {}, {}});
  } else if (!steps_.empty()) {
    StepSpan& step = steps_.back();
    step.end_ps = event.time_ps, step.last_event = number, step.passed = event.b == 1;
  }
}

void Recording::take_target(const Event& event) {
  if (newest_.string(event.a) != "operator") return;
  const std::optional<BalloonTarget> target = targets_.line(event.text);
  if (!target) return;
  for (const auto& [domid, record] : newest_.domains())
    if (std::to_string(domid) == target->domain ||
        (newest_.string(record.name) == target->domain && record.state != XS_DOM_DEAD))
      curves_[domid].target.add(event.time_ps, target->frames);
}

void Recording::note_owners(const Event& event) {
  const u64 time = newest_.time_ps();
  if (event.kind == EventKind::frame_owner) {
    for (const u64 owner : {event.b, event.c})
      if (is_owner(owner))
        curves_[static_cast<u32>(owner)].frames.add(time, newest_.owned(static_cast<u32>(owner)));
  } else if (event.kind == EventKind::op_begin) {
    const u32 domid = observe::dv_domid(event.a);
    const auto d = newest_.domains().find(domid);
    if (d != newest_.domains().end()) curves_[domid].hypercalls.add(time, d->second.hypercalls);
  } else if (event.kind == EventKind::trap) {
    const u64 dv = newest_.running(event.cpu);
    if (dv == observe::idle_dv || !newest_.domains().contains(observe::dv_domid(dv))) return;
    Curve& faults = curves_[observe::dv_domid(dv)].faults;
    faults.add(time, faults.last() + 1);
  }
}

u64 Recording::moment_at(u64 time_ps) const {
  // The first mark beyond the time: the event that is later lies before it, and behind the mark before.
  const auto mark = std::upper_bound(time_marks_.begin() + 1, time_marks_.end(), time_ps);
  const u64 from = static_cast<u64>(mark - time_marks_.begin() - 1) * events_a_mark;
  u64 moment = events_;
  trace_.events_between(from, events_, [&](u64 number, const Event& event) {
    if (event.time_ps <= time_ps) return true;
    moment = number;
    return false;
  });
  return moment;
}

u64 Recording::time_at(u64 moment) const {
  const u64 mark = std::min<u64>(moment / events_a_mark, time_marks_.size() - 1);
  u64 time = time_marks_[mark];
  trace_.events_between(mark * events_a_mark, moment, [&](u64, const Event& event) {
    time = std::max(time, event.time_ps);
    return true;
  });
  return time;
}

u64 Recording::next_change(u64 moment) const {
  const auto next = std::lower_bound(changes_.begin(), changes_.end(), moment,
                                     [](const Change& c, u64 m) { return c.event < m; });
  return next == changes_.end() ? events_ : next->event + u64{1};
}

u64 Recording::previous_change(u64 moment) const {
  const auto next = std::lower_bound(changes_.begin(), changes_.end(), moment,
                                     [](const Change& c, u64 m) { return c.event < m; });
  return next == changes_.begin() ? 0 : (next - 1)->event;
}

}  // namespace xs::viz
