// The machine as a debugger sees it. Valid while no core runs.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "sim/core/debug.h"

namespace xs::debug {

class DebugTarget {
 public:
  virtual ~DebugTarget() = default;
  virtual unsigned cpus() const = 0;
  virtual CpuControl& cpu(unsigned index) = 0;
  /// DRAM only: reading a device would change it. False when a byte is not DRAM.
  virtual bool read_physical(u64 pa, std::span<u8> out) const = 0;
  virtual bool write_physical(u64 pa, std::span<const u8> in) = 0;
  /// What runs on the core, in a few words: "core 0: domain 1 (u1) VCPU 0".
  virtual std::string describe(unsigned cpu) const = 0;
  /// gdb commands that load the symbols of everything that runs.
  virtual std::vector<std::string> symbol_commands() const = 0;
  virtual u64 now_ps() const = 0;
};

}  // namespace xs::debug
