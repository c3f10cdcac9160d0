// How long an answer takes (RFC 6298), and how much may be on its way (RFC 5681).
#pragma once
#include "guests/lib/types.h"

namespace tcp {

// The time after which what is not acknowledged is sent again.
class RetransmissionTime {
 public:
  RetransmissionTime(u64 first, u64 least, u64 most)
      : value_(min_of(max_of(first, least), most)), least_(least), most_(most) {}

  void sample(u64 rtt) {
    if (!smoothed_) {
      smoothed_ = rtt, variation_ = rtt / 2;
    } else {
      const u64 away = smoothed_ > rtt ? smoothed_ - rtt : rtt - smoothed_;
      variation_ = variation_ - variation_ / 4 + away / 4;
      smoothed_ = smoothed_ - smoothed_ / 8 + rtt / 8;
    }
    value_ = min_of(max_of(smoothed_ + 4 * variation_, least_), most_);
  }
  u64 after(u32 times) const {
    u64 t = value_;
    for (; times && t < most_; times--) t *= 2;
    return min_of(t, most_);
  }
  u64 smoothed() const { return smoothed_; }

 private:
  u64 value_, least_, most_;
  u64 smoothed_ = 0, variation_ = 0;  // 0: there was no sample yet
};

struct Congestion {
  u32 window = 0, threshold = ~0u;  // bytes
  u32 counted = 0;                  // acknowledged since the window grew: congestion avoidance

  void begin(u32 mss) { window = min_of(4 * mss, max_of(2 * mss, 4380u)); }
  void acknowledged(u32 bytes, u32 mss) {
    constexpr u32 most = 1u << 30;
    if (window < threshold) {
      window = min_of(window + min_of(bytes, 2 * mss), most);  // RFC 3465: an ACK may be for two
      return;
    }
    counted += min_of(bytes, window);
    if (counted < window) return;
    counted -= window;
    window = min_of(window + mss, most);
  }
  void lost(u32 in_flight, u32 mss) {
    threshold = max_of(in_flight / 2, 2 * mss);
    window = threshold;
    counted = 0;
  }
  void timed_out(u32 in_flight, u32 mss) {
    lost(in_flight, mss);
    window = mss;
  }
};

}  // namespace tcp
