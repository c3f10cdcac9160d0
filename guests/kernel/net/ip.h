// IPv4 between the protocols above it and the interface below. A packet is one frame: nobody divides them.
#pragma once
#include "guests/kernel/net/interface.h"
#include "guests/kernel/net/wire.h"
#include "guests/kernel/operator/status.h"

constexpr u32 ip_headers = sizeof(Ethernet) + sizeof(Ipv4);

// With its headers, for `payload` bytes at ip_body(). Null: there is no memory, or no way.
Packet* ip_packet(u32 to, u8 protocol, u32 payload);
void ip_send(Packet* packet);
inline const Ipv4& ip_of(const Packet& p) {
  return *reinterpret_cast<const Ipv4*>(p.bytes() + sizeof(Ethernet));
}
inline u8* ip_body(Packet& p) { return p.bytes() + ip_headers; }
// With the pseudo header of UDP and TCP: RFC 768; RFC 9293, 3.1.
u32 ip_transport_sum(const Ipv4& ip, const void* bytes, u32 length);
// Bytes that a packet to a host may carry behind the IPv4 header, as far as this kernel knows.
u32 ip_payload_most(u32 host);

// By number, by address, or by the name that stack_name knows.
bool ip_find_host(const char* name, u64& host);
// Waits for an interface, and asks whose station the host has: 0, -ENXIO or -ETIMEDOUT.
long ip_reach(u32 host);
// ... and says so to the operator.
void ip_reach_named(const char* name, u64 host, Status& status);

// What has come in, behind a header that is right; `length` bytes.
void echo_received(const Ipv4& ip, const u8* bytes, u32 length);
void datagram_received(const Ipv4& ip, const u8* bytes, u32 length);
void tcp_received(const Ipv4& ip, const u8* bytes, u32 length);
