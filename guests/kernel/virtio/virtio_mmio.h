// virtio over MMIO, version 2 ("modern"). Source: VIRTIO 1.2, sections 2.7 (split queues), 3.1
// (initialisation), 4.2 (MMIO). Register names: linux/virtio_mmio.h.
//
//   VirtioDevice ─ regs, interrupt ─ VirtioQueue[n]: one frame { descriptors | available ring | used ring }
#pragma once
#include "guests/kernel/thread.h"
#include "guests/kernel/virtio/virtio_ring.h"
#include "guests/lib/types.h"

constexpr unsigned virtio_queue_size = 32;

struct VirtioDevice;

// A split queue in one frame; machine addresses, as the device sees them.
struct VirtioQueue {
  VirtioDevice* device;
  unsigned index;
  VirtioDescriptor* descriptors;
  volatile VirtioAvailable* available;
  volatile VirtioUsed* used;
  u16 used_seen;
};

// A piece of a request; `machine` is a machine address and must not cross a page that is not contiguous
// there.
struct VirtioBuffer {
  u64 machine;
  u32 length;
  bool device_writes;
};

struct VirtioDevice {
  volatile u8* regs;
  u32 id;           // 1 network, 2 block, 3 console
  u32 features;     // bits 0 to 31 that both sides have agreed on
  bool interrupts;  // else it is polled
  WaitQueue interrupt;
};

// Calls `found` for every device present, in the order in which they were attached: those named on the
// command line (virtio_mmio.device=<size>@<base>:<irq>), else the slots of the microvm board. Slots named by
// `hide=<slot>,<slot>` are left alone: others may get them.
void virtio_probe(void (*found)(VirtioDevice* device));
// The one device that is described so: <size>@<base>:<irq>. False: there is none, or it cannot be reached.
bool virtio_probe_at(const char* place, void (*found)(VirtioDevice* device));

// What the board has, as virtio_probe() has seen it: a bit for each slot.
struct VirtioSlots {
  u32 present, hidden;
};
extern VirtioSlots virtio_slots;
constexpr u32 virtio_slot_count = 24;
constexpr u64 virtio_slot_bytes = 0x200;
constexpr u64 virtio_slot_address(u32 slot) { return 0xfeb00000 + slot * virtio_slot_bytes; }
constexpr u32 virtio_slot_interrupt(u32 slot) { return 24 + slot; }

u32 virtio_read(const VirtioDevice& d, u32 offset);
void virtio_write(VirtioDevice& d, u32 offset, u32 value);

// A page that devices reach, for ever, and where: for a queue. `va` null: none left.
struct VirtioPage {
  void* va;
  u64 machine;
};
VirtioPage virtio_page();

// Reset, features (VERSION_1 and those of `wanted` that the device has), queues in pages of `take`'s,
// DRIVER_OK. 0 or a negative errno.
long virtio_start(VirtioDevice& d, VirtioQueue* queues, unsigned count, u32 wanted = 0,
                  VirtioPage (*take)() = virtio_page);
// The device lets go of all memory; it is of no use any more.
void virtio_stop(VirtioDevice& d);
// Puts a chain of buffers into descriptors [first, first + count) and tells the device.
void virtio_submit(VirtioQueue& q, unsigned first, const VirtioBuffer* buffers, unsigned count);
// Takes one finished chain: its first descriptor and the bytes written. False when there is none.
bool virtio_collect(VirtioQueue& q, unsigned& first, u32& length);
// Waits until the device has something to say, or for a moment when its interrupt cannot be used.
void virtio_wait(VirtioDevice& d);
// The same while no request is under way: something may come or not.
void virtio_watch(VirtioDevice& d);
u64 machine_address(const void* va);  // 0: no device reaches it (memory_model.h)
