#include "guests/kernel/net/stack.h"

#include "guests/kernel/net/ip.h"
#include "guests/kernel/operator/operator.h"
#include "guests/kernel/thread.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/panic.h"
#include "guests/lib/string.h"

namespace {
constexpr u32 usual_payload = 1500 - sizeof(Ipv4) - sizeof(Icmp);
// What a page holds: nobody divides packets.
constexpr u32 most_payload = page_bytes - ip_headers - sizeof(Icmp);
static_assert(sizeof(Icmp) == sizeof(Udp));
constexpr u16 stream_port = 9;  // discard, RFC 863
constexpr u64 answer_ns = 200 * ns_per_ms;
constexpr u32 window = 32;  // datagrams on their way at most
constexpr unsigned most_tries = 20;

struct Listener {
  u16 first, last;
  void (*take)(const Datagram&);  // null: nobody
};
Listener listeners[4];

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

void send_echo(u32 to, u8 type, u32 sequence, const u8* data, u32 length) {
  Packet* p = ip_packet(to, protocol_icmp, sizeof(Icmp) + length);
  if (!p) return;
  auto* icmp = reinterpret_cast<Icmp*>(ip_body(*p));
  *icmp = {type, 0, 0, 0, swap16(static_cast<u16>(sequence))};
  auto* body = reinterpret_cast<u8*>(icmp + 1);
  if (data)
    memcpy(body, data, length);
  else
    fill(body, length, sequence, 0);
  icmp->checksum = checksum_end(checksum_add(0, icmp, sizeof *icmp + length));
  ip_send(p);
}

// Null: no memory, or nobody knows where that host is.
Packet* new_datagram(u32 to, u16 from_port, u16 to_port, u32 length, u8*& body) {
  Packet* p = ip_packet(to, protocol_udp, sizeof(Udp) + length);
  if (!p) return nullptr;
  auto* udp = reinterpret_cast<Udp*>(ip_body(*p));
  *udp = {swap16(from_port), swap16(to_port), swap16(static_cast<u16>(sizeof *udp + length)), 0};
  body = reinterpret_cast<u8*>(udp + 1);
  return p;
}

void finish_datagram(Packet* p) {
  auto* udp = reinterpret_cast<Udp*>(ip_body(*p));
  udp->checksum = checksum_end(ip_transport_sum(ip_of(*p), udp, swap16(udp->length)));
  ip_send(p);
}

void send_stream(u32 to, const StreamHeader& header, u32 length) {
  u8* body;
  Packet* p = new_datagram(to, stream_port, stream_port, length, body);
  if (!p) return;
  memcpy(body, &header, sizeof header);
  fill(body, length, swap32(header.sequence), sizeof header);
  finish_datagram(p);
}

}  // namespace

void echo_received(const Ipv4& ip, const u8* bytes, u32 length) {
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

namespace {
// Its own header alone, sent back, says how far we have got.
void confirm(u32 to, const StreamHeader& header) {
  StreamHeader answer = header;
  answer.sequence = swap32(incoming.next);
  answer.packets = 0;
  send_stream(to, answer, sizeof answer);
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

void hand_to_listener(const Datagram& d) {
  for (const Listener& l : listeners)
    if (l.take && d.to_port >= l.first && d.to_port <= l.last) return l.take(d);
}

}  // namespace

void datagram_received(const Ipv4& ip, const u8* bytes, u32 length) {
  const auto* udp = reinterpret_cast<const Udp*>(bytes);
  StreamHeader header;
  if (length < sizeof *udp || swap16(udp->length) != length) return;
  const bool intact = !checksum_end(ip_transport_sum(ip, udp, length)),
             stream = swap16(udp->to) == stream_port;
  if (!stream && intact)
    hand_to_listener({domain_of(swap32(ip.from)), swap16(udp->from), swap16(udp->to), bytes + sizeof *udp,
                      static_cast<u32>(length - sizeof *udp)});
  if (!stream || length < sizeof *udp + sizeof header) return;
  if (!intact) {
    incoming.corrupt++;
    return;
  }
  memcpy(&header, udp + 1, sizeof header);
  receive_stream(domain_of(swap32(ip.from)), header, reinterpret_cast<const u8*>(udp + 1),
                 length - sizeof *udp);
}

namespace {
// --- verbs -----------------------------------------------------------------------------------------------
struct Load {
  u64 host, count, bytes;
};

bool read_load(const CommandLine& c, const char* counted, u64 least, Load& load, Status& status) {
  const char* const keys[] = {counted, "bytes"};
  const char* const name = c.count > 1 ? c.words[1] : "";
  const char* const count = c.value(counted);
  const char* const bytes = c.value("bytes");
  if (const char* word = c.unknown_key(keys, count_of(keys), 2))
    status.fail(-XEN_EINVAL, "unknown argument %s", word);
  else if (count && (!parse_number(count, load.count) || !load.count || load.count > 1000000))
    status.fail(-XEN_EINVAL, "%s= is not between 1 and 1000000", counted);
  else if (bytes && (!parse_number(bytes, load.bytes) || load.bytes < least || load.bytes > most_payload))
    status.fail(-XEN_EINVAL, "bytes= is not between %lu and %u", least, most_payload);
  else
    stack_find(name, load.host, status);
  return !status.error;
}

}  // namespace

bool stack_find(const char* name, u64& host, Status& status) {
  if (ip_find_host(name, host))
    ip_reach_named(name, host, status);
  else
    status.fail(-XEN_ESRCH, "there is no domain %s", name);
  return !status.error;
}

void stack_listen(u16 first, u16 last, void (*take)(const Datagram& datagram)) {
  Listener* place = nullptr;
  for (Listener& l : listeners)
    if (!place && (!l.take || l.first == first)) place = &l;
  if (!place) panic("nobody can listen to port %u any more", first);
  *place = {first, last, take};
}

void stack_send_datagram(u32 to, u16 from_port, u16 to_port, const u8* bytes, u32 length) {
  u8* body;
  Packet* p = new_datagram(to, from_port, to_port, length, body);
  if (!p) return;
  memcpy(body, bytes, length);
  finish_datagram(p);
}

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
      send_stream(static_cast<u32>(load.host), {swap32(next), swap32(packets), swap32(bytes)}, bytes);
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
