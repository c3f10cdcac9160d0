// The VCPUs of a machine as a debugger or a viewer sees them: those on cores by the hypervisor's marks, the
// others by what it has saved of them.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "sim/core/debug.h"
#include "sim/observe/observer.h"
#include "sim/observe/saved_vcpus.h"
#include "sim/platform/machine.h"

namespace xs::scenario {

class VcpuControls {
 public:
  /// Reads the hypervisor's image; throws Error.
  VcpuControls(platform::Machine& machine, const observe::Observer& observer, const std::string& hypervisor)
      : machine_(machine), observer_(observer), saved_(observe::Image(hypervisor)) {}

  /// All that the hypervisor has; of those that run, `state` and registers mean nothing, but its tables do.
  std::vector<observe::SavedVcpu> list() const;
  /// Core that it runs on.
  std::optional<unsigned> core_of(u32 domid, u32 vcpu) const;
  /// The frame is of a table that the CPU walks for a VCPU and that no frame type tells of (IA-64: its VHPT).
  bool in_walked_table(u64 mfn) const;
  /// A page table of a guest whose tables hold GFNs, which no frame type tells of (x86-64): its domain and
  /// the level at which a VCPU's tables lead there.
  struct GuestTable {
    u32 domid;
    unsigned level;
  };
  std::optional<GuestTable> guest_table(u64 mfn) const;
  /// What was saved, to be read; valid as long as the machine and the observer.
  std::unique_ptr<CpuControl> control_of(const observe::SavedVcpu& vcpu) const;

 private:
  bool leads_to(u32 domid, u64 table, unsigned level, u64 mfn, unsigned& found, unsigned& budget) const;

  platform::Machine& machine_;
  const observe::Observer& observer_;
  const observe::SavedVcpus saved_;
};

}  // namespace xs::scenario
