// DRAM: zero-filled, reserved on the host without being committed, so that a large sparse machine costs only
// what it touches.
//
//     0 .............. low          high_base ............. high_base + rest
//     [ boot RAM     ]              [ heap RAM                            ]
#pragma once
#include <vector>

#include "sim/core/memory_port.h"

namespace xs::platform {

struct DramLayout {
  u64 low_bytes = 0;
  u64 high_base = 0;
  u64 high_bytes = 0;
};

class Dram : public MemoryPort {
 public:
  explicit Dram(const DramLayout& layout);  ///< throws Error when the host refuses the reservation
  ~Dram() override;
  Dram(const Dram&) = delete;
  Dram& operator=(const Dram&) = delete;

  bool read(u64 pa, void* out, unsigned size) override;
  bool write(u64 pa, const void* in, unsigned size) override;
  std::span<const RamRange> ram() const override { return ranges_; }
  std::span<const RomRange> rom() const override { return roms_; }
  /// Before the machine runs; filled up with zeros to whole frames.
  void add_rom(u64 base, std::vector<u8> bytes);

 private:
  void add_range(u64 base, u64 bytes);
  std::vector<RamRange> ranges_;
  std::vector<std::vector<u8>> rom_bytes_;
  std::vector<RomRange> roms_;
};

/// Host bytes of [pa, pa+size) when all of it lies in one range, else nullptr.
u8* ram_bytes(const MemoryPort& memory, u64 pa, u64 size);

}  // namespace xs::platform
