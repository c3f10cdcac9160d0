#include "guests/kernel/net/ip.h"

#include "guests/kernel/net/arp.h"
#include "guests/kernel/net/bulk.h"
#include "guests/kernel/net/stack.h"
#include "guests/kernel/thread.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

namespace {
constexpr u64 interface_ns = 10 * ns_per_s;  // a domain may be told to speak before it is connected

NetPort* way_out;
WaitQueue way_out_changed;
u32 own_host;

constexpr struct {
  u8 protocol;
  void (*received)(const Ipv4& ip, const u8* bytes, u32 length);
} protocols[] = {
    {protocol_icmp, echo_received}, {protocol_tcp, tcp_received}, {protocol_udp, datagram_received}};

void receive(const Packet& p) {
  const auto* e = reinterpret_cast<const Ethernet*>(p.bytes());
  const auto* ip = reinterpret_cast<const Ipv4*>(e + 1);
  if (p.length >= ip_headers && e->type == swap16(ethernet_arp) && way_out)
    return arp_receive(*way_out, own_host, p);
  if (p.length < ip_headers || e->type != swap16(ethernet_ipv4) || ip->version_and_length != 0x45) return;
  const u32 total = swap16(ip->total);
  if (total < sizeof *ip || total > p.length - sizeof *e || swap32(ip->to) != address_of(own_host) ||
      checksum_end(checksum_add(0, ip, sizeof *ip)))
    return;
  for (const auto& [protocol, received] : protocols)
    if (ip->protocol == protocol)
      received(*ip, reinterpret_cast<const u8*>(ip + 1), total - static_cast<u32>(sizeof *ip));
}

bool interface_is_there() {
  const u64 deadline = now_ns() + interface_ns;
  while (!way_out && wait_on(way_out_changed, deadline)) {
  }
  return way_out;
}
}  // namespace

Packet* ip_packet(u32 to, u8 protocol, u32 payload) {
  u8 station[6];
  Packet* p = way_out && arp_station(to, station) ? packet_new(ip_headers + payload) : nullptr;
  if (!p) return nullptr;
  auto* e = reinterpret_cast<Ethernet*>(p->bytes());
  auto* ip = reinterpret_cast<Ipv4*>(e + 1);
  memcpy(e->to, station, sizeof station);
  memcpy(e->from, way_out->station, sizeof e->from);
  e->type = swap16(ethernet_ipv4);
  *ip = {0x45,
         0,
         swap16(static_cast<u16>(sizeof *ip + payload)),
         0,
         0,
         64,
         protocol,
         0,
         swap32(address_of(own_host)),
         swap32(address_of(to))};
  ip->checksum = checksum_end(checksum_add(0, ip, sizeof *ip));
  return p;
}

void ip_send(Packet* p) {
  if (!way_out) return packet_free(p);
  port_send(*way_out, p);
}

u32 ip_transport_sum(const Ipv4& ip, const void* bytes, u32 length) {
  const u32 sum = checksum_add(0, &ip.from, sizeof ip.from + sizeof ip.to);
  return checksum_add(sum + ip.protocol + length, bytes, length);
}

u32 ip_payload_most(u32 host) {
  u8 station[6];
  u32 frame = 0;
  if (way_out && way_out->frame_most_to && arp_station(host, station))
    frame = way_out->frame_most_to(station);
  return (frame ? frame : static_cast<u32>(page_bytes)) - ip_headers;
}

bool ip_find_host(const char* name, u64& host) {
  u32 address;
  if (parse_number(name, host)) return host <= 0xffff;
  if (parse_address(name, address)) return host = domain_of(address), true;
  return stack_name && stack_name(name, host);
}

long ip_reach(u32 host) {
  if (!interface_is_there()) return -XEN_ENXIO;
  return arp_find(*way_out, own_host, host) ? 0 : -XEN_ETIMEDOUT;
}

void ip_reach_named(const char* name, u64 host, Status& status) {
  const long error = ip_reach(static_cast<u32>(host));
  if (error == -XEN_ENXIO) status.fail(error, "there is no network interface");
  if (error == -XEN_ETIMEDOUT) status.fail(error, "nobody says that he is %s", name);
}

bool (*stack_name)(const char* name, u64& domain);

void stack_use(u32 host, NetPort& port) {
  own_host = host;
  way_out = &port;
  bulk_serve();
  wake_all(way_out_changed);
}

void stack_leave(NetPort& port) {
  if (way_out == &port) way_out = nullptr;
}

void stack_receive(Packet* packet) {
  receive(*packet);
  packet_free(packet);
}
