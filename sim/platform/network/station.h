// A station on the wire that is no part of the machine: it answers ARP and ICMP's echo, takes streams of
// datagrams, whose every byte it verifies, and sends one when it is told to. It acts when a frame arrives,
// and takes no time for it.
//
// A stream's datagram (UDP, port 9) begins with three big-endian words: its number, how many there are (0: a
// confirmation, its number says what has arrived), bytes of each; then byte i is number * 31 + i * 7 + i /
// 256.
//
// Source: RFC 826 (ARP), 791 (IPv4), 792 (ICMP), 768 (UDP), 1071 (checksum).
#pragma once
#include <span>

#include "sim/platform/network/network_link.h"

namespace xs::platform {

class Station final : public NetworkPort {
 public:
  explicit Station(const StationSettings& settings) : settings_(settings) {}
  void connect(NetworkLink& out) { out_ = &out; }
  /// Asks whose station that is, then sends, at most 32 datagrams on their way. What gets lost is not sent
  /// again.
  void send_stream(const StreamOrder& order);
  void frame_arrived(const NetworkFrame& frame) override;
  const StationCounters& counters() const { return counters_; }

 private:
  bool serve(const NetworkFrame& frame);  ///< false: ignored
  bool serve_arp(const NetworkFrame& frame);
  bool serve_ipv4(const NetworkFrame& frame);
  bool serve_echo(const NetworkFrame& frame, std::span<const u8> message);
  bool serve_datagram(const NetworkFrame& frame, std::span<const u8> datagram);
  void take_stream(const NetworkFrame& frame, std::span<const u8> payload);
  void confirm(const NetworkFrame& frame, u32 bytes);
  void go_on();
  void answer(const NetworkFrame& to, u8 protocol, std::span<const u8> payload);
  void send_arp(u16 operation, const u8* target, u32 target_address, const u8* to);
  void send_datagram(const u8* to, u32 address, std::vector<u8> datagram);
  void send_ipv4(const u8* to, u32 address, u8 protocol, std::span<const u8> payload);
  void send(const u8* to, u16 type, std::span<const u8> payload);

  const StationSettings settings_;
  NetworkLink* out_ = nullptr;
  StationCounters counters_;
  u32 stream_from_ = 0, stream_next_ = 0;
  struct {
    StreamOrder order;
    bool found = false;  ///< its station has answered
    MacAddress mac{};
    u32 next = 0, confirmed = 0;
  } outgoing_;
};

}  // namespace xs::platform
