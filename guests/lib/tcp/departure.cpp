// What is sent.
#include "guests/lib/tcp/connection.h"

namespace tcp {

bool Connection::sends_data() const {
  return is_open() && state_ != State::fin_wait_2 && state_ != State::time_wait;
}

bool Connection::has_unsent() const {
  return sends_data() && in_flight() < unsent_.size() + (fin_queued_ ? 1 : 0);
}

u32 Connection::fresh_window() const {
  const u32 most = 0xffffu << own_shift_;
  return min_of(received_.room(), most) >> own_shift_ << own_shift_;
}

// The end of the window never goes back, and goes on by much or not at all.
u32 Connection::window_to_announce() const {
  const u32 told = before(expected_, announced_) ? announced_ - expected_ : 0, fresh = fresh_window();
  const u32 least = min_of(received_.capacity() / 2, settings_.mss);
  if (!same_window_ && fresh >= told + least) return fresh;
  return min_of(told >> own_shift_ << own_shift_, fresh);
}

void Connection::emit(u32 sequence, u8 flags, const Pieces& contents) {
  Segment s;
  s.from = own_port_, s.to = other_port_;
  s.sequence = sequence;
  s.flags = flags;
  s.length = contents.length();
  if (flags & syn) {
    s.mss = static_cast<u16>(settings_.mss);
    if (scales_) s.shift = own_shift_;
  }
  if (state_ != State::syn_sent) {
    // A window in a SYN is not scaled (RFC 7323, 2.2).
    const u32 window = flags & syn ? min_of(received_.room(), 0xffffu) : window_to_announce();
    s.flags |= ack;
    s.acknowledged = expected_;
    s.window = static_cast<u16>(flags & syn ? window : window >> own_shift_);
    announced_ = expected_ + window;
    acknowledge_now_ = same_window_ = false;
    acknowledge_at_ = never;
    since_acknowledged_ = 0;
  } else {
    s.window = static_cast<u16>(min_of(received_.room(), 0xffffu));
  }
  totals_.sent++;
  sink_->emit(s, contents);
}

void Connection::sent(u32 sequence, u32 span, u64 now) {
  if (before(sequence, furthest_)) {
    totals_.retransmitted++;
    timing_ = false;
  } else if (!timing_) {
    timing_ = true;
    timed_ = sequence + span;
    timed_at_ = now;
  }
  next_ = sequence + span;
  furthest_ = later_of(furthest_, next_);
}

void Connection::send_syn(u64 now) {
  while (own_shift_ < shift_most && scales_ && received_.capacity() >> own_shift_ > 0xffff) own_shift_++;
  emit(first_, syn, {});
  sent(first_, 1, now);
}

// A segment, if there is one that is worth it: a full one, the last one, or half of what the other side ever
// had room for (RFC 9293, 3.8.6.2.1), and less than that only while nothing is under way (3.7.4, Nagle).
// `forced`: what there is, even one byte beyond the window.
bool Connection::send_some(bool forced, u64 now) {
  const u32 offset = in_flight();
  if (offset > unsent_.size()) return false;  // FIN is under way
  const u32 pending = unsent_.size() - offset, allowed = min_of(window_, congestion_.window);
  u32 count = min_of(min_of(pending, mss_), allowed > offset ? allowed - offset : 0);
  if (forced && !count) count = min_of(pending, 1u);
  const bool all = count == pending, with_fin = all && fin_queued_;
  const bool worth = forced || count == mss_ || (all && !offset) || count >= max_of(window_largest_ / 2, 1u);
  if (!with_fin && (!count || !worth)) return false;
  const u8 flags = static_cast<u8>((all ? psh : 0) | (with_fin ? fin : 0));
  const u32 sequence = next_;
  emit(sequence, flags, unsent_.pieces(offset, count));
  sent(sequence, count + with_fin, now);
  return true;
}

void Connection::arm(u64 now) {
  if (!in_flight() && !has_unsent()) {
    retransmit_at_ = never;
    attempts_ = 0;
  } else if (retransmit_at_ == never) {
    retransmit_at_ = now + rto_.after(attempts_);
    progress_at_ = now;
  }
}

void Connection::output(u64 now) {
  if (state_ == State::closed) return;
  if (is_half_open() && next_ == first_) send_syn(now);
  if (sends_data())
    while (send_some(false, now)) {
    }
  if (acknowledge_now_) emit(next_, 0, {});
  arm(now);
}

}  // namespace tcp
