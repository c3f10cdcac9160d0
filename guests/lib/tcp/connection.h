// One connection of TCP: a state machine that is told what arrives and what time it is, which never goes back
// (RFC 9293, and what is named below). It has no threads, no clock and no memory of its own.
//
//   write ─> ring ─> segments ─> Sink        read <─ ring <─ arrived()
//
// What comes out of order is not kept: it is answered at once, by what is awaited instead, and whoever sends
// goes back to there. All that arrives may be hostile.
#pragma once
#include "guests/lib/tcp/estimate.h"
#include "guests/lib/tcp/ring.h"
#include "guests/lib/tcp/segment.h"

namespace tcp {

enum class State : u8 {
  closed,
  syn_sent,
  syn_received,
  established,
  fin_wait_1,
  fin_wait_2,
  close_wait,
  closing,
  last_ack,
  time_wait,
};
const char* state_name(State state);

// Why a connection came to its end before both sides had closed it.
enum class Error : u8 { none, refused, reset, timed_out, aborted };

constexpr u64 never = ~0ull;

// Where segments go; what it cannot send is lost, as on any wire. It does not call the connection.
struct Sink {
  virtual void emit(const Segment&, const Pieces&) {}  // not pure: a kernel has no __cxa_pure_virtual

 protected:
  ~Sink() = default;
};

// Times in ns. RFC 6298 would have 1 s for the first two; the networks here answer within 1 ms.
struct Settings {
  u32 mss = 1460;       // bytes that a segment may carry to here, and from here
  u32 safe_mss = 1460;  // ... if larger ones seem to vanish on the way (RFC 2923, 2.1)
  u64 rto_first = 200 * ns_per_ms, rto_least = 20 * ns_per_ms, rto_most = 2 * ns_per_s;
  u64 user_timeout = 5 * ns_per_s;        // RFC 5482; of the hand-shake, too
  u64 time_wait = 100 * ns_per_ms;        // twice the longest life of a segment
  u64 acknowledge_after = 1 * ns_per_ms;  // at the latest
  u64 keep_alive_idle = 5 * ns_per_s;     // never: no such probes (RFC 9293, 3.8.4)
  u64 keep_alive_interval = 1 * ns_per_s;
  u32 keep_alive_probes = 3;
};

struct Totals {
  u64 sent = 0, received = 0;  // segments
  u64 retransmitted = 0;       // ... of them, with data, SYN or FIN
  u64 out_of_order = 0, refused = 0;
};

class Connection {
 public:
  Connection(Sink& sink, const Settings& settings, Ring receive, Ring send)
      : sink_(&sink),
        settings_(settings),
        received_(receive),
        unsent_(send),
        rto_(settings.rto_first, settings.rto_least, settings.rto_most) {}

  // One of these first. `first` is the first sequence number of this side, which nobody should foresee.
  void connect(u16 own_port, u16 other_port, u32 first, u64 now);
  void accept(const Segment& syn_segment, u32 first, u64 now);

  void arrived(const Segment& segment, const u8* contents, u64 now);
  void tick(u64 now);
  u64 next_deadline() const;  // of tick(); never

  // As much as there is room for. 0 once shutdown() was called, or before the end.
  u32 write(const void* bytes, u32 count, u64 now);
  u32 read(void* to, u32 most, u64 now);
  // Nothing more is written: FIN follows.
  void shutdown(u64 now);
  // ... and nothing more is read: what comes, or has come, is answered by RST.
  void close(u64 now);
  void abort(u64 now);

  State state() const { return state_; }
  Error error() const { return error_; }
  bool is_open() const { return state_ >= State::established; }  // or was, and not yet is closed
  u32 readable() const { return received_.size(); }
  u32 writable() const { return may_write() ? unsent_.room() : 0; }
  u32 unacknowledged() const { return unsent_.size(); }
  bool is_at_end() const { return fin_received_ && !received_.size(); }  // nothing will be readable
  bool may_write() const;
  const Totals& totals() const { return totals_; }
  u16 own_port() const { return own_port_; }
  u16 other_port() const { return other_port_; }
  u32 mss() const { return mss_; }
  u64 round_trip() const { return rto_.smoothed(); }

 private:
  // --- arrival.cpp
  void arrived_at_syn_sent(const Segment& s, u64 now);
  void arrived_synchronized(const Segment& s, const u8* contents, u64 now);
  bool is_acceptable(const Segment& s) const;
  void not_acceptable(const Segment& s, u64 now);
  void reset_arrived(const Segment& s, u64 now);
  bool acknowledge(const Segment& s, u64 now);
  void acknowledged(u32 number, u64 now);
  void duplicate(const Segment& s);
  void learn_window(const Segment& s, u64 now);
  void fin_acknowledged(u64 now);
  void take(const Segment& s, const u8* contents, u64 now);
  void fin_arrived(u64 now);
  void learn_options(const Segment& s);
  void become_established(const Segment& s, u64 now);
  void challenge(u64 now);
  void acknowledge_again();
  bool takes_data() const;

  // --- departure.cpp
  void output(u64 now);
  bool send_some(bool forced, u64 now);
  void send_syn(u64 now);
  void sent(u32 sequence, u32 span, u64 now);
  void emit(u32 sequence, u8 flags, const Pieces& contents);
  u32 window_to_announce() const;
  u32 fresh_window() const;
  void arm(u64 now);
  bool has_unsent() const;
  bool sends_data() const;

  // --- timers.cpp
  void retransmit(u64 now);
  void probe_alive(u64 now);
  bool watches_peer() const;
  u64 keep_alive_at() const;
  u64 user_timeout_at() const;
  void enter_time_wait(u64 now);
  void end(Error error);
  void give_up(Error error);

  u32 in_flight() const { return next_ - unacknowledged_; }
  bool is_half_open() const { return state_ == State::syn_sent || state_ == State::syn_received; }

  Sink* sink_;
  Settings settings_;
  Ring received_, unsent_;  // unsent_: ... or sent and not acknowledged
  RetransmissionTime rto_;
  Congestion congestion_;
  Totals totals_;
  State state_ = State::closed;
  Error error_ = Error::none;
  u16 own_port_ = 0, other_port_ = 0;

  // Sending: SND.UNA, SND.NXT, the end of what ever was sent, SND.WND, SND.WL1, SND.WL2.
  u32 first_ = 0, unacknowledged_ = 0, next_ = 0, furthest_ = 0;
  u32 window_ = 0, window_sequence_ = 0, window_acknowledged_ = 0, window_largest_ = 0;
  u32 mss_ = 536, own_mss_ = 0;
  u8 shift_ = 0, own_shift_ = 0;
  bool scales_ = true;
  bool fin_queued_ = false, reader_gone_ = false;
  u32 duplicates_ = 0;
  u32 recovered_at_ =
      0;  // no second fast retransmission before more than this is acknowledged (RFC 6582, 3.2)
  bool recovers_ = false;

  // Receiving: RCV.NXT, and the end of the window that was announced.
  u32 expected_ = 0, announced_ = 0;
  bool fin_received_ = false, acknowledge_now_ = false;
  bool same_window_ = false;    // a duplicate acknowledgment is one only with the window of before
  u32 since_acknowledged_ = 0;  // bytes

  // Times; never: not under way.
  u64 retransmit_at_ = never, acknowledge_at_ = never, ends_at_ = never;
  u64 progress_at_ = 0, heard_at_ = 0, challenged_at_ = 0;
  u32 attempts_ = 0, probes_ = 0, challenges_ = 0;
  bool timing_ = false;  // a segment's round trip (Karn: never of one that was sent twice)
  u32 timed_ = 0;
  u64 timed_at_ = 0;
};

}  // namespace tcp
