// Headers on the wire, and the checksum that they share. RFC 791 (IPv4), 792 (ICMP), 768 (UDP), 1071
// (checksum). Domain n has the address 10.0.0.0 + n + 1, and a station address made of n: nobody need be
// asked where a domain is.
#pragma once
#include "guests/lib/types.h"
#include "guests/lib/xen_abi.h"

struct [[gnu::packed]] Ethernet {
  u8 to[6], from[6];
  u16 type;  // big-endian, as all that follows
};
struct [[gnu::packed]] Ipv4 {
  u8 version_and_length, service;
  u16 total, id, fragment;
  u8 ttl, protocol;
  u16 checksum;
  u32 from, to;
};
struct [[gnu::packed]] Icmp {
  u8 type, code;
  u16 checksum, id, sequence;
};
struct [[gnu::packed]] Udp {
  u16 from, to, length, checksum;
};

constexpr u16 ethernet_ipv4 = 0x0800, ethernet_arp = 0x0806;
constexpr u8 protocol_icmp = 1, protocol_udp = 17;
constexpr u8 icmp_reply = 0, icmp_request = 8;

constexpr u16 swap16(u16 value) { return __builtin_bswap16(value); }
constexpr u32 swap32(u32 value) { return __builtin_bswap32(value); }

constexpr u32 address_of(u32 domain) { return 0x0a000000 + domain + 1; }
constexpr u32 domain_of(u32 address) { return address - 0x0a000001; }
// Other hosts have such a number, too, which only says what their address is.
constexpr bool is_domain(u32 host) { return host < DOMID_FIRST_RESERVED; }
// "10.0.255.254"; false: something else.
bool parse_address(const char* text, u32& address);
// What a host is called: "domain 3", or its address.
struct HostName {
  explicit HostName(u32 host);
  char text[24];
};
void station_of(u32 domain, u8 (&station)[6]);
bool is_broadcast(const u8* station);

// Sum of 16-bit words in ones' complement, to go on with.
u32 checksum_add(u32 sum, const void* bytes, u32 length);
u16 checksum_end(u32 sum);
