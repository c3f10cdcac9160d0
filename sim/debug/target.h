// The machine as a debugger sees it. Valid while no core runs.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/core/debug.h"

namespace xs::debug {

/// What can be looked at: a VCPU, on a core or not, or a core that runs none.
struct DebugThread {
  u64 id = 0;                     ///< stays the VCPU's, wherever it runs; not 0
  std::string name;               ///< "dom1 vcpu0 (blocked)"
  std::string more;               ///< a domain's name
  std::optional<unsigned> cpu;    ///< the core that executes it
  CpuControl* control = nullptr;  ///< the core's, or what was saved of the VCPU: to be read, not to be run
};

class DebugTarget {
 public:
  virtual ~DebugTarget() = default;
  virtual unsigned cpus() const = 0;
  virtual CpuControl& cpu(unsigned index) = 0;
  /// Looks who is there; all cores stand still. Every core has one thread, in their order; others follow.
  virtual std::vector<DebugThread> threads() = 0;
  /// DRAM only: reading a device would change it. False when a byte is not DRAM.
  virtual bool read_physical(u64 pa, std::span<u8> out) const = 0;
  virtual bool write_physical(u64 pa, std::span<const u8> in) = 0;
  /// gdb commands that load the symbols of everything that runs.
  virtual std::vector<std::string> symbol_commands() const = 0;
  virtual u64 now_ps() const = 0;
};

}  // namespace xs::debug
