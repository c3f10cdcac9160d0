// The IOMMU: which frames a device in a slot may read and write, by tables in memory that software has
// made (hypervisor/abi/iommu.h).
//
//     device --Dma--> Board::guard_dma --> Iommu::allows --+--> remembered rights (until a flush)
//                                                          '--> the slot's tables in DRAM
#pragma once
#include <optional>
#include <unordered_map>
#include <vector>

#include "hypervisor/abi/iommu.h"
#include "sim/core/memory_port.h"
#include "sim/platform/device/register_device.h"
#include "sim/platform/iommu_counters.h"

namespace xs::platform {

class Iommu : public RegisterDevice {
 public:
  Iommu(MemoryPort& memory, unsigned slots) : memory_(memory), slots_(slots) {}

  bool read(u64 offset, unsigned size, u64& value) override;
  bool write(u64 offset, unsigned size, u64 value) override;
  unsigned max_access() const override { return 4; }

  /// A transfer of the device in `slot`, all of it or nothing; a refused one is recorded.
  bool allows(unsigned slot, u64 pa, u64 size, bool write);
  /// XS_IOMMU_READ | XS_IOMMU_WRITE: what the device could do to the frame now, by what is remembered or by
  /// the tables. All, while the IOMMU is not enabled. Changes nothing.
  u64 reach(unsigned slot, u64 mfn) const;
  bool enabled() const { return control_ & 1; }
  const IommuCounters& counters() const { return counters_; }

 private:
  struct Slot {
    u64 root = 0;
    u32 low_half = 0;  ///< of a root that is being written
    std::unordered_map<u64, u64> remembered;
  };

  std::optional<u32> register_at(u64 offset) const;
  std::optional<u32> root_half(u64 offset) const;
  bool write_root(u64 offset, u32 value);
  u64 walk(const Slot& slot, u64 mfn) const;
  bool allows_frame(Slot& slot, u64 mfn, u64 right);

  MemoryPort& memory_;
  std::vector<Slot> slots_;
  IommuCounters counters_;
  u32 control_ = 0, faults_ = 0, fault_info_ = 0;
  u64 fault_address_ = 0;
};

}  // namespace xs::platform
