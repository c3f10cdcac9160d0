#include "sim/platform/network/station.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace xs::platform {
namespace {

constexpr u16 type_ipv4 = 0x0800, type_arp = 0x0806;
constexpr u8 protocol_icmp = 1, protocol_udp = 17;
constexpr u8 echo_request = 8, echo_reply = 0;
constexpr u16 stream_port = 9;  // discard, RFC 863
constexpr u32 confirm_every = 16, window = 32;

// Where fields lie, from the beginning of what they are part of.
namespace ethernet {
constexpr std::size_t to = 0, from = 6, type = 12, size = 14;
}
namespace arp {
constexpr std::size_t operation = 6, sender = 8, sender_address = 14, target = 18, target_address = 24,
                      size = 28;
constexpr u8 ethernet_ipv4[] = {0, 1, 8, 0, 6, 4};
constexpr u16 request = 1, reply = 2;
}  // namespace arp
namespace ipv4 {
constexpr std::size_t total = 2, fragment = 6, ttl = 8, protocol = 9, checksum = 10, from = 12, to = 16,
                      size = 20;
constexpr u8 version_and_length = 0x45;
constexpr u16 part = 0x3fff;  // more fragments, offset
}  // namespace ipv4
namespace icmp {
constexpr std::size_t checksum = 2, size = 8;
}
namespace udp {
constexpr std::size_t from = 0, to = 2, length = 4, checksum = 6, size = 8;
}
namespace stream {
constexpr std::size_t number = 0, count = 4, bytes = 8, size = 12;
}

u16 get16(const u8* p) { return static_cast<u16>(p[0] << 8 | p[1]); }
u32 get32(const u8* p) { return u32{get16(p)} << 16 | get16(p + 2); }
void put16(u8* p, u16 value) { p[0] = static_cast<u8>(value >> 8), p[1] = static_cast<u8>(value); }
void put32(u8* p, u32 value) {
  put16(p, static_cast<u16>(value >> 16)), put16(p + 2, static_cast<u16>(value));
}

/// Sum in ones' complement. What was sent with its checksum in place sums up to 0xffff.
u16 sum_of(std::span<const u8> bytes, u32 sum = 0) {
  for (std::size_t i = 0; i < bytes.size(); ++i) sum += i % 2 ? bytes[i] : u32{bytes[i]} << 8;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<u16>(sum);
}
bool intact(std::span<const u8> bytes, u32 sum = 0) { return sum_of(bytes, sum) == 0xffff; }

/// UDP's checksum covers addresses, protocol and length, too.
u32 pseudo_header(u32 from, u32 to, std::size_t length) {
  return (from >> 16) + (from & 0xffff) + (to >> 16) + (to & 0xffff) + protocol_udp +
         static_cast<u32>(length);
}

u8 pattern(u32 number, std::size_t at) { return static_cast<u8>(number * 31 + at * 7 + (at >> 8)); }

bool as_sent(std::span<const u8> payload, u32 number) {
  for (std::size_t i = stream::size; i < payload.size(); ++i)
    if (payload[i] != pattern(number, i)) return false;
  return true;
}

/// A datagram of a stream, without checksum.
std::vector<u8> datagram_of(u32 number, u32 count, u32 bytes, std::size_t size) {
  std::vector<u8> out(udp::size + size);
  put16(&out[udp::from], stream_port);
  put16(&out[udp::to], stream_port);
  put16(&out[udp::length], static_cast<u16>(out.size()));
  put32(&out[udp::size + stream::number], number);
  put32(&out[udp::size + stream::count], count);
  put32(&out[udp::size + stream::bytes], bytes);
  for (std::size_t i = stream::size; i < size; ++i) out[udp::size + i] = pattern(number, i);
  return out;
}

}  // namespace

void Station::frame_arrived(const NetworkFrame& frame) {
  if (!serve(frame)) ++counters_.ignored;
}

bool Station::serve(const NetworkFrame& frame) {
  if (frame.size() < ethernet::size) return false;
  const u8* to = frame.data() + ethernet::to;
  const bool for_all = to[0] & 1;
  if (!for_all && !std::equal(settings_.mac.begin(), settings_.mac.end(), to)) return false;
  const u16 type = get16(frame.data() + ethernet::type);
  return type == type_arp ? serve_arp(frame) : type == type_ipv4 && serve_ipv4(frame);
}

bool Station::serve_arp(const NetworkFrame& frame) {
  const u8* in = frame.data() + ethernet::size;
  if (frame.size() < ethernet::size + arp::size || std::memcmp(in, arp::ethernet_ipv4, 6) != 0 ||
      get32(in + arp::target_address) != settings_.address)
    return false;
  const u16 operation = get16(in + arp::operation);
  const u32 sender = get32(in + arp::sender_address);
  if (operation == arp::request) {
    ++counters_.arp;
    send_arp(arp::reply, in + arp::sender, sender, in + arp::sender);
    return true;
  }
  if (operation != arp::reply || outgoing_.found || outgoing_.order.packets == 0 ||
      sender != outgoing_.order.to)
    return false;
  outgoing_.found = true;
  std::copy_n(in + arp::sender, outgoing_.mac.size(), outgoing_.mac.begin());
  go_on();
  return true;
}

void Station::send_arp(u16 operation, const u8* target, u32 target_address, const u8* to) {
  std::array<u8, arp::size> out{};
  std::copy(std::begin(arp::ethernet_ipv4), std::end(arp::ethernet_ipv4), out.begin());
  put16(&out[arp::operation], operation);
  std::copy(settings_.mac.begin(), settings_.mac.end(), &out[arp::sender]);
  put32(&out[arp::sender_address], settings_.address);
  std::copy_n(target, 6, &out[arp::target]);
  put32(&out[arp::target_address], target_address);
  send(to, type_arp, out);
}

void Station::send_stream(const StreamOrder& order) {
  constexpr u8 everybody[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, unknown[6] = {};
  outgoing_ = {order, false, {}, 0, 0};
  send_arp(arp::request, unknown, order.to, everybody);
}

void Station::go_on() {
  const StreamOrder& order = outgoing_.order;
  const u32 end = std::min(order.packets, outgoing_.confirmed + window);
  for (; outgoing_.next < end; ++outgoing_.next, ++counters_.sent)
    send_datagram(outgoing_.mac.data(), order.to,
                  datagram_of(outgoing_.next, order.packets, order.bytes,
                              std::max<std::size_t>(order.bytes, stream::size)));
}

bool Station::serve_ipv4(const NetworkFrame& frame) {
  if (frame.size() < ethernet::size + ipv4::size) return false;
  const u8* ip = frame.data() + ethernet::size;
  const std::size_t total = get16(ip + ipv4::total);
  if (ip[0] != ipv4::version_and_length || total < ipv4::size || total > frame.size() - ethernet::size ||
      (get16(ip + ipv4::fragment) & ipv4::part) || get32(ip + ipv4::to) != settings_.address ||
      !intact({ip, ipv4::size}))
    return false;
  const std::span<const u8> body{ip + ipv4::size, total - ipv4::size};
  if (ip[ipv4::protocol] == protocol_icmp) return serve_echo(frame, body);
  return ip[ipv4::protocol] == protocol_udp && serve_datagram(frame, body);
}

bool Station::serve_echo(const NetworkFrame& frame, std::span<const u8> message) {
  if (message.size() < icmp::size || message[0] != echo_request || message[1] != 0 || !intact(message))
    return false;
  std::vector<u8> out(message.begin(), message.end());
  out[0] = echo_reply;
  put16(&out[icmp::checksum], 0);
  put16(&out[icmp::checksum], static_cast<u16>(~sum_of(out)));
  ++counters_.echoes;
  answer(frame, protocol_icmp, out);
  return true;
}

bool Station::serve_datagram(const NetworkFrame& frame, std::span<const u8> datagram) {
  if (datagram.size() < udp::size + stream::size || get16(&datagram[udp::length]) != datagram.size() ||
      get16(&datagram[udp::to]) != stream_port)
    return false;
  const u8* ip = frame.data() + ethernet::size;
  if (intact(datagram, pseudo_header(get32(ip + ipv4::from), get32(ip + ipv4::to), datagram.size())))
    take_stream(frame, datagram.subspan(udp::size));
  else
    ++counters_.corrupt;
  return true;
}

void Station::take_stream(const NetworkFrame& frame, std::span<const u8> payload) {
  const u32 number = get32(&payload[stream::number]), count = get32(&payload[stream::count]);
  const u32 from = get32(frame.data() + ethernet::size + ipv4::from);
  if (count == 0 && from == outgoing_.order.to && number <= outgoing_.next && number > outgoing_.confirmed) {
    counters_.confirmed += number - outgoing_.confirmed;
    outgoing_.confirmed = number;
    return go_on();
  }
  if (number == 0) stream_from_ = from, stream_next_ = 0;
  if (from != stream_from_ || number >= count) return;
  ++counters_.datagrams;
  counters_.bytes += payload.size();
  counters_.corrupt += !as_sent(payload, number);
  if (number > stream_next_) counters_.missing += number - stream_next_;
  stream_next_ = number + 1;
  if (stream_next_ % confirm_every == 0 || stream_next_ == count)
    confirm(frame, get32(&payload[stream::bytes]));
}

/// How far a stream has come, to whom `frame` is from.
void Station::confirm(const NetworkFrame& frame, u32 bytes) {
  send_datagram(frame.data() + ethernet::from, stream_from_,
                datagram_of(stream_next_, 0, bytes, stream::size));
}

void Station::send_datagram(const u8* to, u32 address, std::vector<u8> datagram) {
  const u16 sum = sum_of(datagram, pseudo_header(settings_.address, address, datagram.size()));
  put16(&datagram[udp::checksum], sum == 0xffff ? sum : static_cast<u16>(~sum));  // 0 says: none
  send_ipv4(to, address, protocol_udp, datagram);
}

/// To whom `to` came from.
void Station::answer(const NetworkFrame& to, u8 protocol, std::span<const u8> payload) {
  send_ipv4(to.data() + ethernet::from, get32(to.data() + ethernet::size + ipv4::from), protocol, payload);
}

void Station::send_ipv4(const u8* to, u32 address, u8 protocol, std::span<const u8> payload) {
  std::vector<u8> out(ipv4::size + payload.size());
  out[0] = ipv4::version_and_length;
  put16(&out[ipv4::total], static_cast<u16>(out.size()));
  out[ipv4::ttl] = 64;
  out[ipv4::protocol] = protocol;
  put32(&out[ipv4::from], settings_.address);
  put32(&out[ipv4::to], address);
  put16(&out[ipv4::checksum], static_cast<u16>(~sum_of({out.data(), ipv4::size})));
  std::copy(payload.begin(), payload.end(), out.begin() + ipv4::size);
  send(to, type_ipv4, out);
}

void Station::send(const u8* to, u16 type, std::span<const u8> payload) {
  NetworkFrame frame(ethernet::size);
  std::copy_n(to, 6, &frame[ethernet::to]);
  std::copy(settings_.mac.begin(), settings_.mac.end(), &frame[ethernet::from]);
  put16(&frame[ethernet::type], type);
  frame.insert(frame.end(), payload.begin(), payload.end());
  out_->send(std::move(frame));
}

}  // namespace xs::platform
