// Two cores of four registers, of which the first runs a VCPU, one more VCPU that does not run, and 64 KiB of
// DRAM at 0x1000; virtual addresses are physical ones plus 2^32.
#pragma once
#include <cstring>

#include "sim/debug/target.h"

namespace xs::test {

class FakeCpu final : public CpuControl {
 public:
  static constexpr DebugRegister rows[] = {{"rax", 64, "int64", "org.gnu.gdb.i386.core"},
                                           {"rip", 64, "code_ptr", "org.gnu.gdb.i386.core"},
                                           {"cs", 32, "int32", "org.gnu.gdb.i386.core"},
                                           {"xmm0", 128, "vec128", "org.gnu.gdb.i386.sse"}};
  static constexpr u64 offset = u64{1} << 32;

  std::span<const DebugRegister> registers() const override { return rows; }
  void read_register(unsigned index, std::span<u8> out) const override {
    std::memcpy(out.data(), values[index], out.size());
  }
  bool write_register(unsigned index, std::span<const u8> in) override {
    if (index == 2) return false;
    std::memcpy(values[index], in.data(), in.size());
    return true;
  }
  bool translate(u64 va, u64& pa) const override { return pa = va - offset, va >= offset; }
  bool read_held(u64 va, u8& out) const override {
    if (va - held_from >= held.size()) return false;
    return out = held[va - held_from], true;
  }
  u64 linear_pc() const override { return 0; }
  void set_debug_points(const std::vector<DebugPoint>& wanted) override { points = wanted; }
  void request_step(bool on) override { step = on; }

  u8 values[4][16] = {};
  std::vector<DebugPoint> points;
  u64 held_from = 0;  ///< memory that registers hold
  std::vector<u8> held;
  bool step = false;
};

class FakeDebugTarget final : public debug::DebugTarget {
 public:
  static constexpr u64 base = 0x1000, size = 0x10000;
  unsigned cpus() const override { return 2; }
  CpuControl& cpu(unsigned index) override { return cores[index]; }
  bool read_physical(u64 pa, std::span<u8> out) const override {
    if (pa < base || pa - base > size || size - (pa - base) < out.size()) return false;
    std::memcpy(out.data(), &memory[pa - base], out.size());
    return true;
  }
  bool write_physical(u64 pa, std::span<const u8> in) override {
    if (pa < base || pa - base > size || size - (pa - base) < in.size()) return false;
    std::memcpy(&memory[pa - base], in.data(), in.size());
    return true;
  }
  std::vector<debug::DebugThread> threads() override {
    std::vector<debug::DebugThread> all = {{0x101, "dom0 vcpu0 (running on cpu0)", "", 0, &cores[0]},
                                           {2, "cpu1 (no VCPU)", "", 1, &cores[1]},
                                           {0x201, "dom1 vcpu0 (blocked)", "a & <b>", std::nullopt, &saved}};
    if (switched) std::swap(all[0].id, all[2].id);
    return all;
  }
  std::vector<std::string> symbol_commands() const override { return {"symbol-file a", "add-symbol-file b"}; }
  u64 now_ps() const override { return 1'500'000'000; }

  FakeCpu cores[2], saved;
  bool switched = false;  ///< dom1's VCPU runs now, dom0's does not
  std::vector<u8> memory = std::vector<u8>(size);
};

}  // namespace xs::test
