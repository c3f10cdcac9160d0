// Packets. Each lies in a frame of its own, so that it can be given away as it is.
//
//   frame  | room for growth | Ethernet header | payload ... |
//          0                 offset            offset + length
#pragma once
#include "guests/lib/types.h"

struct Packet {
  Packet* next;
  Pfn frame;
  u32 offset, length;
  void (*give_back)(Pfn frame);  // to whom the frame goes when the packet is freed
  u8* bytes() const;             // of the Ethernet header
};

// Null when there is no memory.
Packet* packet_new(u32 length);
// Around a frame that has come with contents.
Packet* packet_of(Pfn frame, u32 offset, u32 length);
void packet_free(Packet* packet);
// The frame is somebody else's from now on.
void packet_forget(Packet* packet);

struct PacketQueue {
  static constexpr unsigned most = 256;
  Packet* first = nullptr;
  Packet* last = nullptr;
  unsigned count = 0;

  bool put(Packet* packet);  // false: full
  Packet* take();            // null: empty
};
