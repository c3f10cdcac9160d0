// Layout of a split virtqueue; VIRTIO 1.2, section 2.7. (linux/virtio_ring.h is no C++.)
#pragma once
#include "guests/lib/types.h"

constexpr u16 virtio_descriptor_next = 1;   // the chain continues at `next`
constexpr u16 virtio_descriptor_write = 2;  // the device writes this buffer

struct VirtioDescriptor {
  u64 address;
  u32 length;
  u16 flags, next;
};
struct VirtioAvailable {
  u16 flags, index;
  u16 ring[];
};
struct VirtioUsedElement {
  u32 id, length;
};
struct VirtioUsed {
  u16 flags, index;
  VirtioUsedElement ring[];
};
static_assert(sizeof(VirtioDescriptor) == 16 && sizeof(VirtioAvailable) == 4 &&
              sizeof(VirtioUsedElement) == 8 && sizeof(VirtioUsed) == 4);
