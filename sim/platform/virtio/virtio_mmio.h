// One virtio-mmio slot, version 2. Without a device it shows device id 0, which tells drivers to go on.
//
// Source: VIRTIO 1.2 section 4.2.2 (register layout), 3.1 (initialisation), 2.1 (status bits).
#pragma once
#include <vector>

#include "sim/platform/device/register_device.h"
#include "sim/platform/virtio/virtio_device.h"

namespace xs::platform {

class VirtioMmio : public RegisterDevice, public VirtioTransport {
 public:
  VirtioMmio(Dma& dma, IrqLine irq) : dma_(dma), irq_(std::move(irq)) {}
  void attach(VirtioDevice& device);
  VirtioDevice* device() const { return device_; }

  bool read(u64 offset, unsigned size, u64& value) override;
  bool write(u64 offset, unsigned size, u64 value) override;
  unsigned max_access() const override { return 4; }

  Virtqueue& queue(unsigned index) override { return queues_[index]; }
  Dma& dma() override { return dma_; }
  bool driver_ok() const override { return (status_ & status_driver_ok) && !(status_ & status_needs_reset); }
  void used(unsigned queue) override;
  void needs_reset() override;

 private:
  static constexpr u8 status_features_ok = 8, status_driver_ok = 4, status_needs_reset = 0x40;
  static constexpr u8 interrupt_used = 1, interrupt_config = 2;

  u64 offered() const;
  Virtqueue* selected() { return queue_select_ < queues_.size() ? &queues_[queue_select_] : nullptr; }
  bool read_register(u64 offset, u64& value);
  bool write_register(u64 offset, u32 value);
  bool write_queue_register(u64 offset, u32 value);
  void write_status(u8 value);
  void set_ready(bool ready);
  void reset();
  void update_irq() { irq_(interrupt_ != 0); }

  Dma& dma_;
  IrqLine irq_;
  VirtioDevice* device_ = nullptr;
  std::vector<Virtqueue> queues_;
  u64 driver_features_ = 0;
  u32 device_select_ = 0, driver_select_ = 0, queue_select_ = 0, generation_ = 0;
  u8 status_ = 0, interrupt_ = 0;
};

}  // namespace xs::platform
