// A station on the wire that is no part of the machine: it answers ARP and ICMP's echo, and takes streams of
// datagrams, whose every byte it verifies. It acts when a frame arrives, and takes no time for it.
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
  void answer(const NetworkFrame& to, u8 protocol, std::span<const u8> payload);
  void send(const u8* to, u16 type, std::span<const u8> payload);

  const StationSettings settings_;
  NetworkLink* out_ = nullptr;
  StationCounters counters_;
  u32 stream_from_ = 0, stream_next_ = 0;
};

}  // namespace xs::platform
