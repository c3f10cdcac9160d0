// A learning bridge has nothing to learn here: every port says whose station it is, and all others are behind
// the uplink.
#include "guests/kernel/net/interface.h"
#include "guests/kernel/net/wire.h"
#include "guests/lib/string.h"

namespace {
NetPort* ports;

void send_copy(NetPort& port, const Packet& original) {
  Packet* p = packet_new(original.length);
  if (!p) {
    port.dropped++;
    return;
  }
  memcpy(p->bytes(), original.bytes(), original.length);
  port_send(port, p);
}

// Null: nobody to whom a packet that came in by `from` could go.
NetPort* way_to(const u8* station, const NetPort& from) {
  NetPort* up = nullptr;
  for (NetPort* p = ports; p; p = p->next) {
    if (p == &from) continue;
    if (!memcmp(p->station, station, sizeof p->station)) return p;
    if (p->uplink) up = p;
  }
  return up;
}
}  // namespace

void bridge_add(NetPort& port) {
  port.next = ports;
  ports = &port;
}

void bridge_remove(NetPort& port) {
  for (NetPort** p = &ports; *p; p = &(*p)->next)
    if (*p == &port) {
      *p = port.next;
      return;
    }
}

void bridge_pass(NetPort& from, Packet* packet) {
  from.received++;
  const auto* header = reinterpret_cast<const Ethernet*>(packet->bytes());
  if (packet->length >= sizeof *header) {
    if (!is_broadcast(header->to)) {
      if (NetPort* to = way_to(header->to, from)) return port_send(*to, packet);
    } else {
      for (NetPort *p = ports, *next; p; p = next) {
        next = p->next;
        if (p != &from) send_copy(*p, *packet);
      }
    }
  }
  packet_free(packet);
}
