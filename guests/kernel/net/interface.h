// Where packets leave and come in.
//
//   netback ─┐                              ┌─ netfront
//   netback ─┼─ bridge ─ stack (dom0)       └─ stack (domU)
//   virtio  ─┘   (the wire: an uplink)
// A port takes packets over; what it cannot pass on it drops and counts.
#pragma once
#include "guests/kernel/net/packet.h"

struct NetPort {
  NetPort* next;  // the bridge's list
  u8 station[6];
  void (*send)(NetPort& port, Packet* packet);  // away from this kernel's bridge or stack
  u64 sent, received, dropped;
  bool uplink;  // leads to stations that no other port knows
};
inline void port_send(NetPort& port, Packet* packet) {
  port.sent++;
  port.send(port, packet);
}

// The bridge: ports by station address.
void bridge_add(NetPort& port);
void bridge_remove(NetPort& port);
// A packet that has come in by `from`.
void bridge_pass(NetPort& from, Packet* packet);
