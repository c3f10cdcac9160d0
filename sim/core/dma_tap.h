// What a device's transfer from and to memory looks like to an observer.
#pragma once
#include "sim/core/types.h"

namespace xs {

struct DmaAccess {
  const char* device;  ///< "block"
  unsigned slot = 0;   ///< where it is plugged in
  u64 pa = 0, size = 0;
  bool write = false;  ///< to memory
  u64 time_ps = 0;
  u64 registers = 0;  ///< address in the slot by which the device is told what to do
};

/// Called from the simulation's only thread, before anything is transferred.
class DmaObserver {
 public:
  virtual ~DmaObserver() = default;
  virtual void on_dma(const DmaAccess& access) = 0;
  /// It does not happen: the IOMMU refuses it.
  virtual void on_dma_refused(const DmaAccess& access) = 0;
};

}  // namespace xs
