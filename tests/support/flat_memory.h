// Machine memory for tests: one piece of DRAM from address 0, with a count of the accesses made.
#pragma once
#include <cstring>
#include <vector>

#include "sim/core/memory_port.h"

namespace xs::test {

class FlatMemory final : public MemoryPort {
 public:
  explicit FlatMemory(u64 size) : bytes_(size), range_{0, size, bytes_.data()} {}
  FlatMemory(const FlatMemory&) = delete;
  FlatMemory& operator=(const FlatMemory&) = delete;

  bool read(u64 pa, void* out, unsigned size) override {
    ++reads;
    if (pa >= bytes_.size() || bytes_.size() - pa < size) return false;
    std::memcpy(out, &bytes_[pa], size);
    return true;
  }
  bool write(u64 pa, const void* in, unsigned size) override {
    ++writes;
    if (pa >= bytes_.size() || bytes_.size() - pa < size) return false;
    std::memcpy(&bytes_[pa], in, size);
    return true;
  }
  std::span<const RamRange> ram() const override { return {&range_, 1}; }

  /// Uncounted, for the test itself.
  u64 word(u64 pa) const {
    u64 value = 0;
    std::memcpy(&value, &bytes_.at(pa), sizeof value);
    return value;
  }
  void set_word(u64 pa, u64 value) { std::memcpy(&bytes_.at(pa), &value, sizeof value); }
  std::vector<u8>& bytes() { return bytes_; }

  u64 reads = 0, writes = 0;

 private:
  std::vector<u8> bytes_;
  RamRange range_;
};

}  // namespace xs::test
