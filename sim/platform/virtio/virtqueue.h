// The device's side of a split virtqueue. The driver's memory is hostile: an index, chain or address that the
// specification forbids breaks the queue, and the transport asks for a reset.
//
//     descriptors[size]  addr len flags next       available: flags idx ring[size] used_event
//                                                  used:      flags idx ring[size]{id len} avail_event
//
// Source: Virtual I/O Device (VIRTIO) 1.2, section 2.7.
#pragma once
#include <optional>
#include <vector>

#include "sim/platform/dma.h"

namespace xs::platform {

struct VirtioSegment {
  u64 pa = 0;
  u32 size = 0;
};

/// One request: what the device reads, then what it writes.
struct VirtioChain {
  u16 head = 0;
  std::vector<VirtioSegment> readable, writable;
  u64 readable_bytes() const;
  u64 writable_bytes() const;
  /// Of the readable part, from byte `skip` on. False: it is shorter, or not all of it is memory.
  bool read(const Dma& dma, u64 skip, void* out, u64 size) const;
  /// To the writable part.
  bool write(Dma& dma, u64 skip, const void* in, u64 size) const;
};

class Virtqueue {
 public:
  static constexpr u16 max_size = 1024;
  enum class Pop { empty, chain, broken };

  explicit Virtqueue(Dma& dma) : dma_(&dma) {}

  // Set by the transport; sizes and addresses are checked by start().
  u32 size = max_size;
  u64 descriptors = 0, available = 0, used = 0;

  bool start(bool event_index);  ///< false when the layout is invalid
  void stop();
  bool ready() const { return ready_; }

  /// Takes the next request. After `broken` the queue is stopped.
  Pop pop(VirtioChain& chain);
  /// Gives a request back. False: broken.
  bool push(u16 head, u32 written);
  /// Whether the driver wants an interrupt for what was pushed since the last call (2.7.7).
  bool interrupt_wanted();

 private:
  struct Descriptor {
    u64 addr;
    u32 len;
    u16 flags, next;
  };
  static_assert(sizeof(Descriptor) == 16);
  static constexpr u16 flag_next = 1, flag_write = 2, flag_indirect = 4;

  bool walk(u16 head, VirtioChain& chain) const;
  bool walk_table(u64 table, u32 entries, u16 first, bool indirect, VirtioChain& chain) const;
  bool append(const Descriptor& d, VirtioChain& chain) const;
  std::optional<u16> load16(u64 pa) const;
  Pop broken();

  Dma* dma_;
  bool ready_ = false, event_index_ = false;
  u16 next_available_ = 0, next_used_ = 0, signalled_used_ = 0;
};

}  // namespace xs::platform
