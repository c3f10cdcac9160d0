#include "sim/platform/virtio/virtio_mmio.h"

namespace xs::platform {
namespace {

enum Register : u64 {
  magic_value = 0x000,
  version = 0x004,
  device_id = 0x008,
  vendor_id = 0x00c,
  device_features = 0x010,
  device_features_sel = 0x014,
  driver_features = 0x020,
  driver_features_sel = 0x024,
  queue_sel = 0x030,
  queue_num_max = 0x034,
  queue_num = 0x038,
  queue_ready = 0x044,
  queue_notify = 0x050,
  interrupt_status = 0x060,
  interrupt_ack = 0x064,
  status = 0x070,
  queue_desc_low = 0x080,
  queue_desc_high = 0x084,
  queue_driver_low = 0x090,
  queue_driver_high = 0x094,
  queue_device_low = 0x0a0,
  queue_device_high = 0x0a4,
  shm_len_low = 0x0b0,
  shm_base_high = 0x0bc,
  config_generation = 0x0fc,
  config = 0x100
};
constexpr u32 magic = 0x74726976;        // "virt"
constexpr u32 qemu_vendor = 0x554d4551;  // "QEMU": what microvm shows

void set_half(u64& target, u32 value, bool high) {
  target = high ? (target & 0xffffffff) | u64{value} << 32 : (target & ~u64{0xffffffff}) | value;
}

}  // namespace

void VirtioMmio::attach(VirtioDevice& device) {
  device_ = &device;
  queues_.assign(device.queues(), Virtqueue(dma_));
  device.attach(*this);
}

u64 VirtioMmio::offered() const {
  return device_->features() | virtio_f_version_1 | virtio_f_indirect_desc | virtio_f_event_idx;
}

bool VirtioMmio::read(u64 offset, unsigned size, u64& value) {
  if (offset >= config)
    return device_ ? device_->read_config(offset - config, size, value) : (value = 0, true);
  if (size != 4 || offset % 4) return false;
  return read_register(offset, value);
}

bool VirtioMmio::read_register(u64 offset, u64& value) {
  value = 0;
  switch (offset) {
    case magic_value:
      value = magic;
      return true;
    case version:
      value = 2;
      return true;
    case vendor_id:
      value = qemu_vendor;
      return true;
    case device_id:
      value = device_ ? device_->device_id() : 0;
      return true;
  }
  if (!device_) return true;
  switch (offset) {
    case device_features:
      value = device_select_ < 2 ? (offered() >> (32 * device_select_)) & 0xffffffff : 0;
      return true;
    case queue_num_max:
      value = selected() ? Virtqueue::max_size : 0;
      return true;
    case queue_ready:
      value = selected() && selected()->ready();
      return true;
    case interrupt_status:
      value = interrupt_;
      return true;
    case status:
      value = status_;
      return true;
    case config_generation:
      value = generation_;
      return true;
    default:
      value = ~u64{0};  // no shared memory regions: length all ones
      return offset >= shm_len_low && offset <= shm_base_high;
  }
}

bool VirtioMmio::write(u64 offset, unsigned size, u64 value) {
  if (!device_) return true;
  if (offset >= config) return device_->write_config(offset - config, size, value);
  if (size != 4 || offset % 4) return false;
  return write_register(offset, static_cast<u32>(value));
}

bool VirtioMmio::write_register(u64 offset, u32 value) {
  switch (offset) {
    case device_features_sel:
      device_select_ = value;
      return true;
    case driver_features_sel:
      driver_select_ = value;
      return true;
    case driver_features:
      if (driver_select_ < 2 && !(status_ & status_features_ok))
        set_half(driver_features_, value, driver_select_ == 1);
      return true;
    case queue_sel:
      queue_select_ = value;
      return true;
    case queue_notify:
      if (driver_ok() && value < queues_.size()) device_->notify(value);
      return true;
    case interrupt_ack:
      interrupt_ &= static_cast<u8>(~value);
      update_irq();
      return true;
    case status:
      write_status(static_cast<u8>(value));
      return true;
    default:
      return write_queue_register(offset, value);
  }
}

bool VirtioMmio::write_queue_register(u64 offset, u32 value) {
  Virtqueue* q = selected();
  if (offset == queue_ready) {
    if (q) set_ready(value & 1);
    return true;
  }
  // A running queue keeps its layout (4.2.2.2).
  Virtqueue ignored(dma_);
  if (!q || q->ready()) q = &ignored;
  switch (offset) {
    case queue_num:
      q->size = value;
      return true;
    case queue_desc_low:
    case queue_desc_high:
      set_half(q->descriptors, value, offset == queue_desc_high);
      return true;
    case queue_driver_low:
    case queue_driver_high:
      set_half(q->available, value, offset == queue_driver_high);
      return true;
    case queue_device_low:
    case queue_device_high:
      set_half(q->used, value, offset == queue_device_high);
      return true;
    default:
      return false;
  }
}

void VirtioMmio::set_ready(bool ready) {
  Virtqueue& q = *selected();
  if (!ready)
    q.stop();
  else if (!q.ready() && !q.start(driver_features_ & virtio_f_event_idx))
    needs_reset();
}

// Writing zero resets; FEATURES_OK sticks only when the driver chose a subset that has VERSION_1
// (3.1.1, 6.1).
void VirtioMmio::write_status(u8 value) {
  if (value == 0) {
    reset();
    return;
  }
  const bool acceptable = !(driver_features_ & ~offered()) && (driver_features_ & virtio_f_version_1);
  if (!acceptable) value &= static_cast<u8>(~status_features_ok);
  const bool was_ok = driver_ok();
  status_ = static_cast<u8>(value | (status_ & status_needs_reset));
  // Requests may have been made available before DRIVER_OK.
  if (!was_ok && driver_ok())
    for (unsigned i = 0; i < queues_.size() && driver_ok(); ++i) device_->notify(i);
}

void VirtioMmio::reset() {
  device_->reset();
  queues_.assign(device_->queues(), Virtqueue(dma_));
  driver_features_ = 0;
  device_select_ = driver_select_ = queue_select_ = 0;
  status_ = interrupt_ = 0;
  update_irq();
}

void VirtioMmio::used(unsigned queue) {
  if (!queues_[queue].interrupt_wanted()) return;
  interrupt_ |= interrupt_used;
  update_irq();
}

void VirtioMmio::needs_reset() {
  status_ |= status_needs_reset;
  interrupt_ |= interrupt_config;
  ++generation_;
  update_irq();
}

}  // namespace xs::platform
