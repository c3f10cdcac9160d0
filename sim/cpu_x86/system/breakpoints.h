// Addresses that stop a core, for two clients: the guest's debug registers (Intel SDM vol. 3B 17.2), whose
// hits are #DB, and a debugger outside.
//
//     instruction   Engine::set_code_stops(): a hook on the address
//     data          the page's fills are refused, so that each access to it comes to Core::careful_step(),
//                   which compares what the instruction is about to access (data_accesses.h)
//     port          blocks with port instructions are stepped
//
// Nothing armed costs nothing: no hook, no refusal.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "sim/core/debug.h"
#include "sim/cpu_x86/system/data_accesses.h"

namespace xs::x86 {

class Breakpoints {
 public:
  /// DR0..DR7 as they are; `ports`: CR4.DE gives R/W = 10b its meaning.
  void set_guest(const u64 (&dr)[8], bool ports);
  void set_debugger(const std::vector<DebugPoint>& points) { debugger_ = points; }

  /// Linear addresses of instructions, both clients'.
  std::vector<u64> code() const;
  bool any_guest_code() const;
  bool any_data() const;
  bool any_port() const;

  /// Bits for DR6.
  unsigned guest_code(u64 linear) const;
  unsigned guest_data(std::span<const DataAccess> accesses) const;
  unsigned guest_port(u16 port, unsigned size) const;

  bool debugger_code(u64 linear) const;
  std::optional<DebugPoint> debugger_data(std::span<const DataAccess> accesses) const;

  enum class Watcher : u8 { none, debugger, guest };
  /// Who watches data on the page of `va`; the guest comes first.
  Watcher page(u64 va) const;

 private:
  enum class Kind : u8 { off, execute, write, port, access };
  struct Guest {
    Kind kind = Kind::off;
    u64 address = 0, size = 1;
  };
  Guest guest_[4];
  std::vector<DebugPoint> debugger_;
};

}  // namespace xs::x86
