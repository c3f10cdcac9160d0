// What arrives (RFC 9293, 3.10.7), against blind attacks as in RFC 5961.
#include "guests/lib/tcp/connection.h"

namespace tcp {
namespace {
// Answers to what may be an attack (RFC 5961, 7).
constexpr u64 challenge_period = 100 * ns_per_ms;
constexpr u32 challenges_most = 10;
constexpr u32 duplicates_for_loss = 3;
constexpr u32 mss_least = 64, mss_unless_told = 536;
}  // namespace

void Connection::arrived(const Segment& s, const u8* contents, u64 now) {
  if (state_ == State::closed) return;
  totals_.received++;
  if (state_ == State::syn_sent)
    arrived_at_syn_sent(s, now);
  else
    arrived_synchronized(s, contents, now);
  output(now);
}

void Connection::learn_options(const Segment& s) {
  mss_ = min_of(max_of<u32>(s.mss ? s.mss : mss_unless_told, mss_least), settings_.mss);
  scales_ = s.shift != no_shift;
  shift_ = scales_ ? s.shift : u8{0};
  if (!scales_) own_shift_ = 0;
}

void Connection::become_established(const Segment& s, u64 now) {
  unacknowledged_ = first_ + 1;
  if (timing_) rto_.sample(now - timed_at_);
  timing_ = false;
  window_ = window_largest_ = s.has(syn) ? u32{s.window} : u32{s.window} << shift_;
  window_sequence_ = s.sequence;
  window_acknowledged_ = s.acknowledged;
  recovered_at_ = unacknowledged_;
  congestion_.begin(mss_);
  attempts_ = 0;
  retransmit_at_ = never;
  state_ = fin_queued_ ? State::fin_wait_1 : State::established;
}

void Connection::arrived_at_syn_sent(const Segment& s, u64 now) {
  const bool acknowledges =
      s.has(ack) && before(first_, s.acknowledged) && not_after(s.acknowledged, furthest_);
  if (s.has(ack) && !acknowledges) {
    totals_.refused++;
    Segment answer;
    if (reset_for(s, answer)) sink_->emit(answer, {});
    return;
  }
  if (s.has(rst)) {
    if (acknowledges) end(Error::refused);
    return;
  }
  if (!s.has(syn)) return;
  expected_ = announced_ = s.sequence + 1;
  heard_at_ = now;
  learn_options(s);
  if (acknowledges) {
    become_established(s, now);
    acknowledge_now_ = true;
  } else {  // both have begun at once: 3.5, figure 7
    state_ = State::syn_received;
    next_ = first_;
  }
}

// Of a segment that begins at most one window ahead, or ends within it.
bool Connection::is_acceptable(const Segment& s) const {
  const u32 from = s.sequence - expected_, room = received_.room();
  if (!from || from < room) return true;
  if (!s.span()) return from == room;
  return from + s.span() - 1 < room;
}

// One answer for each, and with it no new window: that is how it is known as a duplicate (RFC 5681, 2).
void Connection::acknowledge_again() { acknowledge_now_ = same_window_ = true; }

void Connection::challenge(u64 now) {
  if (now - challenged_at_ >= challenge_period) challenged_at_ = now, challenges_ = 0;
  if (challenges_++ < challenges_most) acknowledge_now_ = true;
}

void Connection::not_acceptable(const Segment& s, u64 now) {
  totals_.refused++;
  if (s.has(rst)) return;
  if (!s.span()) return challenge(now);
  acknowledge_again();
  if (state_ == State::time_wait && s.has(fin)) enter_time_wait(now);
}

// RFC 5961, 3.2: exactly the number that is awaited.
void Connection::reset_arrived(const Segment& s, u64 now) {
  if (s.sequence - expected_ >= max_of(received_.room(), 1u)) return;
  if (s.sequence != expected_) return challenge(now);
  if (state_ == State::syn_received) return end(Error::refused);
  const bool all_said = state_ == State::closing || state_ == State::last_ack || state_ == State::time_wait;
  end(all_said ? Error::none : Error::reset);
}

void Connection::arrived_synchronized(const Segment& s, const u8* contents, u64 now) {
  if (!is_acceptable(s)) return not_acceptable(s, now);
  if (s.has(rst)) return reset_arrived(s, now);
  if (s.has(syn)) return challenge(now);  // RFC 5961, 4.2
  if (!s.has(ack) || !acknowledge(s, now)) return;
  heard_at_ = now;
  probes_ = 0;
  if (state_ != State::closed) take(s, contents, now);
}

// False: the segment is not to be used.
bool Connection::acknowledge(const Segment& s, u64 now) {
  const u32 number = s.acknowledged;
  if (state_ == State::syn_received) {
    if (!before(first_, number) || before(furthest_, number)) {
      Segment answer;
      if (reset_for(s, answer)) sink_->emit(answer, {});
      return false;
    }
    become_established(s, now);
  }
  if (before(furthest_, number) || before(number, unacknowledged_ - window_largest_)) {  // RFC 5961, 5.2
    totals_.refused++;
    challenge(now);
    return false;
  }
  if (before(unacknowledged_, number))
    acknowledged(number, now);
  else if (number == unacknowledged_)
    duplicate(s);
  learn_window(s, now);
  return true;
}

void Connection::acknowledged(u32 number, u64 now) {
  const u32 count = number - unacknowledged_, data = min_of(count, unsent_.size());
  unsent_.drop(data);
  if (timing_ && not_after(timed_, number)) {
    timing_ = false;
    rto_.sample(now - timed_at_);
  }
  unacknowledged_ = number;
  next_ = later_of(next_, number);
  if (recovers_ && before(recovered_at_, number)) recovers_ = false;
  congestion_.acknowledged(data, mss_);
  duplicates_ = attempts_ = 0;
  progress_at_ = now;
  retransmit_at_ = now + rto_.after(0);
  if (count > data) fin_acknowledged(now);
}

// RFC 5681, 2 and 3.2. Since the other side may keep nothing that is out of order, all is sent again.
void Connection::duplicate(const Segment& s) {
  if (!in_flight() || s.span() || recovers_ || u32{s.window} << shift_ != window_ || !window_) return;
  if (++duplicates_ != duplicates_for_loss) return;
  duplicates_ = 0;
  congestion_.lost(in_flight(), mss_);
  recovers_ = true;
  recovered_at_ = furthest_;
  next_ = unacknowledged_;
}

void Connection::learn_window(const Segment& s, u64 now) {
  const bool is_newer = before(window_sequence_, s.sequence) ||
                        (window_sequence_ == s.sequence && not_after(window_acknowledged_, s.acknowledged));
  if (!is_newer) return;
  const bool was_shut = !window_;
  window_ = u32{s.window} << shift_;
  window_largest_ = max_of(window_largest_, window_);
  window_sequence_ = s.sequence;
  window_acknowledged_ = s.acknowledged;
  if (!window_) progress_at_ = now;  // it has no room, but it lives
  if (!was_shut || !window_) return;
  next_ = unacknowledged_;  // what was sent to ask for a window was not taken
  attempts_ = 0;
  retransmit_at_ = never;
}

void Connection::fin_acknowledged(u64 now) {
  if (state_ == State::last_ack) return end(Error::none);
  if (state_ == State::closing) return enter_time_wait(now);
  if (state_ != State::fin_wait_1) return;
  state_ = State::fin_wait_2;
  if (reader_gone_) ends_at_ = now + settings_.user_timeout;
}

bool Connection::takes_data() const {
  return state_ == State::established || state_ == State::fin_wait_1 || state_ == State::fin_wait_2;
}

void Connection::take(const Segment& s, const u8* contents, u64 now) {
  if (!takes_data() || !s.span()) return;
  if (before(expected_, s.sequence)) {
    totals_.out_of_order++;
    return acknowledge_again();
  }
  const u32 old = expected_ - s.sequence, length = s.length > old ? s.length - old : 0;
  if (length && reader_gone_) return give_up(Error::aborted);
  const u32 taken = length ? received_.put(contents + old, length) : 0;
  expected_ += taken;
  since_acknowledged_ += taken;
  if (old || taken < length || since_acknowledged_ >= 2 * mss_) acknowledge_now_ = true;
  if (taken < length) return;
  acknowledge_at_ = min_of(acknowledge_at_, now + settings_.acknowledge_after);
  if (s.has(fin)) fin_arrived(now);
}

void Connection::fin_arrived(u64 now) {
  expected_++;
  fin_received_ = true;
  acknowledge_now_ = true;
  if (state_ == State::established) state_ = State::close_wait;
  if (state_ == State::fin_wait_1) state_ = State::closing;
  if (state_ == State::fin_wait_2) enter_time_wait(now);
}

}  // namespace tcp
