// What happens when nothing does.
#include "guests/lib/tcp/connection.h"

namespace tcp {

void Connection::end(Error error) {
  state_ = State::closed;
  error_ = error;
  retransmit_at_ = acknowledge_at_ = ends_at_ = never;
  acknowledge_now_ = false;
}

// ... and says so.
void Connection::give_up(Error error) {
  if (state_ != State::syn_sent && state_ != State::time_wait) emit(next_, rst, {});
  end(error);
}

void Connection::enter_time_wait(u64 now) {
  state_ = State::time_wait;
  ends_at_ = now + settings_.time_wait;
}

bool Connection::watches_peer() const {
  return settings_.keep_alive_idle != never && retransmit_at_ == never && is_open() &&
         state_ != State::time_wait;
}

u64 Connection::keep_alive_at() const {
  if (!watches_peer()) return never;
  return heard_at_ + settings_.keep_alive_idle + probes_ * settings_.keep_alive_interval;
}

u64 Connection::user_timeout_at() const {
  return retransmit_at_ == never ? never : progress_at_ + settings_.user_timeout;
}

u64 Connection::next_deadline() const {
  if (state_ == State::closed) return never;
  const u64 first = min_of(min_of(retransmit_at_, user_timeout_at()), min_of(acknowledge_at_, ends_at_));
  return min_of(first, keep_alive_at());
}

// By a number that the other side has already: it must answer.
void Connection::probe_alive(u64) {
  if (probes_ == settings_.keep_alive_probes) return give_up(Error::timed_out);
  probes_++;
  emit(next_ - 1, 0, {});
}

void Connection::retransmit(u64 now) {
  constexpr u32 most_doublings = 32;
  const bool is_first = !attempts_;
  attempts_ = min_of(attempts_ + 1, most_doublings);
  retransmit_at_ = now + rto_.after(attempts_);
  timing_ = false;
  duplicates_ = 0;
  if (is_half_open()) return send_syn(now);
  if (window_ && in_flight()) {  // else it asks for a window: RFC 9293, 3.8.6.1
    if (is_first) congestion_.timed_out(in_flight(), mss_);
    congestion_.window = mss_;
    recovers_ = true;
    recovered_at_ = furthest_;
    if (!is_first) mss_ = min_of(mss_, settings_.safe_mss);
  }
  next_ = unacknowledged_;
  send_some(true, now);
}

void Connection::tick(u64 now) {
  if (state_ == State::closed) return;
  if (ends_at_ <= now) return end(Error::none);
  if (user_timeout_at() <= now) return give_up(Error::timed_out);
  if (retransmit_at_ <= now) retransmit(now);
  if (keep_alive_at() <= now) probe_alive(now);
  if (acknowledge_at_ <= now) acknowledge_now_ = true;
  output(now);
}

}  // namespace tcp
