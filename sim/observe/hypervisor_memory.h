// Memory at the hypervisor's own addresses.
//
//     layout without windows   a core's page tables tell (x86-64)
//     layout with windows      [ start, end, physical ]* in the hypervisor's memory tell, whatever the core's
//                              TLB holds at the moment (IA-64)
#pragma once
#include <string>

#include "hypervisor/abi/observe.h"
#include "sim/core/memory_port.h"
#include "sim/core/tap.h"

namespace xs::observe {

class HypervisorMemory {
 public:
  /// Throws Error: the list of windows is not in memory. `image` is for the message.
  void attach(const xs_layout& layout, MemoryPort& memory, const std::string& image);
  /// `view`: a core, one that runs with the hypervisor mapped when there are no windows.
  bool translate(const CpuView& view, u64 va, u64& pa) const;
  /// False when any byte is not mapped to DRAM.
  bool peek(const CpuView& view, u64 va, void* out, u64 size) const;
  bool has_windows() const { return windows_ != nullptr; }

 private:
  MemoryPort* memory_ = nullptr;
  const u8* windows_ = nullptr;
  u64 count_ = 0;
};

/// The physical address that an address of the direct map stands for; ~0: none. Not every one is RAM.
u64 direct_map_address(const xs_layout& layout, u64 va);

}  // namespace xs::observe
