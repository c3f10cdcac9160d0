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
  bool uplink;                              // leads to stations that no other port knows
  u32 frame_most;                           // bytes that leave by it at once; 0: as many as a page has
  u32 (*frame_most_to)(const u8* station);  // ... if that depends on where they go; null: it does not
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
// How large a frame may be that comes in by `from` for a station; 0: nobody knows.
u32 bridge_frame_most(const NetPort& from, const u8* station);
