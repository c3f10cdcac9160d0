// A core with flat memory and no devices.
#pragma once
#include <catch2/catch.hpp>
#include <cstring>
#include <random>
#include <set>

#include "sim/cpu_ia64/core/core.h"
#include "sim/cpu_ia64/isa/tables.h"

namespace xs::ia64::test {

class Ram final : public MemoryPort {
 public:
  static constexpr u64 size = 1 << 20;
  bool read(u64 pa, void* out, unsigned n) override {
    if (pa >= size || n > size - pa) return false;
    std::memcpy(out, &bytes[pa], n);
    return true;
  }
  bool write(u64 pa, const void* in, unsigned n) override {
    if (pa >= size || n > size - pa) return false;
    std::memcpy(&bytes[pa], in, n);
    return true;
  }
  std::span<const RamRange> ram() const override { return {&range_, 1}; }

  std::span<const RomRange> rom() const override { return {&rom_, 1}; }

  std::vector<u8> bytes = std::vector<u8>(size);
  std::vector<u8> rom_bytes = std::vector<u8>(frame_size);

 private:
  RomRange rom_{0xff000000, frame_size, rom_bytes.data()};
  RamRange range_{0, size, bytes.data()};
};

/// Nothing answers; accesses are counted and hashed, so that their order is part of a comparison.
class QuietBus final : public CoreBus {
 public:
  bool transport(bool write, u64 pa, u8* data, unsigned n, u64& cycles) override {
    log = (log ^ pa ^ u64{write} << 63 ^ (write ? data[0] : 0)) * 0x100000001b3;
    cycles = 7;
    if (!write) std::memset(data, 0xff, n);
    return false;
  }
  std::string refused_call(u64 call) const override { return std::to_string(call); }
  void wake() override { ++wakes; }
  unsigned wakes = 0;
  void purge_elsewhere(u32, u64, unsigned) override {}
  void watch_code(u64 mfn) override {
    watched_.insert(mfn);
    core->watch_frame(mfn);
  }
  bool code_watched(u64 mfn) const override { return watched_.count(mfn) != 0; }
  void code_written(u64 mfn) override {
    watched_.erase(mfn);
    core->code_written(mfn);
  }

  Core* core = nullptr;
  u64 log = 0xcbf29ce484222325;

 private:
  std::set<u64> watched_;
};

struct Bench {
  explicit Bench(const CoreConfig& config = {}) : core(config, ram, bus, sapics) { bus.core = &core; }
  Registers& r() { return core.processor().r; }
  void put(u64 pa, Bundle bundle) { std::memcpy(&ram.bytes[pa], &bundle, sizeof bundle); }

  Ram ram;
  QuietBus bus;
  SapicBus sapics;
  Core core;
};

}  // namespace xs::ia64::test
