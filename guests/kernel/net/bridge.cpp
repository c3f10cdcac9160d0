// A learning bridge has nothing to learn here: every port says whose station it is.
#include "guests/kernel/net/interface.h"
#include "guests/kernel/net/wire.h"
#include "guests/lib/string.h"

namespace {
NetPort* ports;

Packet* copy_of(const Packet& original) {
  Packet* p = packet_new(original.length);
  if (p) memcpy(p->bytes(), original.bytes(), original.length);
  return p;
}

void send_to(NetPort& port, Packet* packet) {
  if (!packet) {
    port.dropped++;
    return;
  }
  port.sent++;
  port.send(port, packet);
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
    const bool all = is_broadcast(header->to);
    for (NetPort *p = ports, *next; p; p = next) {
      next = p->next;
      if (p == &from || (!all && memcmp(p->station, header->to, sizeof p->station))) continue;
      if (!all) return send_to(*p, packet);
      send_to(*p, copy_of(*packet));
    }
  }
  packet_free(packet);
}
