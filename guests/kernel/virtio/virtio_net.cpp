// virtio network devices: queue 0 receives, queue 1 sends, no offloads. VIRTIO 1.2 section 5.1.
//
// A slot is half of a page that the device reaches: a header, then an Ethernet frame. Descriptor n belongs to
// slot n. The driver's thread moves frames between slots and packets; a port's `send` only leaves the packet
// to it.
#include "guests/kernel/virtio/virtio_net.h"

#include "guests/kernel/heap.h"
#include "guests/kernel/memory_model.h"
#include "guests/kernel/net/interface.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

#include <linux/virtio_mmio.h>

namespace {
constexpr unsigned receive_slots = virtio_queue_size, send_slots = 8;
constexpr u32 slot_bytes = page_bytes / 2;
constexpr u32 most_frame = 1514;  // 1500 bytes behind an Ethernet header

// struct virtio_net_hdr; all zero without offloads. (linux/virtio_net.h is no C++.)
struct Header {
  u8 flags, gso_type;
  u16 header_length, gso_size, checksum_start, checksum_offset, buffers;
};
static_assert(sizeof(Header) == 12 && sizeof(Header) + most_frame <= slot_bytes);
constexpr u32 feature_mac = 1u << 5;

struct Card : NetPort {
  VirtioDevice* device;
  VirtioQueue queues[2];
  u8* receive[receive_slots];
  u8* sent_from[send_slots];
  bool sending[send_slots];
  PacketQueue waiting;
};

bool allocate_slots(u8** slots, unsigned count) {
  for (unsigned i = 0; i < count; i += page_bytes / slot_bytes) {
    auto* page = static_cast<u8*>(memory_model->device_page());
    if (!page) return false;
    for (u32 at = 0; at < page_bytes; at += slot_bytes) slots[i + at / slot_bytes] = page + at;
  }
  return true;
}

void offer(Card& c, unsigned slot) {
  const VirtioBuffer buffer{machine_address(c.receive[slot]), slot_bytes, true};
  virtio_submit(c.queues[0], slot, &buffer, 1);
}

bool take_received(Card& c) {
  unsigned slot;
  u32 length;
  if (!virtio_collect(c.queues[0], slot, length)) return false;
  Packet* p = nullptr;
  if (length > sizeof(Header) && length <= sizeof(Header) + most_frame) {
    p = packet_new(length - static_cast<u32>(sizeof(Header)));
    if (p) memcpy(p->bytes(), c.receive[slot] + sizeof(Header), p->length);
  }
  offer(c, slot);
  if (p)
    bridge_pass(c, p);
  else
    c.dropped++;
  return true;
}

unsigned sends_in_progress(Card& c) {
  unsigned slot, count = 0;
  u32 length;
  while (virtio_collect(c.queues[1], slot, length)) c.sending[slot % send_slots] = false;
  for (const bool sending : c.sending) count += sending;
  return count;
}

void send_waiting(Card& c) {
  for (unsigned slot = 0; slot < send_slots && c.waiting.count; slot++) {
    if (c.sending[slot]) continue;
    Packet* p = c.waiting.take();
    memset(c.sent_from[slot], 0, sizeof(Header));
    memcpy(c.sent_from[slot] + sizeof(Header), p->bytes(), p->length);
    const VirtioBuffer buffer{machine_address(c.sent_from[slot]),
                              static_cast<u32>(sizeof(Header)) + p->length, false};
    packet_free(p);
    c.sending[slot] = true;
    virtio_submit(c.queues[1], slot, &buffer, 1);
  }
}

void run(void* card) {
  auto& c = *static_cast<Card*>(card);
  for (;;) {
    while (take_received(c)) {
    }
    sends_in_progress(c);
    send_waiting(c);
    // With sends under way an interrupt is due.
    sends_in_progress(c) ? virtio_wait(*c.device) : virtio_watch(*c.device);
  }
}

void send(NetPort& port, Packet* packet) {
  auto& c = static_cast<Card&>(port);
  if (packet->length > most_frame || !c.waiting.put(packet)) {
    c.dropped++;
    return packet_free(packet);
  }
  wake_all(c.device->interrupt);
}

void read_station(Card& c) {
  if (!(c.device->features & feature_mac)) return;
  for (u32 i = 0; i < sizeof c.station; i++) c.station[i] = c.device->regs[VIRTIO_MMIO_CONFIG + i];
}

long start(Card& c) {
  if (!allocate_slots(c.receive, receive_slots) || !allocate_slots(c.sent_from, send_slots))
    return -XEN_ENOMEM;
  if (long error = virtio_start(*c.device, c.queues, 2, feature_mac)) return error;
  read_station(c);
  for (unsigned i = 0; i < receive_slots; i++) offer(c, i);
  return thread_create("wire", run, &c) ? 0 : -XEN_ENOMEM;
}
}  // namespace

long virtio_net_use(VirtioDevice& device) {
  auto* c = heap_new<Card>();
  if (!c) return -XEN_ENOMEM;
  c->device = &device;
  c->NetPort::send = send;
  c->uplink = true;
  if (long error = start(*c)) {
    virtio_stop(device);
    heap_free(c);
    return error;
  }
  bridge_add(*c);
  return 0;
}
