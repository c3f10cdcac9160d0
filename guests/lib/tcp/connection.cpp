// What its owner does with a connection.
#include "guests/lib/tcp/connection.h"

namespace tcp {

const char* state_name(State state) {
  static const char* const names[] = {"CLOSED",     "SYN-SENT",   "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1",
                                      "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING",      "LAST-ACK",    "TIME-WAIT"};
  return names[static_cast<u8>(state)];
}

void Connection::connect(u16 own_port, u16 other_port, u32 first, u64 now) {
  own_port_ = own_port, other_port_ = other_port;
  first_ = unacknowledged_ = next_ = furthest_ = first;
  state_ = State::syn_sent;
  heard_at_ = now;
  output(now);
}

void Connection::accept(const Segment& s, u32 first, u64 now) {
  own_port_ = s.to, other_port_ = s.from;
  first_ = unacknowledged_ = next_ = furthest_ = first;
  state_ = State::syn_received;
  expected_ = announced_ = s.sequence + 1;
  heard_at_ = now;
  learn_options(s);
  output(now);
}

bool Connection::may_write() const {
  if (fin_queued_) return false;
  return is_half_open() || state_ == State::established || state_ == State::close_wait;
}

u32 Connection::write(const void* bytes, u32 count, u64 now) {
  if (!may_write()) return 0;
  const u32 taken = unsent_.put(bytes, count);
  if (taken) output(now);
  return taken;
}

u32 Connection::read(void* to, u32 most, u64 now) {
  const u32 count = received_.take(to, most);
  if (!count || !takes_data()) return count;
  // Told as soon as the window has become small, and much is free again (RFC 9293, 3.8.6.2.2).
  const u32 told = announced_ - expected_, half = received_.capacity() / 2;
  if (told < half && fresh_window() >= told + min_of(half, 2 * settings_.mss)) acknowledge_now_ = true;
  output(now);
  return count;
}

void Connection::shutdown(u64 now) {
  if (!may_write()) return;
  fin_queued_ = true;
  if (state_ == State::established) state_ = State::fin_wait_1;
  if (state_ == State::close_wait) state_ = State::last_ack;
  output(now);
}

void Connection::close(u64 now) {
  if (state_ == State::syn_sent) return end(Error::none);
  if (received_.size()) return abort(now);
  reader_gone_ = true;
  if (state_ == State::fin_wait_2) ends_at_ = now + settings_.user_timeout;
  shutdown(now);
}

void Connection::abort(u64) {
  if (state_ != State::closed) give_up(Error::aborted);
}

}  // namespace tcp
