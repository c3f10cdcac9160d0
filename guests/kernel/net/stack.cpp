#include "guests/kernel/net/stack.h"

#include "guests/kernel/net/arp.h"
#include "guests/kernel/net/wire.h"
#include "guests/kernel/operator/operator.h"
#include "guests/kernel/thread.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

namespace {
constexpr u32 headers = sizeof(Ethernet) + sizeof(Ipv4);
constexpr u32 usual_payload = 1500 - sizeof(Ipv4) - sizeof(Icmp);
// What a page holds: nobody divides packets.
constexpr u32 most_payload = page_bytes - headers - sizeof(Icmp);
static_assert(sizeof(Icmp) == sizeof(Udp));
constexpr u16 stream_port = 9;  // discard, RFC 863
constexpr u64 answer_ns = 200 * ns_per_ms;
constexpr u64 interface_ns = 10 * ns_per_s;  // a domain may be told to speak before it is connected
constexpr u32 window = 32;                   // datagrams on their way at most
constexpr unsigned most_tries = 20;

NetPort* way_out;
WaitQueue way_out_changed;
u32 own_domain;

// What a datagram of a stream begins with.
struct [[gnu::packed]] StreamHeader {
  u32 sequence, packets, bytes;  // bytes: of each datagram's payload, this header included
};

// One conversation at a time each way.
struct Asked {
  u32 sequence = 0;   // of the last echo that was answered, counted from 1
  u32 confirmed = 0;  // datagrams of our stream that the other end has
  WaitQueue answered;
};
Asked asked;

struct Incoming {
  u32 from, next, lost, corrupt;
  u64 bytes;
};
Incoming incoming;

u8 pattern(u32 sequence, u32 at) { return static_cast<u8>(sequence * 31 + at * 7 + (at >> 8)); }

void fill(u8* bytes, u32 length, u32 sequence, u32 first) {
  for (u32 i = first; i < length; i++) bytes[i] = pattern(sequence, i);
}
bool verify(const u8* bytes, u32 length, u32 sequence, u32 first) {
  for (u32 i = first; i < length; i++)
    if (bytes[i] != pattern(sequence, i)) return false;
  return true;
}

Packet* new_packet(u32 to, u8 protocol, u32 payload) {
  u8 station[6];
  Packet* p = way_out && arp_station(to, station) ? packet_new(headers + payload) : nullptr;
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
         swap32(address_of(own_domain)),
         swap32(address_of(to))};
  ip->checksum = checksum_end(checksum_add(0, ip, sizeof *ip));
  return p;
}

void send(Packet* p) {
  if (!way_out) return packet_free(p);
  port_send(*way_out, p);
}

void send_echo(u32 to, u8 type, u32 sequence, const u8* data, u32 length) {
  Packet* p = new_packet(to, protocol_icmp, sizeof(Icmp) + length);
  if (!p) return;
  auto* icmp = reinterpret_cast<Icmp*>(p->bytes() + headers);
  *icmp = {type, 0, 0, 0, swap16(static_cast<u16>(sequence))};
  auto* body = reinterpret_cast<u8*>(icmp + 1);
  if (data)
    memcpy(body, data, length);
  else
    fill(body, length, sequence, 0);
  icmp->checksum = checksum_end(checksum_add(0, icmp, sizeof *icmp + length));
  send(p);
}

// The pseudo header of UDP's checksum.
u32 udp_sum(const Ipv4& ip, const Udp& udp, u32 length) {
  const u32 sum = checksum_add(0, &ip.from, sizeof ip.from + sizeof ip.to);
  return checksum_add(sum + protocol_udp + length, &udp, length);
}

void send_datagram(u32 to, const StreamHeader& header, u32 length) {
  Packet* p = new_packet(to, protocol_udp, sizeof(Udp) + length);
  if (!p) return;
  auto* udp = reinterpret_cast<Udp*>(p->bytes() + headers);
  auto* body = reinterpret_cast<u8*>(udp + 1);
  const auto total = static_cast<u16>(sizeof *udp + length);
  *udp = {swap16(stream_port), swap16(stream_port), swap16(total), 0};
  memcpy(body, &header, sizeof header);
  fill(body, length, swap32(header.sequence), sizeof header);
  udp->checksum =
      checksum_end(udp_sum(*reinterpret_cast<const Ipv4*>(p->bytes() + sizeof(Ethernet)), *udp, total));
  send(p);
}

void receive_echo(const Ipv4& ip, const u8* bytes, u32 length) {
  const auto* icmp = reinterpret_cast<const Icmp*>(bytes);
  if (length < sizeof *icmp || checksum_end(checksum_add(0, bytes, length))) return;
  const u8* body = bytes + sizeof *icmp;
  length -= sizeof *icmp;
  const u32 sequence = swap16(icmp->sequence);
  if (icmp->type == icmp_request)
    return send_echo(domain_of(swap32(ip.from)), icmp_reply, sequence, body, length);
  if (icmp->type != icmp_reply || !verify(body, length, sequence, 0)) return;
  asked.sequence = sequence;
  wake_all(asked.answered);
}

// Its own header alone, sent back, says how far we have got.
void confirm(u32 to, const StreamHeader& header) {
  StreamHeader answer = header;
  answer.sequence = swap32(incoming.next);
  answer.packets = 0;
  send_datagram(to, answer, sizeof answer);
}

void receive_stream(u32 from, const StreamHeader& header, const u8* body, u32 length) {
  const u32 sequence = swap32(header.sequence), packets = swap32(header.packets);
  if (!packets) {
    asked.confirmed = sequence;
    return wake_all(asked.answered);
  }
  if (!sequence) incoming = {from, 0, 0, 0, 0};
  if (from != incoming.from) return;
  if (!verify(body, length, sequence, sizeof header)) incoming.corrupt++;
  if (sequence > incoming.next) incoming.lost += sequence - incoming.next;
  incoming.next = sequence + 1;
  incoming.bytes += length;
  if (incoming.next % (window / 2) == 0 || incoming.next == packets) confirm(from, header);
  if (incoming.next == packets)
    print_line("net: stream from %s: %u packets, %lu bytes, %u lost, %u corrupt", HostName(from).text,
               packets, incoming.bytes, incoming.lost, incoming.corrupt);
}

void receive_datagram(const Ipv4& ip, const u8* bytes, u32 length) {
  const auto* udp = reinterpret_cast<const Udp*>(bytes);
  StreamHeader header;
  if (length < sizeof *udp + sizeof header || swap16(udp->length) != length || swap16(udp->to) != stream_port)
    return;
  if (checksum_end(udp_sum(ip, *udp, length))) {
    incoming.corrupt++;
    return;
  }
  memcpy(&header, udp + 1, sizeof header);
  receive_stream(domain_of(swap32(ip.from)), header, reinterpret_cast<const u8*>(udp + 1),
                 length - sizeof *udp);
}

void receive(const Packet& p) {
  const auto* e = reinterpret_cast<const Ethernet*>(p.bytes());
  const auto* ip = reinterpret_cast<const Ipv4*>(e + 1);
  if (p.length >= headers && e->type == swap16(ethernet_arp) && way_out)
    return arp_receive(*way_out, own_domain, p);
  if (p.length < headers || e->type != swap16(ethernet_ipv4) || ip->version_and_length != 0x45) return;
  const u32 total = swap16(ip->total);
  if (total < sizeof *ip || total > p.length - sizeof *e || swap32(ip->to) != address_of(own_domain) ||
      checksum_end(checksum_add(0, ip, sizeof *ip)))
    return;
  const auto* body = reinterpret_cast<const u8*>(ip + 1);
  if (ip->protocol == protocol_icmp) receive_echo(*ip, body, total - sizeof *ip);
  if (ip->protocol == protocol_udp) receive_datagram(*ip, body, total - sizeof *ip);
}

// --- verbs -----------------------------------------------------------------------------------------------
struct Load {
  u64 host, count, bytes;
};

bool find_host(const char* name, u64& host) {
  u32 address;
  if (parse_number(name, host)) return host <= 0xffff;
  if (parse_address(name, address)) return host = domain_of(address), true;
  return stack_name && stack_name(name, host);
}

bool interface_is_there() {
  const u64 deadline = now_ns() + interface_ns;
  while (!way_out && wait_on(way_out_changed, deadline)) {
  }
  return way_out;
}

bool read_load(const CommandLine& c, const char* counted, u64 least, Load& load, Status& status) {
  const char* const keys[] = {counted, "bytes"};
  const char* const name = c.count > 1 ? c.words[1] : "";
  const char* const count = c.value(counted);
  const char* const bytes = c.value("bytes");
  if (const char* word = c.unknown_key(keys, count_of(keys), 2))
    status.fail(-XEN_EINVAL, "unknown argument %s", word);
  else if (!find_host(name, load.host))
    status.fail(-XEN_ESRCH, "there is no domain %s", name);
  else if (count && (!parse_number(count, load.count) || !load.count || load.count > 1000000))
    status.fail(-XEN_EINVAL, "%s= is not between 1 and 1000000", counted);
  else if (bytes && (!parse_number(bytes, load.bytes) || load.bytes < least || load.bytes > most_payload))
    status.fail(-XEN_EINVAL, "bytes= is not between %lu and %u", least, most_payload);
  else if (!interface_is_there())
    status.fail(-XEN_ENXIO, "there is no network interface");
  else if (!arp_find(*way_out, own_domain, static_cast<u32>(load.host)))
    status.fail(-XEN_ETIMEDOUT, "nobody says that he is %s", name);
  return !status.error;
}

}  // namespace

void do_ping(const CommandLine& c, Status& status) {
  Load load{0, 3, 56};
  if (!read_load(c, "count", 0, load, status)) return;
  u32 answered = 0;
  for (u32 i = 1; i <= load.count; i++) {
    asked.sequence = 0;
    const u64 deadline = now_ns() + answer_ns;
    send_echo(static_cast<u32>(load.host), icmp_request, i, nullptr, static_cast<u32>(load.bytes));
    while (asked.sequence != (i & 0xffff) && wait_on(asked.answered, deadline)) {
    }
    answered += asked.sequence == (i & 0xffff);
  }
  print_line("net: ping %s: %lu sent, %u answered, %lu bytes", HostName(static_cast<u32>(load.host)).text,
             load.count, answered, load.bytes);
  if (answered != load.count)
    status.fail(-XEN_ETIMEDOUT, "%lu of %lu are not answered", load.count - answered, load.count);
}

// Sends what the window allows, and again what has not been confirmed for too long.
void do_stream(const CommandLine& c, Status& status) {
  Load load{0, 100, usual_payload};
  if (!read_load(c, "packets", sizeof(StreamHeader), load, status)) return;
  const auto packets = static_cast<u32>(load.count), bytes = static_cast<u32>(load.bytes);
  asked.confirmed = 0;
  u32 next = 0;
  for (unsigned tries = 0; asked.confirmed < packets && tries < most_tries;) {
    for (; next < packets && next < asked.confirmed + window; next++)
      send_datagram(static_cast<u32>(load.host), {swap32(next), swap32(packets), swap32(bytes)}, bytes);
    const u32 before = asked.confirmed;
    if (asked.confirmed >= packets || wait_on(asked.answered, now_ns() + answer_ns) ||
        asked.confirmed != before)
      tries = 0;
    else
      tries++, next = asked.confirmed;
  }
  print_line("net: stream to %s: %u packets of %u bytes, %u confirmed",
             HostName(static_cast<u32>(load.host)).text, packets, bytes, asked.confirmed);
  if (asked.confirmed != packets) status.fail(-XEN_ETIMEDOUT, "the stream has come to a stop");
}
bool (*stack_name)(const char* name, u64& domain);

void stack_use(u32 domain, NetPort& port) {
  own_domain = domain;
  way_out = &port;
  wake_all(way_out_changed);
}

void stack_leave(NetPort& port) {
  if (way_out == &port) way_out = nullptr;
}

void stack_receive(Packet* packet) {
  receive(*packet);
  packet_free(packet);
}
