#include "guests/kernel/net/packet.h"

#include "arch_cpu.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/heap.h"
#include "guests/lib/string.h"

u8* Packet::bytes() const { return static_cast<u8*>(frame_va(frame)) + offset; }

Packet* packet_of(Pfn frame, u32 offset, u32 length) {
  auto* p = heap_new<Packet>();
  if (p) *p = {nullptr, frame, offset, length, frames_free};
  return p;
}

Packet* packet_new(u32 length) {
  if (length > page_bytes) return nullptr;
  const Pfn frame = frames_alloc();
  if (frame == invalid_frame) return nullptr;
  Packet* p = packet_of(frame, 0, length);
  if (!p) {
    frames_free(frame);
    return nullptr;
  }
  memset(p->bytes() + length, 0, page_bytes - length);
  return p;
}

void packet_free(Packet* p) {
  p->give_back(p->frame);
  heap_free(p);
}

void packet_forget(Packet* p) { heap_free(p); }

bool PacketQueue::put(Packet* p) {
  if (count == most) return false;
  p->next = nullptr;
  (first ? last->next : first) = p;
  last = p;
  count++;
  return true;
}

Packet* PacketQueue::take() {
  Packet* p = first;
  if (!p) return nullptr;
  first = p->next;
  count--;
  return p;
}
