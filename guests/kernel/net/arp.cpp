#include "guests/kernel/net/arp.h"

#include "guests/kernel/net/wire.h"
#include "guests/kernel/thread.h"
#include "guests/lib/string.h"

namespace {
constexpr u64 answer_ns = 100 * ns_per_ms;
constexpr unsigned most_questions = 3;
constexpr u16 hardware_ethernet = 1, operation_request = 1, operation_reply = 2;

struct [[gnu::packed]] Arp {
  u16 hardware, protocol;
  u8 hardware_bytes, protocol_bytes;
  u16 operation;
  u8 sender[6];
  u32 sender_address;
  u8 target[6];
  u32 target_address;
};
static_assert(sizeof(Arp) == 28);

struct Neighbour {
  u32 address;  // 0: none
  u8 station[6];
};
Neighbour neighbours[8];
unsigned replaced;
WaitQueue learned;

Neighbour* find(u32 address) {
  for (Neighbour& n : neighbours)
    if (n.address == address) return &n;
  return nullptr;
}

void learn(u32 address, const u8* station) {
  Neighbour* n = find(address);
  if (!n) n = find(0);
  if (!n) n = &neighbours[replaced++ % count_of(neighbours)];
  n->address = address;
  memcpy(n->station, station, sizeof n->station);
  wake_all(learned);
}

void send(NetPort& out, u16 operation, u32 own, const u8* target, u32 target_address, const u8* to) {
  Packet* p = packet_new(sizeof(Ethernet) + sizeof(Arp));
  if (!p) return;
  auto* e = reinterpret_cast<Ethernet*>(p->bytes());
  auto* a = reinterpret_cast<Arp*>(e + 1);
  memcpy(e->to, to, sizeof e->to);
  memcpy(e->from, out.station, sizeof e->from);
  e->type = swap16(ethernet_arp);
  *a = {swap16(hardware_ethernet),
        swap16(ethernet_ipv4),
        6,
        4,
        swap16(operation),
        {},
        swap32(address_of(own)),
        {},
        swap32(target_address)};
  memcpy(a->sender, out.station, sizeof a->sender);
  memcpy(a->target, target, sizeof a->target);
  port_send(out, p);
}
}  // namespace

bool arp_station(u32 host, u8 (&station)[6]) {
  if (is_domain(host)) return station_of(host, station), true;
  const Neighbour* const n = find(address_of(host));
  if (n) memcpy(station, n->station, sizeof station);
  return n;
}

bool arp_find(NetPort& out, u32 own, u32 host) {
  constexpr u8 everybody[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, unknown[6] = {};
  u8 station[6];
  for (unsigned i = 0; i < most_questions && !arp_station(host, station); i++) {
    send(out, operation_request, own, unknown, address_of(host), everybody);
    const u64 deadline = now_ns() + answer_ns;
    while (!arp_station(host, station) && wait_on(learned, deadline)) {
    }
  }
  return arp_station(host, station);
}

void arp_receive(NetPort& out, u32 own, const Packet& packet) {
  const auto* a = reinterpret_cast<const Arp*>(packet.bytes() + sizeof(Ethernet));
  if (packet.length < sizeof(Ethernet) + sizeof *a || a->hardware != swap16(hardware_ethernet) ||
      a->protocol != swap16(ethernet_ipv4) || swap32(a->target_address) != address_of(own))
    return;
  const u32 sender = swap32(a->sender_address);
  if (sender && !is_domain(domain_of(sender))) learn(sender, a->sender);
  if (a->operation == swap16(operation_request))
    send(out, operation_reply, own, a->sender, sender, a->sender);
}
