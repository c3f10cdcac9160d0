// A small honest (or, where a test wants it, dishonest) virtio driver working on simulated memory.
#pragma once
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "sim/platform/dram.h"
#include "sim/platform/virtio/virtio_mmio.h"
#include "tests/unit/platform/fake_host.h"

namespace xs::platform::test {

inline constexpr u64 ram_bytes_total = 16 << 20;

struct Ring {
  u64 desc, avail, used;
  u16 size;
};

struct VirtioFixture {
  FakeHost host;
  Dram dram{{ram_bytes_total, 0, 0}};
  u64 dma_writes = 0;
  std::vector<u64> refused;  ///< frames that the device may not reach
  Dma dma{dram, [this](u64, u64) { ++dma_writes; },
          [this](u64 pa, u64 size, bool) { return !is_refused(pa, size); }};
  Wire irq;
  VirtioMmio slot{dma, irq.line()};
  u16 avail_index[2] = {0, 0}, used_index[2] = {0, 0};

  bool is_refused(u64 pa, u64 size) const {
    return std::any_of(refused.begin(), refused.end(), [&](u64 mfn) {
      return pa >> frame_shift <= mfn && mfn <= (pa + size - 1) >> frame_shift;
    });
  }
  u64 in(u64 reg) { return get(slot, reg, 4); }
  void out(u64 reg, u64 value) { REQUIRE(slot.write(reg, 4, value)); }

  template <class T>
  void store(u64 pa, T value) {
    REQUIRE(dram.write(pa, &value, sizeof value));
  }
  template <class T>
  T load(u64 pa) {
    T value;
    REQUIRE(dram.read(pa, &value, sizeof value));
    return value;
  }

  static Ring ring(unsigned queue) {
    const u64 base = 0x10000 + queue * 0x10000;
    return {base, base + 0x1000, base + 0x2000, 8};
  }

  /// Takes the device through initialisation. Returns the status register.
  u64 negotiate(u64 wanted = virtio_f_version_1) {
    out(0x70, 0);
    out(0x70, 1);
    out(0x70, 3);
    for (u32 half : {0u, 1u}) {
      out(0x24, half);
      out(0x20, static_cast<u32>(wanted >> (32 * half)));
    }
    out(0x70, 0x0b);
    return in(0x70);
  }
  void set_queue(unsigned index, const Ring& r) {
    out(0x30, index);
    out(0x38, r.size);
    out(0x80, static_cast<u32>(r.desc));
    out(0x84, static_cast<u32>(r.desc >> 32));
    out(0x90, static_cast<u32>(r.avail));
    out(0x94, static_cast<u32>(r.avail >> 32));
    out(0xa0, static_cast<u32>(r.used));
    out(0xa4, static_cast<u32>(r.used >> 32));
    out(0x44, 1);
  }
  void start(unsigned queues, u64 wanted = virtio_f_version_1) {
    REQUIRE(negotiate(wanted) == 0x0b);
    for (unsigned q = 0; q < queues; ++q) set_queue(q, ring(q));
    out(0x70, 0x0f);
    REQUIRE(in(0x70) == 0x0f);
  }

  void descriptor(u64 table, u16 index, u64 addr, u32 len, u16 flags, u16 next = 0) {
    store(table + 16u * index, addr);
    store(table + 16u * index + 8, len);
    store(table + 16u * index + 12, flags);
    store(table + 16u * index + 14, next);
  }
  void offer(unsigned queue, u16 head, bool notify = true) {
    const Ring r = ring(queue);
    store(r.avail + 4 + 2 * (avail_index[queue] % r.size), head);
    store(r.avail + 2, ++avail_index[queue]);
    if (notify) out(0x50, queue);
  }
  u16 used_count(unsigned queue) { return load<u16>(ring(queue).used + 2); }
  u32 used_length(unsigned queue, u16 index) { return load<u32>(ring(queue).used + 8 + 8u * index); }
  bool broken() { return in(0x70) & 0x40; }
};

}  // namespace xs::platform::test
